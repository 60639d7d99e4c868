#include "engine/serialize/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "engine/serialize/foreign_file.h"
#include "kernels/base/check.h"

namespace sumi {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

namespace {

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the limit of the official readers
constexpr std::size_t kMaxSizes = 64;              // dimensions of one tensor
constexpr const char* kCure = "copy it again or use an earlier checkpoint";

struct Entry {
  std::string name, dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> offsets;
  bool has_dtype = false, has_shape = false, has_offsets = false;
};

// Builds the entries from the parser's events. The parser is not recursive, and nesting that the
// format does not allow is rejected, so a deep or duplicate header gives an error instead of a
// crash or a silent overwrite.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<Entry> entries;
  std::map<std::string, std::string> metadata;
  std::string problem;

  bool start_object(std::size_t) override {
    if (depth_ == 0) return enter();
    if (depth_ == 1) {
      if (!in_metadata()) entries.push_back({.name = top_key_, .dtype = {}, .shape = {}, .offsets = {}});
      return enter();
    }
    return wrong("an object");
  }
  bool end_object() override {
    --depth_;
    if (depth_ != 1 || in_metadata()) return true;
    const Entry& e = entries.back();
    if (!e.has_dtype || !e.has_shape || !e.has_offsets)
      return bad(fmt::format("tensor \"{}\" lacks dtype, shape or data_offsets", top_key_));
    return true;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) {
      top_key_ = name;
      if (!seen_.emplace(name, 0).second) return bad(fmt::format("\"{}\" appears twice in the header", name));
      return true;
    }
    key_ = name;
    if (in_metadata()) {
      if (!metadata.emplace(name, "").second)
        return bad(fmt::format("metadata \"{}\" appears twice in the header", name));
      return true;
    }
    Entry& e = entries.back();
    bool* flag = name == "dtype"          ? &e.has_dtype
                 : name == "shape"        ? &e.has_shape
                 : name == "data_offsets" ? &e.has_offsets
                                          : nullptr;
    if (!flag) return bad(fmt::format("tensor \"{}\" has an unknown field \"{}\"", top_key_, name));
    if (*flag) return bad(fmt::format("tensor \"{}\" has the field \"{}\" twice", top_key_, name));
    return *flag = true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == 2 && !in_metadata() && (key_ == "shape" || key_ == "data_offsets")) return enter();
    return wrong("an array");
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ == 2 && in_metadata()) {
      metadata[key_] = text;
      return true;
    }
    if (depth_ == 2 && key_ == "dtype") {
      entries.back().dtype = text;
      return true;
    }
    return wrong("a string");
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (depth_ != 3) return wrong("a number");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return bad(fmt::format("tensor \"{}\" has {} in {}, which is too large", top_key_, value, key_));
    auto& list = key_ == "shape" ? entries.back().shape : entries.back().offsets;
    if (list.size() == kMaxSizes)
      return bad(fmt::format("tensor \"{}\" has more than {} numbers in {}", top_key_, kMaxSizes, key_));
    list.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  // called for negative numbers only
  bool number_integer(number_integer_t value) override {
    if (depth_ != 3) return wrong("a number");
    return bad(fmt::format("tensor \"{}\" has the negative number {} in {}", top_key_, value, key_));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return wrong(("the number " + text).c_str());
  }
  bool null() override { return wrong("null"); }
  bool boolean(bool) override { return wrong("a boolean"); }
  bool binary(binary_t&) override { return wrong("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return bad(fmt::format("the header is not valid JSON at its byte {}", position));
  }

 private:
  bool in_metadata() const { return top_key_ == "__metadata__"; }
  bool enter() {
    ++depth_;
    return true;
  }
  bool bad(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool wrong(const char* what) {
    if (depth_ == 0) return bad(fmt::format("the header is {}, not an object", what));
    if (in_metadata())
      return bad(depth_ == 1 ? fmt::format("__metadata__ is {}, not an object of strings", what)
                             : fmt::format("metadata \"{}\" is {}, not a string", key_, what));
    if (depth_ == 1) return bad(fmt::format("tensor \"{}\" is {}, not an object", top_key_, what));
    return bad(fmt::format("tensor \"{}\" has {} where {} has none", top_key_, what, key_));
  }

  int depth_ = 0;
  std::string top_key_, key_;
  std::unordered_map<std::string, int> seen_;
};

// Returns null if the product or the number of bytes exceeds 63 bits.
std::optional<std::uint64_t> bytes_of(const std::vector<std::int64_t>& shape, std::size_t element) {
  constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::uint64_t bytes = element;
  for (const auto size : shape) {
    if (size < 0 || static_cast<std::uint64_t>(size) > limit / bytes) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(size);
  }
  return bytes;
}

// Validates one entry against the size of the data part.
void check_entry(const std::string& where, const Entry& e, std::uint64_t data_bytes) {
  const auto bad = [&](const std::string& what) {
    fail(where, fmt::format("tensor \"{}\" {}; the file is damaged: {}", e.name, what, kCure));
  };
  const auto element = safetensors_dtype_size(e.dtype);
  if (element == 0)
    fail(where,
         fmt::format(
             "tensor \"{}\" has dtype \"{}\", which this version does not know; convert it to F32 first",
             e.name, e.dtype));
  if (e.offsets.size() != 2) bad(fmt::format("has {} data_offsets instead of 2", e.offsets.size()));
  const auto begin = e.offsets[0], end = e.offsets[1];
  if (end < begin) bad(fmt::format("ends at byte {} before it begins at {}", end, begin));
  if (static_cast<std::uint64_t>(end) > data_bytes)
    bad(fmt::format("ends at byte {} of {}, past the end of the file", end, data_bytes));
  const auto bytes = bytes_of(e.shape, element);
  if (!bytes) bad(fmt::format("has the impossible shape [{}]", fmt::join(e.shape, ", ")));
  if (*bytes != static_cast<std::uint64_t>(end - begin))
    bad(fmt::format("of shape [{}] and dtype {} needs {} bytes but has {}", fmt::join(e.shape, ", "), e.dtype,
                    *bytes, end - begin));
}

// No gaps, no overlaps, nothing left over. Expects the entries in the order of their offsets.
void check_cover(const std::string& where, const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::int64_t at = 0;
  for (const Entry& e : entries) {
    if (e.offsets[0] != at)
      fail(where,
           fmt::format("tensor \"{}\" begins at byte {} where {} ends at {} ({}); the file is damaged: {}",
                       e.name, e.offsets[0], &e == entries.data() ? "the header" : "the tensor before", at,
                       e.offsets[0] < at ? "an overlap" : "a hole", kCure));
    at = e.offsets[1];
  }
  if (static_cast<std::uint64_t>(at) != data_bytes)
    fail(where, fmt::format("has {} bytes after the last tensor; the file is damaged: {}",
                            data_bytes - static_cast<std::uint64_t>(at), kCure));
}

std::string_view header_of(const std::filesystem::path& path, const MappedFile& file) {
  const std::string where = "checkpoint " + path.string();
  if (file.size() < 8)
    fail(where,
         fmt::format("has {} bytes, too few for a safetensors file; it is truncated or something else: {}",
                     file.size(), kCure));
  std::uint64_t length;
  std::memcpy(&length, file.data(), 8);
  const bool foreign = length > kMaxHeader || length > file.size() - 8 || file.data()[8] != std::byte{'{'};
  if (std::string text = foreign ? foreign_file_text(path, file.data(), file.size()) : ""; !text.empty())
    fail(where, text);
  if (length > kMaxHeader)
    fail(where, fmt::format("claims a header of {} bytes (the limit is {}); this is not a safetensors file",
                            length, kMaxHeader));
  if (length > file.size() - 8)
    fail(where, fmt::format("claims a header of {} bytes but has only {} in all; it is truncated: {}", length,
                            file.size(), kCure));
  const std::string_view header(reinterpret_cast<const char*>(file.data()) + 8, length);
  if (header.empty() || header[0] != '{')
    fail(where, "its header does not begin with '{'; this is not a safetensors file");
  return header;
}

}  // namespace

std::size_t safetensors_dtype_size(std::string_view dtype) {
  using Row = std::pair<std::string_view, std::size_t>;
  static constexpr std::array<Row, 16> table{{{"F32", 4},
                                              {"F64", 8},
                                              {"BF16", 2},
                                              {"F16", 2},
                                              {"I64", 8},
                                              {"I32", 4},
                                              {"I16", 2},
                                              {"I8", 1},
                                              {"U64", 8},
                                              {"U32", 4},
                                              {"U16", 2},
                                              {"U8", 1},
                                              {"BOOL", 1},
                                              {"F8_E4M3", 1},
                                              {"F8_E5M2", 1},
                                              {"C64", 8}}};
  for (const auto& [name, size] : table)
    if (name == dtype) return size;
  return 0;
}

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const std::string where = "checkpoint " + path.string();
  SafetensorsFile result;
  result.path_ = path;
  result.file_ = MappedFile(path);
  const auto header = header_of(path, result.file_);
  HeaderReader reader;
  if (!nlohmann::json::sax_parse(header.begin(), header.end(), &reader))
    fail(where, fmt::format("{}; the file is damaged: {}", reader.problem, kCure));

  const std::uint64_t data_bytes = result.file_.size() - 8 - header.size();
  for (const Entry& e : reader.entries) check_entry(where, e, data_bytes);
  std::stable_sort(reader.entries.begin(), reader.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.offsets < b.offsets; });
  check_cover(where, reader.entries, data_bytes);

  const std::byte* data = result.file_.data() + 8 + header.size();
  for (Entry& e : reader.entries) {
    result.index_.emplace(e.name, result.tensors_.size());
    result.tensors_.emplace_back(std::move(e.name),
                                 StoredTensor{std::move(e.dtype), std::move(e.shape), data + e.offsets[0],
                                              static_cast<std::size_t>(e.offsets[1] - e.offsets[0])});
  }
  result.metadata_ = std::move(reader.metadata);
  return result;
}

const StoredTensor* SafetensorsFile::find(const std::string& name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second].second;
}

void SafetensorsWriter::add(const std::string& name, const std::string& dtype,
                            std::vector<std::int64_t> shape, const void* data, std::size_t bytes) {
  const std::string where = "safetensors tensor " + name;
  if (name == "__metadata__") fail(where, "this name is reserved; choose another");
  const auto element = safetensors_dtype_size(dtype);
  if (element == 0) fail(where, fmt::format("unknown dtype \"{}\"; use F32, F64, BF16, I64, U8 ...", dtype));
  const auto want = bytes_of(shape, element);
  if (!want || *want != bytes)
    fail(where, fmt::format("shape [{}] of {} does not fit {} bytes", fmt::join(shape, ", "), dtype, bytes));
  if (!index_.emplace(name, tensors_.size()).second) fail(where, "was added twice; names must be unique");
  tensors_.emplace_back(name,
                        StoredTensor{dtype, std::move(shape), static_cast<const std::byte*>(data), bytes});
}

void SafetensorsWriter::write(const std::filesystem::path& path) const {
  std::vector<std::size_t> order(tensors_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto width = [&](std::size_t i) { return safetensors_dtype_size(tensors_[i].second.dtype); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return width(a) > width(b); });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata_.empty()) header["__metadata__"] = metadata_;
  std::uint64_t offset = 0;
  // ordered_json searches keys linearly; pushing pairs keeps a header of thousands of tensors
  // linear overall.
  auto& members = header.get_ref<nlohmann::ordered_json::object_t&>();
  for (const auto i : order) {
    const auto& [name, t] = tensors_[i];
    nlohmann::ordered_json entry = {
        {"dtype", t.dtype}, {"shape", t.shape}, {"data_offsets", {offset, offset + t.bytes}}};
    members.emplace_back(name, std::move(entry));
    offset += t.bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail("write " + path.string(),
         "a tensor's name or a metadata string is not valid UTF-8; use plain names");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  if (text.size() > kMaxHeader)
    fail("write " + path.string(),
         fmt::format("the header would have {} bytes, the limit is {}; store less metadata", text.size(),
                     kMaxHeader));
  write_file_atomically(path, [&](FileWriter& file) {
    const std::uint64_t length = text.size();
    file.write(&length, 8);
    file.write(text);
    for (const auto i : order) file.write(tensors_[i].second.data, tensors_[i].second.bytes);
  });
}

}  // namespace sumi
