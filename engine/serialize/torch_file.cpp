// Files of torch.save.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "engine/error.h"
#include "engine/serialize/pickle.h"
#include "engine/serialize/safetensors.h"
#include "engine/serialize/stored_weights.h"
#include "engine/serialize/zip_file.h"

namespace sumi {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMostExtraBytes = 1 << 20;
constexpr const char* kCopyAgain = "the file is damaged: copy it again";

// One past the largest element of the view, or null if it has negative sizes or strides or exceeds
// 63 bits. Also null for a view that repeats elements: its values may outgrow the file.
std::optional<std::int64_t> end_of_view(const PickledTensor& t) {
  std::int64_t last = t.offset, count = 1;
  for (std::size_t i = 0; i < t.shape.size(); ++i) {
    if (t.shape[i] < 0 || t.strides[i] < 0) return std::nullopt;
    if (t.shape[i] == 0) return t.offset;  // no elements
  }
  for (std::size_t i = 0; i < t.shape.size(); ++i) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(t.shape[i] - 1, t.strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last) || __builtin_mul_overflow(count, t.shape[i], &count))
      return std::nullopt;
  }
  if (last - t.offset + 1 < count || __builtin_add_overflow(last, 1, &last)) return std::nullopt;
  return last;
}

bool is_contiguous(const PickledTensor& t) {
  if (std::find(t.shape.begin(), t.shape.end(), 0) != t.shape.end()) return true;  // other sizes are any
  std::int64_t expected = 1;
  for (std::size_t i = t.shape.size(); i > 0; --i) {
    if (t.shape[i - 1] != 1 && t.strides[i - 1] != expected) return false;
    expected *= t.shape[i - 1];
  }
  return true;
}

// `storage`: its bytes.
StoredWeights::Tensor locate(const PickledTensor& t, std::string_view storage, const std::string& where) {
  const auto element = static_cast<std::int64_t>(safetensors_dtype_size(t.dtype));
  if (t.storage_count > static_cast<std::int64_t>(storage.size()) / element)
    fail(where, fmt::format("tensor {} has a storage of {} elements in {} bytes; {}", t.name, t.storage_count,
                            storage.size(), kCopyAgain));
  const std::optional<std::int64_t> end = end_of_view(t);
  if (!end || *end > t.storage_count)
    fail(where,
         fmt::format("tensor {} reaches outside its storage of {} elements, or repeats them; save a copy: "
                     "{{k: v.clone() for k, v in state_dict.items()}}",
                     t.name, t.storage_count));
  StoredWeights::Tensor found{t.dictionary, t.name, t.dtype, t.shape, {}, nullptr};
  if (!is_contiguous(t)) found.strides = t.strides;
  found.data = reinterpret_cast<const std::byte*>(storage.data()) + t.offset * element;
  return found;
}

// The folder of the archive, with its slash: all entries are in it.
std::string archive_folder(const ZipFile& zip, const std::string& where) {
  for (const ZipEntry& entry : zip.entries())
    if (entry.name == "data.pkl" || entry.name.ends_with("/data.pkl"))
      return entry.name.substr(0, entry.name.size() - "data.pkl"sv.size());
  fail(where, "is a zip archive without data.pkl, not a file of torch.save");
}

}  // namespace

StoredWeights read_torch_zip(std::string_view bytes, const std::string& where) {
  const ZipFile zip(bytes, where);
  const std::string folder = archive_folder(zip, where);
  if (const ZipEntry* order = zip.find(folder + "byteorder"); order && zip.bytes(*order) != "little")
    fail(where, "was written on a big-endian machine; save it again on another");
  const Pickle pickle(zip.bytes(*zip.find(folder + "data.pkl")), where);
  StoredWeights weights;
  for (const PickledTensor& t : pickle.tensors()) {
    const ZipEntry* storage = zip.find(folder + "data/" + t.storage);
    if (!storage)
      fail(where, fmt::format("has no storage {} for the tensor {}; {}", t.storage, t.name, kCopyAgain));
    weights.tensors.push_back(locate(t, zip.bytes(*storage), where));
  }
  // What torch.save calls _extra_files: text by name.
  const std::string extra = folder + "extra/";
  std::size_t extra_bytes = 0;  // entries may share their bytes
  for (const ZipEntry& entry : zip.entries())
    if (entry.name.starts_with(extra) && entry.name.size() > extra.size())
      if (const std::string_view text = zip.bytes(entry); text.size() <= kMostExtraBytes - extra_bytes) {
        extra_bytes += text.size();
        weights.metadata[entry.name.substr(extra.size())] = std::string(text);
      }
  return weights;
}

bool is_torch_stream(std::string_view bytes) {
  // A pickle of the number 0x1950a86a20f9469cfc6c.
  return bytes.starts_with("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19"sv);
}

StoredWeights read_torch_stream(std::string_view bytes, const std::string& where) {
  const auto next = [&] {
    Pickle pickle(bytes, where);
    bytes.remove_prefix(pickle.size());
    return pickle;
  };
  next();  // the magic number
  if (const Pickle protocol = next(); protocol.root().number != 1001)
    fail(where, fmt::format("has protocol {} instead of 1001; {}", protocol.root().number, kCopyAgain));
  const Pickle machine = next();
  if (const PickleValue* little = machine.find(machine.root(), "little_endian");
      little && little->number == 0)
    fail(where, "was written on a big-endian machine; save it again on another");
  const Pickle object = next(), keys = next();
  const std::vector<PickledTensor> tensors = object.tensors();
  std::unordered_map<std::string, std::size_t> element;  // bytes, by the storage's key
  for (const PickledTensor& t : tensors) element.emplace(t.storage, safetensors_dtype_size(t.dtype));
  std::unordered_map<std::string, std::string_view> storages;
  for (const std::uint32_t index : keys.root().items) {
    const std::string key(keys.value(index).text.substr(0, 100));
    const auto size = element.find(key);
    std::int64_t count = -1;
    if (bytes.size() >= sizeof count) std::memcpy(&count, bytes.data(), sizeof count);
    if (size == element.end() || count < 0 ||
        static_cast<std::uint64_t>(count) > (bytes.size() - sizeof count) / size->second)
      fail(where, fmt::format("its storage {} is cut short or belongs to no tensor; {}", key, kCopyAgain));
    const std::size_t length = static_cast<std::size_t>(count) * size->second;
    storages[key] = bytes.substr(sizeof count, length);
    bytes.remove_prefix(sizeof count + length);
  }
  StoredWeights weights;
  for (const PickledTensor& t : tensors) {
    const auto found = storages.find(t.storage);
    if (found == storages.end())
      fail(where, fmt::format("has no storage {} for the tensor {}; {}", t.storage, t.name, kCopyAgain));
    weights.tensors.push_back(locate(t, found->second, where));
  }
  return weights;
}

}  // namespace sumi
