// One interface to the named tensors of files that hold weights: safetensors, PyTorch's, and HDF5
// files of Keras.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sumi {

enum class WeightFormat : std::uint8_t { safetensors, torch_zip, torch_stream, keras };
// "a PyTorch file (zip archive of torch.save)".
const char* describe(WeightFormat format);
// Returns the format that the bytes of the file show, whatever its name; safetensors for anything
// unknown, whose reader then says what is wrong. Throws Error if the file cannot be read.
WeightFormat weight_format(const std::filesystem::path& path);

// A mapped file of weights. Tensors are described at once; values are read one tensor at a time.
class WeightFile {
 public:
  // Throws Error "[weights PATH] ..." (of safetensors "[checkpoint PATH] ...") for a file that is
  // damaged or of another format. Checks that every tensor's bytes lie inside the file.
  explicit WeightFile(const std::filesystem::path& path);
  ~WeightFile();
  WeightFile(WeightFile&&) noexcept;
  WeightFile& operator=(WeightFile&&) noexcept;

  struct Entry {
    std::string name, dtype;  // "F32"
    std::vector<std::int64_t> shape;
  };
  WeightFormat format() const { return format_; }
  // Metadata of a safetensors file; texts of 1 MiB in all in the folder "extra" of PyTorch's
  // archive;
  // attributes "sumi.NAME" of a Keras file.
  const std::map<std::string, std::string>& metadata() const;

  // The dictionaries that hold the tensors: {""} for a flat file, {"netG_state_dict",
  // "optimizer.state.0"} for a training checkpoint of PyTorch.
  const std::vector<std::string>& dictionaries() const { return dictionaries_; }
  // Limits entries() and values() to one of them, which is the first before any call, and there to
  // names with the prefix ("netG."), which is removed.
  void choose(const std::string& dictionary, const std::string& prefix = "");
  const std::string& chosen() const { return chosen_; }
  // All dictionaries at once, with names like "g_ab.model.1.weight"; those of a flat file stay.
  void choose_all();

  // In the order of the dictionary; of safetensors in the order of the bytes.
  const std::vector<Entry>& entries() const { return entries_; }
  // The values of an existing tensor in row-major order; empty for a dtype other than F32, F64,
  // BF16 or F16.
  std::vector<double> values(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  WeightFormat format_;
  std::vector<std::string> dictionaries_;
  std::string chosen_;
  std::vector<Entry> entries_;
};

}  // namespace sumi
