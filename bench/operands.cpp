#include "bench/operands.h"

#include <cmath>
#include <limits>

#include "kernels/base/dispatch.h"

namespace sumi::bench {
namespace {

// A step of Knuth's MMIX generator; its upper bits have good quality.
std::uint64_t next(std::uint64_t& state) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return state >> 33;
}

std::vector<float> values_of_arg(const Arg& arg, std::uint64_t seed, DType dtype) {
  std::vector<float> values(static_cast<std::size_t>(arg.shape.count()));
  if (arg.fill == Arg::Fill::zero) return values;
  std::uint64_t state = seed;
  if (arg.type == Arg::Type::bytes) {
    for (float& v : values) v = static_cast<float>(next(state) >> 23);
    return values;
  }
  const float shift = arg.fill == Arg::Fill::positive ? 0.5F : -1.0F;
  const float width = arg.fill == Arg::Fill::positive ? 1.0F : 2.0F;
  for (float& v : values) {
    v = shift + width * static_cast<float>(next(state) >> 7) * 0x1p-24F;
    if (arg.dtype(dtype) == DType::bf16) v = bf16(v);
  }
  return values;
}

std::vector<std::byte> bytes_as(const Arg& arg, const std::vector<float>& values, DType measured) {
  std::vector<std::byte> bytes(arg.bytes(measured));
  if (arg.type == Arg::Type::bytes) {  // NaN where nothing may be read
    for (std::size_t i = 0; i < values.size(); ++i)
      bytes[i] = std::isnan(values[i]) ? std::byte{0xA5} : static_cast<std::byte>(values[i]);
    return bytes;
  }
  const DType dtype = arg.dtype(measured);
  const auto store = [&]<class T>(T* to) {
    for (std::size_t i = 0; i < values.size(); ++i) to[i] = T(values[i]);
  };
  if (dtype == DType::f32) store(reinterpret_cast<float*>(bytes.data()));
  if (dtype == DType::bf16) store(reinterpret_cast<bf16*>(bytes.data()));
  if (dtype == DType::f64) store(reinterpret_cast<double*>(bytes.data()));
  return bytes;
}

// The sampled positions: the first, the last, and random ones between; all if there are no more
// than `samples`.
std::vector<std::int64_t> places(std::int64_t count, std::int64_t samples) {
  std::vector<std::int64_t> at;
  if (count <= samples) {
    for (std::int64_t i = 0; i < count; ++i) at.push_back(i);
    return at;
  }
  at = {0, count - 1};
  for (std::uint64_t state = 11; static_cast<std::int64_t>(at.size()) < samples;)
    at.push_back(static_cast<std::int64_t>(next(state) * 0x7FFFFFFFULL + next(state)) % count);
  return at;
}

// Element `at` of an operand's bytes.
double element(const Arg& arg, const std::vector<std::byte>& bytes, std::size_t at, DType measured) {
  if (arg.type == Arg::Type::bytes) return std::to_integer<int>(bytes[at]);
  const DType dtype = arg.dtype(measured);
  const std::byte* from = &bytes[at * size_of(dtype)];
  if (dtype == DType::bf16)
    return static_cast<double>(static_cast<float>(*reinterpret_cast<const bf16*>(from)));
  if (dtype == DType::f32) return static_cast<double>(*reinterpret_cast<const float*>(from));
  return *reinterpret_cast<const double*>(from);
}

// All operands after running the reference in f64.
std::vector<std::vector<std::byte>> by_reference(const BenchCase& bench_case, const Values& values) {
  const Device device{Device::Kind::ref, 0};
  std::vector<std::vector<std::byte>> data;
  for (std::size_t i = 0; i < values.size(); ++i)
    data.push_back(bytes_as(bench_case.args[i], values[i], DType::f64));
  Views views;
  for (std::size_t i = 0; i < data.size(); ++i)
    views.push_back({data[i].data(), DType::f64, bench_case.args[i].shape, device});
  Scratch scratch;
  const Exec exec{device, &scratch};
  bench_case.run(exec, views);
  return data;
}

}  // namespace

Values values_of(const BenchCase& bench_case, DType dtype) {
  Values values;
  for (const Arg& arg : bench_case.args) {
    // Outputs start as NaN, so that gaps and reads of them are detected.
    if (arg.role == Arg::Role::out)
      values.emplace_back(static_cast<std::size_t>(arg.shape.count()),
                          std::numeric_limits<float>::quiet_NaN());
    else
      values.push_back(values_of_arg(arg, 1 + values.size(), dtype));
  }
  return values;
}

std::size_t bytes_of(const BenchCase& bench_case, DType dtype) {
  std::size_t bytes = 0;
  for (const Arg& arg : bench_case.args) bytes += arg.bytes(dtype);
  return bytes;
}

Operands::Operands(const BenchDevice& target, const BenchCase& bench_case, DType dtype, const Values& values,
                   int sets)
    : target_(target), sets_(static_cast<std::size_t>(sets)) {
  for (std::size_t i = 0; i < bench_case.args.size(); ++i) {
    const Arg& arg = bench_case.args[i];
    const std::vector<std::byte> bytes = bytes_as(arg, values[i], dtype);
    for (Views& set : sets_) {
      set.push_back({target.allocate(bytes.size()), arg.dtype(dtype), arg.shape, target.device()});
      target.fill(set.back().data, bytes.data(), bytes.size());
    }
  }
}

Operands::~Operands() {
  for (const Views& set : sets_)
    for (const MutView& view : set) target_.release(view.data);
}

Expected expected_of(const BenchCase& bench_case, const Values& values, std::int64_t samples) {
  Expected expected;
  std::vector<std::vector<std::byte>> all;
  if (!bench_case.expect) all = by_reference(bench_case, values);
  for (std::size_t i = 0; i < bench_case.args.size(); ++i) {
    expected.scale.push_back(bench_case.scale);
    if (bench_case.args[i].role == Arg::Role::in) continue;
    const auto at = places(bench_case.args[i].shape.count(), samples);
    double squares = 0;
    for (const std::int64_t a : at) {
      const double value = bench_case.expect
                               ? bench_case.expect(values, a)
                               : element(bench_case.args[i], all[i], static_cast<std::size_t>(a), DType::f64);
      expected.samples.push_back({i, a, value});
      squares += value * value;
    }
    expected.scale.back() = std::max(bench_case.scale, std::sqrt(squares / static_cast<double>(at.size())));
  }
  return expected;
}

double worst_error(const BenchDevice& target, const BenchCase& bench_case, DType dtype,
                   const Expected& expected, const Views& views) {
  double worst = 0;
  std::size_t held = views.size();
  std::vector<std::byte> bytes;
  for (const Expected::Sample& s : expected.samples) {
    const Arg& arg = bench_case.args[s.arg];
    if (held != s.arg) {
      bytes = target.read(views[s.arg].data, arg.bytes(dtype));
      held = s.arg;
    }
    const double got = element(arg, bytes, static_cast<std::size_t>(s.at), dtype);
    const double error = std::abs(got - s.value) / (expected.scale[s.arg] > 0 ? expected.scale[s.arg] : 1);
    if (!(error <= worst)) worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
    if (std::isinf(worst)) break;
  }
  return worst;
}

}  // namespace sumi::bench
