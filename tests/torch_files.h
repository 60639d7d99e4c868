// Files as torch.save writes them, byte by byte, for tests without PyTorch: pickles, zip archives
// and the older stream.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace sumi::test {

template <class T>
std::string bytes_of(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

// Opcodes of pickle protocol 2.
inline std::string pickled_text(const std::string& text) {
  return "X" + bytes_of(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string pickled_number(std::int64_t value) {
  return std::string("\x8a\x08", 2) + bytes_of(value);  // LONG1
}
inline std::string pickled_numbers(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (const std::int64_t value : values) text += pickled_number(value);
  return text + "t";
}
inline std::string pickled_global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}

struct TorchTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::string storage_bytes;
  std::string type = "FloatStorage";
  std::int64_t element = 4;                // bytes
  std::vector<std::int64_t> strides = {};  // empty: row-major
  std::int64_t offset = 0;
  std::int64_t storage_count = -1;  // as the pickle says; -1: as the bytes are
};

inline std::vector<std::int64_t> row_major(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i > 1; --i) strides[i - 2] = strides[i - 1] * shape[i - 1];
  return strides;
}

inline std::string pickled_tensor(const TorchTensor& t, const std::string& key, bool stream = false) {
  const std::int64_t count =
      t.storage_count >= 0 ? t.storage_count : static_cast<std::int64_t>(t.storage_bytes.size()) / t.element;
  return pickled_global("torch._utils", "_rebuild_tensor_v2") + "((" + pickled_text("storage") +
         pickled_global("torch", t.type) + pickled_text(key) + pickled_text("cpu") + pickled_number(count) +
         (stream ? "N" : "") + "tQ" + pickled_number(t.offset) + pickled_numbers(t.shape) +
         pickled_numbers(t.strides.empty() ? row_major(t.shape) : t.strides) + "\x89" +
         pickled_global("collections", "OrderedDict") + ")RtR";
}

// An OrderedDict of the tensors, whose storages have the keys 0, 1 ...
inline std::string pickled_dictionary(const std::vector<TorchTensor>& tensors, bool stream = false) {
  std::string text = pickled_global("collections", "OrderedDict") + ")R(";
  for (std::size_t i = 0; i < tensors.size(); ++i)
    text += pickled_text(tensors[i].name) + pickled_tensor(tensors[i], std::to_string(i), stream);
  return text + "u";
}
inline std::string whole_pickle(const std::string& opcodes) {
  return "\x80\x02" + opcodes + ".";
}

// Entries are stored; `flag` 8: sizes follow the data, as in streams.
inline std::string zip_archive(const std::vector<std::pair<std::string, std::string>>& entries,
                               std::uint16_t flag = 0, bool zip64 = false) {
  std::string out, directory;
  for (const auto& [name, data] : entries) {
    const auto size = static_cast<std::uint32_t>(data.size()),
               offset = static_cast<std::uint32_t>(out.size());
    const auto fields = [&](std::uint32_t shown) {
      return bytes_of(flag) + std::string(10, '\0') + bytes_of(shown) + bytes_of(shown) +
             bytes_of(static_cast<std::uint16_t>(name.size()));
    };
    out += "PK\3\4" + bytes_of<std::uint16_t>(20) + fields(flag == 8 ? 0 : size) +
           bytes_of<std::uint16_t>(0) + name + data;
    if (flag == 8) out += "PK\7\b" + std::string(4, '\0') + bytes_of(size) + bytes_of(size);
    const std::string extra = zip64 ? bytes_of<std::uint16_t>(1) + bytes_of<std::uint16_t>(24) +
                                          bytes_of<std::uint64_t>(size) + bytes_of<std::uint64_t>(size) +
                                          bytes_of<std::uint64_t>(offset)
                                    : "";
    directory += "PK\1\2" + bytes_of<std::uint16_t>(20) + bytes_of<std::uint16_t>(20) +
                 fields(zip64 ? 0xffffffffU : size) + bytes_of(static_cast<std::uint16_t>(extra.size())) +
                 std::string(10, '\0') + bytes_of(zip64 ? 0xffffffffU : offset) + name + extra;
  }
  const std::size_t start = out.size();
  out += directory;
  const auto count = static_cast<std::uint16_t>(entries.size());
  if (zip64)
    out += "PK\6\6" + bytes_of<std::uint64_t>(44) + std::string(12, '\0') + bytes_of<std::uint64_t>(count) +
           bytes_of<std::uint64_t>(count) + bytes_of<std::uint64_t>(directory.size()) +
           bytes_of<std::uint64_t>(start) + "PK\6\7" + std::string(4, '\0') +
           bytes_of<std::uint64_t>(start + directory.size()) + bytes_of<std::uint32_t>(1);
  return out + "PK\5\6" + std::string(4, '\0') + bytes_of<std::uint16_t>(zip64 ? 0xffff : count) +
         bytes_of<std::uint16_t>(zip64 ? 0xffff : count) +
         bytes_of(static_cast<std::uint32_t>(zip64 ? 0xffffffff : directory.size())) +
         bytes_of(static_cast<std::uint32_t>(zip64 ? 0xffffffff : start)) + std::string(2, '\0');
}

// `opcodes` of data.pkl; storages are those of the tensors.
inline std::string torch_zip(const std::string& opcodes, const std::vector<TorchTensor>& tensors,
                             std::uint16_t flag = 0, bool zip64 = false) {
  std::vector<std::pair<std::string, std::string>> entries{{"net/data.pkl", whole_pickle(opcodes)},
                                                           {"net/byteorder", "little"}};
  for (std::size_t i = 0; i < tensors.size(); ++i)
    entries.emplace_back("net/data/" + std::to_string(i), tensors[i].storage_bytes);
  entries.emplace_back("net/version", "3\n");
  return zip_archive(entries, flag, zip64);
}
inline std::string torch_zip(const std::vector<TorchTensor>& tensors) {
  return torch_zip(pickled_dictionary(tensors), tensors);
}

inline std::string torch_stream(const std::vector<TorchTensor>& tensors) {
  std::string keys = "](", storages;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    keys += pickled_text(std::to_string(i));
    storages += bytes_of(static_cast<std::int64_t>(tensors[i].storage_bytes.size()) / tensors[i].element) +
                tensors[i].storage_bytes;
  }
  const std::string magic("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 15);
  return magic + whole_pickle("M\xe9\x03") + whole_pickle("}(" + pickled_text("little_endian") + "\x88u") +
         whole_pickle(pickled_dictionary(tensors, true)) + whole_pickle(keys + "e") + storages;
}

}  // namespace sumi::test
