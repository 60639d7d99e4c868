#include "engine/serialize/checkpoint.h"

#include <fmt/format.h>

#include "engine/serialize/element.h"
#include "engine/serialize/safetensors.h"
#include "kernels/base/dispatch.h"

namespace sumi {
namespace {

const char* stored_name(DType t) {
  return t == DType::f64 ? "F64" : t == DType::f32 ? "F32" : "BF16";
}

Shape shape_of(const std::vector<std::int64_t>& sizes) {
  Shape s;
  for (std::size_t i = 0; i < sizes.size() && i < 4; ++i) s[static_cast<int>(i)] = sizes[i];
  return s;
}

}  // namespace

struct CheckpointWriter::Impl {
  SafetensorsWriter file;
  std::vector<Tensor> kept;  // kept alive until write()
};

CheckpointWriter::CheckpointWriter() : impl_(std::make_unique<Impl>()) {}
CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::add(const std::string& name, const Tensor& t) {
  const Shape s = t.shape();
  impl_->kept.push_back(t.device().on_host() ? t : t.to(Device{}));
  impl_->file.add(name, stored_name(t.dtype()), {s.n, s.h, s.w, s.c}, impl_->kept.back().view().data,
                  static_cast<std::size_t>(t.count()) * size_of(t.dtype()));
}

void CheckpointWriter::write(const std::filesystem::path& path, const CheckpointHeader& header) {
  impl_->file.set_metadata("sumi.format", std::to_string(kCheckpointFormat));
  impl_->file.set_metadata("sumi.kind", header.kind);
  impl_->file.set_metadata("sumi.model", header.model);
  impl_->file.set_metadata("sumi.options", header.options);
  impl_->file.set_metadata("sumi.state", header.state);
  impl_->file.write(path);
}

struct CheckpointFile::Impl {
  SafetensorsFile file;
};

CheckpointFile::CheckpointFile(const std::filesystem::path& path) : path_(path) {
  impl_ = std::make_unique<Impl>(Impl{SafetensorsFile::open(path)});
  const auto& metadata = impl_->file.metadata();
  const auto get = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  const std::string where = "checkpoint " + path.string();
  const std::string format = get("sumi.format");
  if (format.empty() && metadata.contains(kExportKey))
    fail(where, "is what sumi export wrote, and here a checkpoint is wanted; sumi import makes one of it");
  if (format.empty())
    fail(where,
         "holds tensors but is not a checkpoint of sumi; sumi import makes one from other programs' weights");
  if (format != std::to_string(kCheckpointFormat))
    fail(where, fmt::format("has format {}, this sumi reads {}; use a newer sumi", format.substr(0, 20),
                            kCheckpointFormat));
  header_ = {get("sumi.kind"), get("sumi.model"), get("sumi.options"), get("sumi.state")};
  if (header_.kind != "full" && header_.kind != "networks")
    fail(where, "is damaged: its kind is neither full nor networks; use another checkpoint");
  for (const auto& [name, t] : impl_->file.tensors())
    if (t.shape.size() != 4 || t.bytes == 0)  // dimensions besides a 0 may be arbitrary
      fail(where, "is damaged: tensor " + name + " does not have four sizes above 0; use another checkpoint");
}

CheckpointFile::~CheckpointFile() = default;

std::vector<CheckpointFile::Entry> CheckpointFile::entries() const {
  std::vector<Entry> all;
  for (const auto& [name, t] : impl_->file.tensors()) all.push_back({name, t.dtype, shape_of(t.shape)});
  return all;
}

bool CheckpointFile::has(const std::string& name) const {
  return impl_->file.find(name) != nullptr;
}

Shape CheckpointFile::shape(const std::string& name) const {
  const StoredTensor* stored = impl_->file.find(name);
  if (!stored) fail("checkpoint " + path_.string(), "has no tensor " + name);
  return shape_of(stored->shape);
}

void CheckpointFile::load(const std::string& name, const Tensor& into) const {
  const std::string where = "checkpoint " + path_.string();
  const StoredTensor* stored = impl_->file.find(name);
  if (!stored) fail(where, "has no tensor " + name + "; it belongs to another network or is damaged");
  const Shape shape = shape_of(stored->shape);
  if (!(shape == into.shape()))
    fail(where, fmt::format("holds {} as {}, the network needs {}; give the options that it was trained with",
                            name, shape.str(), into.shape().str()));
  const auto count = static_cast<std::size_t>(into.count());
  const bool away = !into.device().on_host();
  const Tensor target = away ? Tensor::empty(shape, into.dtype(), Device{}) : into;
  const bool known = with_stored_type(stored->dtype, [&]<class From>() {
    dispatch(into.dtype(), [&]<class To>() {
      To* out = target.mutable_view().as<To>();
      for (std::size_t i = 0; i < count; ++i) {
        const From value = load_element<From>(stored->data, i);
        if constexpr (std::is_same_v<From, To>)
          out[i] = value;
        else
          out[i] = static_cast<To>(static_cast<double>(value));
      }
    });
  });
  if (!known)
    fail(where,
         fmt::format("holds {} as {}, which is not a floating-point type of sumi", name, stored->dtype));
  if (away) into.assign(target);
}

}  // namespace sumi
