// Buffers, values, comparison and execution of jobs. See harness.h.
#include "tests/kernels/harness.h"

#include <cuda_runtime.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace sumi::test {

const std::vector<Device>& computing_devices() {
  static const std::vector<Device> devices = [] {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return std::vector<Device>{cpu, cuda};
    (void)cudaGetLastError();
    MESSAGE("no CUDA device can be used: its kernels are not tested");
    return std::vector<Device>{cpu};
  }();
  return devices;
}

bool has_cuda() {
  const auto& devices = computing_devices();
  return std::find(devices.begin(), devices.end(), cuda) != devices.end();
}

const std::vector<Device>& every_device() {
  static const std::vector<Device> devices = [] {
    std::vector<Device> all = computing_devices();
    all.push_back(ref);
    return all;
  }();
  return devices;
}

// ---- Buffer ----

Buffer::Buffer(Shape shape, DType dtype, Device device) : mut_{nullptr, dtype, shape, device, 0} {
  const std::size_t bytes = size() + 2 * zone;
  void* memory = nullptr;
  if (device.on_host()) {
    memory = ::operator new (bytes, std::align_val_t{64});
    std::memset(memory, 0xFF, bytes);
  } else {
    SUMI_CUDA_CALL(cudaMalloc(&memory, bytes));
    SUMI_CUDA_CALL(cudaMemset(memory, 0xFF, bytes));
    SUMI_CUDA_CALL(cudaDeviceSynchronize());  // streams of tests wait for no other
  }
  mut_.data = static_cast<std::uint8_t*>(memory) + zone;
  poison(true);
}

Buffer::~Buffer() {
  if (!mut_) return;
  poison(false);
  if (mut_.device.on_host())
    ::operator delete (body() - zone, std::align_val_t{64});
  else
    (void)cudaFree(body() - zone);
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(mut_, other.mut_);
}

void Buffer::poison([[maybe_unused]] bool on) const {
#ifdef __SANITIZE_ADDRESS__
  if (!mut_.device.on_host()) return;
  for (const std::uint8_t* start : {body() - zone, body() + size()}) {
    if (on) {
      ASAN_POISON_MEMORY_REGION(start, zone);
    } else {
      ASAN_UNPOISON_MEMORY_REGION(start, zone);
    }
  }
#endif
}

void Buffer::set(const std::vector<double>& values) {
  REQUIRE(static_cast<std::int64_t>(values.size()) == mut_.count());
  dispatch(mut_.dtype, [&]<class T>() {
    std::vector<T> converted(values.size());
    std::transform(values.begin(), values.end(), converted.begin(),
                   [](double v) { return static_cast<T>(v); });
    if (mut_.device.on_host())
      std::copy(converted.begin(), converted.end(), mut_.as<T>());
    else
      SUMI_CUDA_CALL(cudaMemcpy(body(), converted.data(), size(), cudaMemcpyHostToDevice));
    if (!mut_.device.on_host()) SUMI_CUDA_CALL(cudaDeviceSynchronize());
  });
}

std::vector<std::uint8_t> Buffer::read(std::ptrdiff_t first, std::size_t count) const {
  std::vector<std::uint8_t> bytes(count);
  if (!mut_.device.on_host()) SUMI_CUDA_CALL(cudaDeviceSynchronize());
  if (mut_.device.on_host())
    std::copy_n(body() + first, count, bytes.begin());
  else
    SUMI_CUDA_CALL(cudaMemcpy(bytes.data(), body() + first, count, cudaMemcpyDeviceToHost));
  return bytes;
}

std::vector<double> Buffer::get() const {
  const std::vector<std::uint8_t> bytes = bits();
  std::vector<double> values(static_cast<std::size_t>(mut_.count()));
  dispatch(mut_.dtype, [&]<class T>() {
    std::vector<T> elements(values.size());
    if (!bytes.empty()) std::memcpy(elements.data(), bytes.data(), bytes.size());
    std::transform(elements.begin(), elements.end(), values.begin(),
                   [](T v) { return static_cast<double>(v); });
  });
  return values;
}

std::vector<std::uint8_t> Buffer::bits() const {
  return read(0, size());
}

std::string Buffer::overrun() const {
  if (!mut_) return {};
  std::string text;
  poison(false);
  const auto before = read(-static_cast<std::ptrdiff_t>(zone), zone);
  const auto after = read(static_cast<std::ptrdiff_t>(size()), zone);
  poison(true);
  for (std::size_t i = 0; i < zone && text.empty(); ++i) {
    if (after[i] != 0xFF) text = "byte " + std::to_string(i) + " after the end was written";
    if (before[i] != 0xFF) text = "byte " + std::to_string(zone - i) + " before the start was written";
  }
  return text;
}

// ---- values ----

// splitmix64 (Steele, Lea and Flood 2014)
std::uint64_t Dice::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

std::vector<double> integers(std::int64_t count, std::uint64_t seed, int most) {
  Dice dice(seed);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& v : values) v = std::floor(dice.unit() * (2 * most + 1)) - most;
  return values;
}

std::vector<double> integers(std::int64_t count, std::uint64_t seed, DType dtype) {
  return integers(count, seed, dtype == DType::bf16 ? 1 : 3);
}

std::vector<double> reals(std::int64_t count, std::uint64_t seed, double lo, double hi) {
  Dice dice(seed);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& v : values) v = lo + (hi - lo) * dice.unit();
  return values;
}

std::vector<double> rounded(std::vector<double> values, DType dtype) {
  dispatch(dtype, [&]<class T>() {
    for (double& v : values) v = static_cast<double>(static_cast<T>(v));
  });
  return values;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// ---- comparison ----

Tol rounding(DType dtype) {
  if (dtype == DType::f64) return {1e-13, 1e-13};
  return dtype == DType::bf16 ? Tol{0x1p-8, 1e-4} : Tol{5e-6, 5e-6};
}

std::string mismatch(const std::vector<double>& got, const std::vector<double>& want, Tol tol) {
  if (got.size() != want.size())
    return std::to_string(got.size()) + " elements, expected " + std::to_string(want.size());
  double scale = 0;
  for (double v : want)
    if (std::isfinite(v)) scale = std::max(scale, std::abs(v));
  const auto at = [&](std::size_t i) {
    char text[96];
    std::snprintf(text, sizeof text, "%zu: %.9g, expected %.9g", i, got[i], want[i]);
    return std::string(text);
  };
  std::size_t bad = 0, first = 0, worst = 0;
  double worst_err = -1;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (got[i] == want[i]) continue;  // infinities
    const double err = std::abs(got[i] - want[i]);
    if (err <= tol.rel * std::abs(want[i]) + tol.scaled * scale) continue;  // false for NaN
    if (bad++ == 0) first = i;
    const double rank = std::isnan(err) ? std::numeric_limits<double>::infinity() : err;
    if (rank > worst_err) {
      worst_err = rank;
      worst = i;
    }
  }
  if (bad == 0) return {};
  return std::to_string(bad) + " of " + std::to_string(want.size()) + " differ, first at " + at(first) +
         "; worst at " + at(worst);
}

void expect_close(const std::string& what, const std::vector<double>& got, const std::vector<double>& want,
                  Tol tol) {
  const std::string text = mismatch(got, want, tol);
  CHECK_MESSAGE(text.empty(), what << ": " << text);
}

// ---- jobs ----

Bench::Bench(Device device)
    : scratch(device.on_host() ? Scratch::host() : kernels::device_memory()), exec{device, &scratch, &log} {
  if (!device.on_host()) SUMI_CUDA_CALL(cudaStreamCreateWithFlags(&exec.stream, cudaStreamNonBlocking));
  // tolerances are those of f32, unless a test says otherwise
  exec.multiply = MatmulPrecision::f32;
}
Bench::~Bench() {
  if (!exec.stream) return;
  scratch.release();
  (void)cudaStreamDestroy(exec.stream);
}

namespace {

DType widened(DType t, bool wide) {
  return wide && t == DType::bf16 ? DType::f32 : t;
}
// The dtype of the job's output i if it runs in t.
DType out_dtype(const Job& job, std::size_t i, DType t) {
  return widened(t, std::find(job.wide_out.begin(), job.wide_out.end(), i) != job.wide_out.end());
}

}  // namespace

Result run(const Job& job, Device device, DType dtype, Write write) {
  Bench bench(device);
  Ins in;
  Outs out;
  for (const Operand& x : job.in)
    in.push_back(x.values.empty() ? Buffer() : Buffer(x.shape, widened(dtype, x.wide), device, x.values));
  for (std::size_t i = 0; i < job.out.size(); ++i) {
    out.emplace_back(job.out[i], out_dtype(job, i, dtype), device);
    if (!job.initial.empty()) {
      out[i].set(job.initial[i]);
    } else if (write == Write::accumulate) {
      out[i].set(integers(job.out[i].count(), 77 + i, dtype));
    }
  }
  std::vector<std::vector<std::uint8_t>> before;
  for (const Buffer& x : in) before.push_back(x.view() ? x.bits() : std::vector<std::uint8_t>());
  job.run(bench.exec, in, out, write);
  Result result;
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK_MESSAGE(out[i].overrun().empty(), job.name << ": output " << i << ": " << out[i].overrun());
    result.values.push_back(out[i].get());
    result.bits.push_back(out[i].bits());
  }
  for (std::size_t i = 0; i < in.size(); ++i) {
    CHECK_MESSAGE(in[i].overrun().empty(), job.name << ": input " << i << ": " << in[i].overrun());
    CHECK_MESSAGE((!in[i].view() || in[i].bits() == before[i]),
                  job.name << ": input " << i << " was written");
  }
  result.log = bench.log;
  return result;
}

Values expected(const Job& job, DType dtype, Write write) {
  Job wide = job;
  for (Operand& x : wide.in) x.values = rounded(x.values, widened(dtype, x.wide));
  // Accumulation starts from the integers of `dtype`, not from those of f64.
  if (wide.initial.empty() && write == Write::accumulate)
    for (std::size_t i = 0; i < job.out.size(); ++i)
      wide.initial.push_back(integers(job.out[i].count(), 77 + i, dtype));
  for (auto& values : wide.initial) values = rounded(values, dtype);
  return run(wide, ref, DType::f64, write).values;
}

std::vector<double> only_output(const Job& job) {
  return expected(job, DType::f64)[0];
}
double only_number(const Job& job) {
  return only_output(job)[0];
}

Job by_variant(const Job& job, const char* variant, MatmulPrecision multiply) {
  Job named = job;
  named.run = [run = job.run, variant, multiply](const Exec& e, const Ins& in, Outs& out, Write write) {
    Exec exec = e;
    exec.variant = variant;
    exec.multiply = multiply;
    run(exec, in, out, write);
  };
  return named;
}

double worst_error(const Job& job, const char* variant, MatmulPrecision multiply) {
  const std::vector<double> want = expected(job, DType::f32)[0],
                            got = run(by_variant(job, variant, multiply), cuda, DType::f32).values[0];
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - want[i]));
    scale = std::max(scale, std::abs(want[i]));
  }
  return worst / scale;
}

void check_job(const Job& job, DType dtype, Tol tol) {
  for (Write write : {Write::overwrite, Write::accumulate}) {
    if (write == Write::accumulate && !job.accumulates) continue;
    const Values want = expected(job, dtype, write);
    for (Device device : every_device()) {
      const Result got = run(job, device, dtype, write);
      Tol allowed = tol;
      std::string what = job.name + " on " + device.str() + " in " + name_of(dtype);
      if (write == Write::accumulate) what += ", accumulating";
      for (const std::string& ran : got.log) {
        what += ", ran " + ran;
        if (tol.exact() && ran.find("winograd") != std::string::npos) allowed = rounding(dtype);
      }
      for (std::size_t i = 0; i < want.size(); ++i)
        expect_close(what + ", output " + std::to_string(i), got.values[i],
                     allowed.exact() ? rounded(want[i], out_dtype(job, i, dtype)) : want[i], allowed);
    }
  }
}

void check_gradient(const std::string& what, const std::function<double(const std::vector<double>&)>& value,
                    const std::vector<double>& x, const std::vector<double>& analytic, double tol) {
  const double step = 1e-5;
  std::vector<double> at = x, numeric(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    at[i] = x[i] + step;
    const double above = value(at);
    at[i] = x[i] - step;
    numeric[i] = (above - value(at)) / (2 * step);
    at[i] = x[i];
  }
  expect_close(what + ": central differences", analytic, numeric, {tol, tol});
}

}  // namespace sumi::test
