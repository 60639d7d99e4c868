#include "models/export/export_weights.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "engine/error.h"
#include "engine/serialize/torch_layout.h"

namespace sumi {
namespace {

template <class T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

template <class T>
std::vector<T> torch_values(const Parameter& p) {
  return to_torch(p.value.to_vector<T>(), p.value.shape(), p.layout);
}

StateTensor state_tensor(const Parameter& p, ExportPrecision precision) {
  StateTensor t{p.name, "F32", torch_shape(p.value.shape(), p.layout), {}};
  if (precision == ExportPrecision::keep) {
    const bool wide = p.value.dtype() == DType::f64;
    if (wide) t.dtype = "F64";
    t.bytes = wide ? bytes_of(torch_values<double>(p)) : bytes_of(torch_values<float>(p));
    return t;
  }
  std::vector<std::uint16_t> narrow;
  for (const float value : torch_values<float>(p)) {
    narrow.push_back(precision == ExportPrecision::bf16 ? bf16(value).bits : half_bits(value));
    if (precision == ExportPrecision::f16 && std::isfinite(value) && (narrow.back() & 0x7fff) == 0x7c00)
      fail("export", p.name + " has the value " + std::to_string(value) +
                         ", beyond the range of f16; use --precision bf16 or f32");
  }
  t.dtype = precision == ExportPrecision::bf16 ? "BF16" : "F16";
  t.bytes = bytes_of(narrow);
  return t;
}

}  // namespace

std::uint16_t half_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U);  // NaN
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 0x38800000U) {  // a subnormal of f16: adding 0.5 aligns and rounds the fraction
    const float aligned = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(aligned) - 0x3f000000U));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1U;
  return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + odd) >> 13));
}

bool has_averages(const Model::Network& network, const CheckpointFile& file) {
  return file.has("ema." + network.name + "." + network.module->parameters().front().name);
}

void load_exported_values(const Model::Network& network, const CheckpointFile& file, bool ema) {
  if (ema && !has_averages(network, file))
    fail("export " + file.path().string(),
         "holds no EMA of " + network.name + "; leave out --ema, or train with --ema 0.999");
  const std::string prefix = (ema ? "ema." : "") + network.name + ".";
  for (const Parameter& p : network.module->parameters()) file.load(prefix + p.name, p.value);
  for (const Parameter& p : network.module->buffers()) file.load(prefix + p.name, p.value);
}

StateDict state_dict(const Module& network, ExportPrecision precision) {
  StateDict tensors;
  for (const Parameter& p : network.parameters()) tensors.push_back(state_tensor(p, precision));
  const std::string mean = "running_mean";
  for (const Parameter& p : network.buffers()) {
    tensors.push_back(state_tensor(p, ExportPrecision::keep));
    if (!p.name.ends_with(mean)) continue;
    // PyTorch counts batches in each batch norm, and load_state_dict expects the count.
    const std::string layer = p.name.substr(0, p.name.size() - mean.size());
    tensors.push_back({layer + "num_batches_tracked", "I64", {}, bytes_of(std::vector<std::int64_t>{0})});
  }
  return tensors;
}

}  // namespace sumi
