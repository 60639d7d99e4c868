// The pickles inside PyTorch's files. A pickle is a program for a stack machine that may call any
// Python function by its name; this reader has no functions to call. It runs the opcodes that
// torch.save writes, on values that only describe tensors, and refuses everything else.
// Opcodes: Python's Lib/pickletools.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sumi {

// The description of a tensor: a strided view of a storage, whose bytes are elsewhere in the file.
struct PickledTensor {
  std::string dictionary;          // of the dictionary that holds it: "", "netG_state_dict", "ema.model"
  std::string name;                // its key there
  std::string dtype;               // "F32"
  std::string storage;             // the storage's key
  std::int64_t storage_count = 0;  // elements of the storage
  std::int64_t offset = 0;         // of the first element, in elements
  std::vector<std::int64_t> shape, strides;  // strides in elements
};

// One value of a pickle; others are named by their index.
struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    tuple,
    list,
    dictionary,
    global,
    storage,
    tensor,
    other
  };
  Kind kind = Kind::none;
  std::int64_t number = 0;  // boolean and integer; of a global its place in the allowlist; of a tensor
                            // in Pickle::tensors()
  std::string_view text;    // text
  std::vector<std::uint32_t> items = {};  // tuple, list; dictionary: key, value, key, value ...
};

class Pickle {
 public:
  // Reads one pickle at the beginning of `bytes`, which must outlive this object. Throws Error
  // "[where] ..." naming the opcode or global that is not allowed, and for more than 64 MiB or a
  // million opcodes.
  Pickle(std::string_view bytes, std::string where);

  std::size_t size() const { return size_; }  // bytes of the pickle, STOP included
  const PickleValue& root() const { return values_[root_]; }
  const PickleValue& value(std::uint32_t index) const { return values_[index]; }
  // The value of a text key of a dictionary; null: absent.
  const PickleValue* find(const PickleValue& dictionary, std::string_view key) const;
  // All tensors inside the root, in the order of their dictionaries, with names. Throws Error for a
  // name that appears twice, and for nesting deeper than 16.
  std::vector<PickledTensor> tensors() const;

 private:
  friend class PickleMachine;
  std::string where_;
  std::vector<PickleValue> values_;
  std::vector<PickledTensor> tensors_;
  std::uint32_t root_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sumi
