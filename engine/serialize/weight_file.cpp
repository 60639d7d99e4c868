#include "engine/serialize/weight_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "engine/error.h"
#include "engine/serialize/element.h"
#include "engine/serialize/file.h"
#include "engine/serialize/hdf5_file.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/stored_weights.h"

namespace sumi {
namespace {

using namespace std::string_view_literals;

std::string_view view_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

// Names of entries are in the first local header and in the directory at the end.
bool zip_names(std::string_view bytes, std::string_view name) {
  constexpr std::size_t kLooked = 64 << 10;
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kLooked));
  return bytes.substr(0, kLooked).find(name) != std::string_view::npos ||
         tail.find(name) != std::string_view::npos;
}

WeightFormat format_of(std::string_view bytes) {
  if (is_torch_stream(bytes)) return WeightFormat::torch_stream;
  if (is_hdf5(bytes)) return WeightFormat::keras;
  // TorchScript's archives hold programs; the safetensors reader names them.
  if (bytes.starts_with("PK\3\4"sv) && zip_names(bytes, "data.pkl") && !zip_names(bytes, "constants.pkl"))
    return WeightFormat::torch_zip;
  return WeightFormat::safetensors;
}

StoredWeights read_safetensors(const SafetensorsFile& file) {
  StoredWeights weights;
  weights.metadata = file.metadata();
  for (const auto& [name, t] : file.tensors())
    weights.tensors.push_back({"", name, t.dtype, t.shape, {}, t.data});
  return weights;
}

std::int64_t count_values(const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;  // other sizes are any
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

// Copies a strided view in row-major order.
template <class T>
void gather(const StoredWeights::Tensor& t, std::vector<double>& values) {
  if (t.strides.empty()) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(load_element<T>(t.data, i));
    return;
  }
  std::vector<std::int64_t> index(t.shape.size(), 0);
  std::int64_t at = 0;
  for (double& value : values) {
    value = static_cast<double>(load_element<T>(t.data, static_cast<std::size_t>(at)));
    for (std::size_t d = index.size(); d > 0; --d) {  // the next index, the last dimension first
      at += t.strides[d - 1];
      if (++index[d - 1] < t.shape[d - 1]) break;
      at -= t.strides[d - 1] * t.shape[d - 1];
      index[d - 1] = 0;
    }
  }
}

}  // namespace

struct WeightFile::Impl {
  MappedFile file;
  std::optional<SafetensorsFile> safetensors;
  StoredWeights weights;
  std::unordered_map<std::string, std::vector<std::size_t>> members;  // of each dictionary
  std::unordered_map<std::string, std::size_t> index;                 // of the chosen one
};

const char* describe(WeightFormat format) {
  switch (format) {
    case WeightFormat::torch_zip:
      return "a PyTorch file (zip archive of torch.save)";
    case WeightFormat::torch_stream:
      return "a PyTorch file (stream of torch.save before 1.6)";
    case WeightFormat::keras:
      return "a Keras file (HDF5)";
    default:
      return "a safetensors file";
  }
}

WeightFormat weight_format(const std::filesystem::path& path) {
  const MappedFile file(path);
  return format_of(view_of(file));
}

WeightFile::WeightFile(const std::filesystem::path& path) : impl_(std::make_unique<Impl>()) {
  const std::string where = "weights " + path.string();
  impl_->file = MappedFile(path);
  format_ = format_of(view_of(impl_->file));
  switch (format_) {
    case WeightFormat::torch_zip:
      impl_->weights = read_torch_zip(view_of(impl_->file), where);
      break;
    case WeightFormat::torch_stream:
      impl_->weights = read_torch_stream(view_of(impl_->file), where);
      break;
    case WeightFormat::keras:
      impl_->weights = read_keras(view_of(impl_->file), where);
      break;
    default:
      impl_->safetensors = SafetensorsFile::open(path);
      impl_->weights = read_safetensors(*impl_->safetensors);
  }
  const auto& tensors = impl_->weights.tensors;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::vector<std::size_t>& members = impl_->members[tensors[i].dictionary];
    if (members.empty()) dictionaries_.push_back(tensors[i].dictionary);
    members.push_back(i);
  }
  choose(dictionaries_.empty() ? "" : dictionaries_.front());
}

WeightFile::~WeightFile() = default;
WeightFile::WeightFile(WeightFile&&) noexcept = default;
WeightFile& WeightFile::operator=(WeightFile&&) noexcept = default;

const std::map<std::string, std::string>& WeightFile::metadata() const {
  return impl_->weights.metadata;
}

void WeightFile::choose(const std::string& dictionary, const std::string& prefix) {
  chosen_ = dictionary;
  entries_.clear();
  impl_->index.clear();
  const auto& tensors = impl_->weights.tensors;
  for (const std::size_t i : impl_->members[dictionary]) {
    if (!tensors[i].name.starts_with(prefix)) continue;
    entries_.push_back({tensors[i].name.substr(prefix.size()), tensors[i].dtype, tensors[i].shape});
    impl_->index.emplace(entries_.back().name, i);
  }
}

void WeightFile::choose_all() {
  chosen_.clear();
  entries_.clear();
  impl_->index.clear();
  const auto& tensors = impl_->weights.tensors;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const StoredWeights::Tensor& t = tensors[i];
    entries_.push_back({t.dictionary.empty() ? t.name : t.dictionary + "." + t.name, t.dtype, t.shape});
    impl_->index.emplace(entries_.back().name, i);
  }
}

std::vector<double> WeightFile::values(const std::string& name) const {
  std::vector<double> values;
  const auto found = impl_->index.find(name);
  if (found == impl_->index.end()) return values;
  const StoredWeights::Tensor& t = impl_->weights.tensors[found->second];
  with_stored_type(t.dtype, [&]<class T>() {
    values.resize(static_cast<std::size_t>(count_values(t.shape)));
    gather<T>(t, values);
  });
  return values;
}

}  // namespace sumi
