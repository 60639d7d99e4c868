// HDF5 files in memory: groups, attributes of text, and the bytes of uncompressed data sets.
// Specification: The HDF Group, "HDF5 File Format Specification Version 3.0", superblocks 0 and 1;
// h5py and Keras write 0 by default. Written here, not with libhdf5, because weights are read from
// the mapped file without a copy, and because that library does not survive damaged files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sumi {

// Returns true for the first bytes of such a file.
bool is_hdf5(std::string_view bytes);

struct Hdf5Object {
  // Texts of an attribute: one, or those of a list. Other attributes are left out.
  std::map<std::string, std::vector<std::string>> attributes;
  std::map<std::string, std::uint64_t> members;  // of a group: names and addresses
  bool is_group = false;
  // Of a data set: "F32", "F64", "F16" for little-endian floats, "" for everything else.
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::string_view data;  // row-major; as many bytes as the shape says if dtype is not ""

  std::uint64_t member(const std::string& name) const;  // 0: absent
};

class Hdf5File {
 public:
  // The bytes must outlive this object. Throws Error "[where] ..." for another kind of file and for
  // superblocks other than 0 and 1.
  Hdf5File(std::string_view bytes, std::string where);

  std::uint64_t root() const { return root_; }
  // Reads the object at an address. Throws Error for addresses and sizes outside the file, for
  // compressed or chunked floats, and beyond a million steps in all: objects, nodes, messages and
  // entries.
  Hdf5Object object(std::uint64_t address);

 private:
  struct Header;
  std::string_view take(std::uint64_t offset, std::uint64_t size);
  std::uint64_t number(std::uint64_t offset, int bytes);
  [[noreturn]] void damaged() const;
  void count_step();
  void read_messages(std::uint64_t address, Header& header);
  void read_message(std::uint64_t type, std::string_view message, Header& header);
  void read_attribute(std::string_view message, Hdf5Object& object);
  std::string vlen_text(std::string_view reference);
  void read_members(std::uint64_t tree, std::uint64_t heap, int depth, Hdf5Object& object);
  std::string heap_text(std::uint64_t heap, std::uint64_t offset);

  std::string_view bytes_;
  std::string where_;
  std::uint64_t root_ = 0, steps_ = 0, text_bytes_ = 0;
};

}  // namespace sumi
