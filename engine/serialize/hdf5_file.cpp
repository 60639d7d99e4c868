#include "engine/serialize/hdf5_file.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/error.h"

namespace sumi {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t kMostSteps = 1'000'000, kMostMembers = 100'000, kMostTextBytes = 1 << 20;
constexpr int kDeepestTree = 8;
constexpr std::size_t kMostRank = 32;

enum Hdf5Message : std::uint64_t {
  kDataspace = 0x1,
  kDatatype = 0x3,
  kLayout = 0x8,
  kFilters = 0xB,
  kAttribute = 0xC,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
};

constexpr std::uint64_t kMostElements = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostTextInAll = 64 << 20;  // bytes of the attributes' texts

// Little-endian; 0 beyond the end, which the callers' checks of sizes rule out.
std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count && at + i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return value;
}

struct Datatype {
  enum class Kind : std::uint8_t { other, real, fixed_text, vlen_text } kind = Kind::other;
  std::uint64_t size = 0;  // of an element in bytes
};

Datatype parse_datatype(std::string_view m) {
  Datatype type;
  if (m.size() < 8) return type;
  const std::uint64_t kind = little_endian(m, 0, 1) & 15, bits = little_endian(m, 1, 3);
  type.size = little_endian(m, 4, 4);
  // IEEE's layout, little-endian: the sign is the highest bit.
  const bool ieee = kind == 1 && (bits & 1) == 0 && m.size() >= 16 && little_endian(m, 8, 2) == 0 &&
                    little_endian(m, 10, 2) == 8 * type.size;
  if (ieee && (type.size == 2 || type.size == 4 || type.size == 8)) type.kind = Datatype::Kind::real;
  if (kind == 3) type.kind = Datatype::Kind::fixed_text;
  if (kind == 9 && (bits & 15) == 1) type.kind = Datatype::Kind::vlen_text;
  return type;
}

// Empty for what is not a plain dataspace.
std::optional<std::vector<std::int64_t>> parse_dataspace(std::string_view m) {
  const std::uint64_t version = little_endian(m, 0, 1), rank = little_endian(m, 1, 1);
  const std::size_t begin = version == 1 ? 8 : 4;
  if (m.size() < begin || (version != 1 && version != 2) || rank > kMostRank || m.size() < begin + 8 * rank)
    return std::nullopt;
  if (version == 2 && little_endian(m, 3, 1) == 2) return std::nullopt;  // no elements
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < rank; ++i)
    shape.push_back(static_cast<std::int64_t>(little_endian(m, begin + 8 * i, 8)));
  return shape;
}

// The number of elements; empty beyond 2^40.
std::optional<std::uint64_t> element_count(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t size : shape) {
    if (size < 0 || static_cast<std::uint64_t>(size) > kMostElements / count) return std::nullopt;
    count *= static_cast<std::uint64_t>(size);
  }
  return count;
}

std::string until_zero(std::string_view text) {
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

struct Hdf5File::Header {
  Hdf5Object object;
  Datatype type;
  std::optional<std::vector<std::int64_t>> shape;
  bool has_type = false, has_layout = false, is_filtered = false, is_chunked = false;
  std::string_view data;
  std::uint64_t tree = 0, heap = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;  // of messages: address and size
};

bool is_hdf5(std::string_view bytes) {
  return bytes.starts_with("\x89HDF\r\n\x1a\n"sv);
}

std::uint64_t Hdf5Object::member(const std::string& name) const {
  const auto found = members.find(name);
  return found == members.end() ? 0 : found->second;
}

Hdf5File::Hdf5File(std::string_view bytes, std::string where) : bytes_(bytes), where_(std::move(where)) {
  if (!is_hdf5(bytes)) fail(where_, "is not an HDF5 file");
  const std::uint64_t version = number(8, 1);
  if (version > 1)
    fail(where_,
         "was written with h5py's libver='latest', which sumi does not read; save it with the default");
  if (number(13, 1) != 8 || number(14, 1) != 8) fail(where_, "has addresses of other than 8 bytes");
  // Base, free space, end and driver addresses; then the root group's entry: name, header.
  const std::uint64_t entry = (version == 0 ? 24 : 28) + 4 * 8;
  if (number(entry - 32, 8) != 0) fail(where_, "begins with a block of another program");
  root_ = number(entry + 8, 8);
}

void Hdf5File::damaged() const {
  fail(where_, "is damaged: its parts do not fit together; copy it again");
}

void Hdf5File::count_step() {
  if (++steps_ > kMostSteps) fail(where_, "refers to the same parts too often; it is damaged");
}

std::string_view Hdf5File::take(std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes_.size() || size > bytes_.size() - offset) damaged();
  return bytes_.substr(offset, size);
}

std::uint64_t Hdf5File::number(std::uint64_t offset, int bytes) {
  return little_endian(take(offset, static_cast<std::uint64_t>(bytes)), 0, static_cast<std::size_t>(bytes));
}

std::string Hdf5File::heap_text(std::uint64_t heap, std::uint64_t offset) {
  if (take(heap, 4) != "HEAP"sv) damaged();
  const std::string_view names = take(number(heap + 24, 8), number(heap + 8, 8));
  if (offset >= names.size()) damaged();
  return until_zero(names.substr(offset, 4096));
}

// A tree of nodes over tables of symbols.
void Hdf5File::read_members(std::uint64_t tree, std::uint64_t heap, int depth, Hdf5Object& object) {
  count_step();
  if (depth > kDeepestTree) damaged();
  const std::string_view kind = take(tree, 4);
  if (kind == "SNOD"sv) {
    const std::uint64_t count = number(tree + 6, 2);
    for (std::uint64_t i = 0; i < count; ++i) {
      count_step();
      const std::uint64_t entry = tree + 8 + 40 * i;
      object.members.emplace(heap_text(heap, number(entry, 8)), number(entry + 8, 8));
      if (object.members.size() > kMostMembers) fail(where_, "has too many members in a group");
    }
    return;
  }
  if (kind != "TREE"sv || number(tree + 4, 1) != 0) damaged();
  const std::uint64_t count = number(tree + 6, 2);
  for (std::uint64_t i = 0; i < count; ++i)
    read_members(number(tree + 24 + 8 + 16 * i, 8), heap, depth + 1, object);
}

std::string Hdf5File::vlen_text(std::string_view reference) {
  const std::uint64_t length = little_endian(reference, 0, 4), collection = little_endian(reference, 4, 8),
                      index = little_endian(reference, 12, 4);
  if (length == 0) return "";
  if (take(collection, 4) != "GCOL"sv) damaged();
  const std::uint64_t end = number(collection + 8, 8);
  for (std::uint64_t at = 16; at + 16 <= end;) {
    count_step();
    const std::uint64_t size = number(collection + at + 8, 8);
    if (number(collection + at, 2) == index) {
      if (length > size) damaged();
      const std::uint64_t used = std::min(length, kMostTextBytes);
      text_bytes_ += used;  // many references may name one text
      if (text_bytes_ > kMostTextInAll) damaged();
      return std::string(take(collection + at + 16, used));
    }
    if (size > end) damaged();
    at += 16 + (size + 7) / 8 * 8;
  }
  damaged();
}

void Hdf5File::read_attribute(std::string_view m, Hdf5Object& object) {
  const std::uint64_t version = little_endian(m, 0, 1), name_size = little_endian(m, 2, 2),
                      type_size = little_endian(m, 4, 2), space_size = little_endian(m, 6, 2);
  if (version < 1 || version > 3) return;
  const auto padded = [&](std::uint64_t size) { return version == 1 ? (size + 7) / 8 * 8 : size; };
  std::uint64_t at = version == 3 ? 9 : 8;
  const auto part = [&](std::uint64_t size) {
    if (at > m.size() || size > m.size() - at) damaged();
    const std::string_view bytes = m.substr(at, size);
    at += padded(size);
    return bytes;
  };
  const std::string name = until_zero(part(name_size));
  const Datatype type = parse_datatype(part(type_size));
  const auto shape = parse_dataspace(part(space_size));
  const auto count = shape ? element_count(*shape) : std::nullopt;
  const bool text = type.kind == Datatype::Kind::fixed_text || type.kind == Datatype::Kind::vlen_text;
  if (!text || !count || type.size == 0) return;
  if (at > m.size() || *count > (m.size() - at) / type.size) damaged();
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < *count; ++i) {
    count_step();
    const std::string_view element = m.substr(at + i * type.size, type.size);
    if (type.kind == Datatype::Kind::vlen_text && type.size < 16) damaged();
    texts.push_back(type.kind == Datatype::Kind::vlen_text ? vlen_text(element) : until_zero(element));
  }
  object.attributes[name] = std::move(texts);
}

void Hdf5File::read_message(std::uint64_t type, std::string_view m, Header& header) {
  switch (type) {
    case kDataspace:
      header.shape = parse_dataspace(m);
      break;
    case kDatatype:
      header.type = parse_datatype(m);
      header.has_type = true;
      break;
    case kLayout: {
      if (m.size() < 4 || little_endian(m, 0, 1) < 3) break;
      const std::uint64_t kind = little_endian(m, 1, 1);
      header.is_chunked = kind > 1;
      header.has_layout = kind <= 1;
      if (kind == 0) header.data = m.substr(4, little_endian(m, 2, 2));
      if (kind == 1 && little_endian(m, 10, 8) > 0 && little_endian(m, 2, 8) != ~std::uint64_t{0})
        header.data = take(little_endian(m, 2, 8), little_endian(m, 10, 8));
      break;
    }
    case kFilters:
      header.is_filtered = true;
      break;
    case kAttribute:
      read_attribute(m, header.object);
      break;
    case kContinuation:
      header.blocks.emplace_back(little_endian(m, 0, 8), little_endian(m, 8, 8));
      break;
    case kSymbolTable:
      header.object.is_group = true;
      header.tree = little_endian(m, 0, 8);
      header.heap = little_endian(m, 8, 8);
      break;
    default:
      break;
  }
}

void Hdf5File::read_messages(std::uint64_t address, Header& header) {
  if (number(address, 1) != 1)
    fail(where_,
         "was written with h5py's libver='latest', which sumi does not read; save it with the default");
  header.blocks.emplace_back(address + 16, number(address + 8, 4));
  for (std::size_t b = 0; b < header.blocks.size(); ++b) {  // continuations are appended
    count_step();
    const auto [begin, size] = header.blocks[b];
    const std::string_view block = take(begin, size);
    for (std::size_t at = 0; at + 8 <= block.size();) {
      count_step();
      const std::uint64_t type = little_endian(block, at, 2), length = little_endian(block, at + 2, 2);
      if (length > block.size() - at - 8) damaged();
      read_message(type, block.substr(at + 8, length), header);
      at += 8 + static_cast<std::size_t>(length);
    }
  }
}

Hdf5Object Hdf5File::object(std::uint64_t address) {
  count_step();
  Header header;
  read_messages(address, header);
  Hdf5Object& object = header.object;
  if (object.is_group) {
    read_members(header.tree, header.heap, 0, object);
    return std::move(object);
  }
  if (!header.has_type || !header.shape || header.type.kind != Datatype::Kind::real) return std::move(object);
  const auto count = element_count(*header.shape);
  if (header.is_chunked || header.is_filtered)
    fail(where_, "holds compressed or chunked weights; save it without compression");
  if (!header.has_layout || !count || header.data.size() / header.type.size < *count) damaged();
  object.dtype = header.type.size == 2 ? "F16" : header.type.size == 4 ? "F32" : "F64";
  object.shape = *header.shape;
  object.data = header.data.substr(0, *count * header.type.size);
  return std::move(object);
}

}  // namespace sumi
