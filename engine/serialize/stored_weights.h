// Readers of weight files of other programs: where each tensor's bytes are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sumi {

struct StoredWeights {
  struct Tensor {
    std::string dictionary, name;  // as in PickledTensor
    std::string dtype;             // "F32"
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  // in elements; empty: row-major without gaps
    const std::byte* data = nullptr;    // of the first element
  };
  std::vector<Tensor> tensors;
  std::map<std::string, std::string> metadata;
  std::shared_ptr<const void> owner;  // of bytes that are not in the file itself
};

// PyTorch's zip archive (torch.save since 1.6): DIR/data.pkl, and DIR/data/KEY for each storage.
// DIR/extra/NAME are metadata. Every tensor lies inside its storage. Throws Error "[where] ..." for
// anything else.
StoredWeights read_torch_zip(std::string_view bytes, const std::string& where);

// PyTorch's older stream: pickles of a magic number, the protocol, the machine, the object and the
// list of storages; then each storage's count of elements (i64) and its bytes.
StoredWeights read_torch_stream(std::string_view bytes, const std::string& where);
// Returns true for the first bytes of such a stream.
bool is_torch_stream(std::string_view bytes);

// Keras' HDF5 files: layers in the order of the file's lists, "conv2d/kernel:0" as "conv2d.weight"
// in PyTorch's layout, gamma, beta and moving_mean as weight, bias and running_mean. Texts
// "sumi.NAME" among the file's attributes are metadata.
StoredWeights read_keras(std::string_view bytes, const std::string& where);

}  // namespace sumi
