// Checkpoints: one safetensors file each, with enough in its metadata that no command needs network flags.
//
// Tensors lie in sumi's own layouts (activations NHWC, weights KRSC) under dotted names:
//   g.main.0.weight            parameters and buffers of network g
//   ema.g.main.0.weight        running averages of its parameters
//   optim.g.m.main.0.weight    the optimizer's moments (and optim.g.v....)
// Metadata: sumi.format ("1"), sumi.kind ("full" or "networks"), sumi.model, sumi.options and sumi.state
// (JSON).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

constexpr int kCheckpointFormat = 1;
// The metadata of a file of sumi export, which is no checkpoint (models/inference/exported.h).
constexpr const char* kExportKey = "sumi.export";

struct CheckpointHeader {
  std::string kind = "networks";  // "full": training can be resumed; "networks": weights only
  std::string model;              // "dcgan"
  std::string options;            // JSON
  std::string state;              // JSON: step, epoch, positions of random streams, ...
};

class CheckpointWriter {
 public:
  CheckpointWriter();
  ~CheckpointWriter();
  // Copies nothing: the tensor's memory must live until write().
  void add(const std::string& name, const Tensor& tensor);
  // Atomic: the file is complete under its name or not there at all.
  void write(const std::filesystem::path& path, const CheckpointHeader& header);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Throws Error naming the file when it is not a checkpoint of a format this build reads.
class CheckpointFile {
 public:
  explicit CheckpointFile(const std::filesystem::path& path);
  ~CheckpointFile();
  const CheckpointHeader& header() const { return header_; }
  const std::filesystem::path& path() const { return path_; }

  struct Entry {
    std::string name, dtype;  // "F32"
    Shape shape;
  };
  std::vector<Entry> entries() const;
  bool has(const std::string& name) const;
  // Of a tensor that is there.
  Shape shape(const std::string& name) const;
  // Copies the stored tensor into `into`, converting between float types. Throws naming file, tensor and both
  // shapes when it is missing or does not fit.
  void load(const std::string& name, const Tensor& into) const;

 private:
  struct Impl;
  std::filesystem::path path_;
  CheckpointHeader header_;
  std::unique_ptr<Impl> impl_;
};

// Any safetensors file: weights from elsewhere, which stay on disk until they are asked for. Errors as of SafetensorsFile.
class WeightFile {
 public:
  explicit WeightFile(const std::filesystem::path& path);
  ~WeightFile();

  struct Entry {
    std::string name, dtype;
    std::vector<std::int64_t> shape;
  };
  const std::vector<Entry>& entries() const { return entries_; }
  // Of a tensor that is there; empty for a dtype that is not F32, F64, BF16 or F16.
  std::vector<double> values(const std::string& name) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<Entry> entries_;
};

}  // namespace sumi
