// Files of torch.save: a zip archive with a pickle of protocol 2 and one entry per tensor. Only the
// globals that torch.load(weights_only=True) allows appear in the pickle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sumi {

// A contiguous tensor under a name. The dtypes are those of safetensors: F32 F64 F16 BF16 I64.
struct StateTensor {
  std::string name, dtype;
  std::vector<std::int64_t> shape;  // [] is a scalar
  std::vector<std::byte> bytes;
};
// The tensors of a network, in order.
using StateDict = std::vector<StateTensor>;

// What a file holds: the state_dict of the only network if its name is "", else a dictionary from
// networks' names to their state_dicts.
struct TorchFile {
  std::vector<std::pair<std::string, StateDict>> networks;
  // Further entries of the archive by name, which PyTorch ignores: "sumi.export".
  std::vector<std::pair<std::string, std::string>> extra = {};
};

// The pickle for TorchFile::networks. Storages are numbered in the order of the tensors. Throws
// Error prefixed by `where` for another dtype.
std::string torch_pickle(const TorchFile& content, const std::string& where);

// Atomic. Equal contents give equal bytes. Throws Error for files of 4 GiB or more.
void write_torch_file(const std::filesystem::path& path, const TorchFile& content);

}  // namespace sumi
