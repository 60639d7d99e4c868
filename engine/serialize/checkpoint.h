// Checkpoints: one safetensors file each, with all network options in its metadata.
//
// Tensors are stored in sumi's own layouts (activations NHWC, weights KRSC) under dotted names:
//   g.main.0.weight            parameters and buffers of network g
//   ema.g.main.0.weight        the EMA of its parameters
//   optim.g.m.main.0.weight    the optimizer's moments (and optim.g.v....)
// Metadata: sumi.format ("1"), sumi.kind ("full" or "networks"), sumi.model, sumi.options and
// sumi.state (JSON).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/serialize/weight_file.h"
#include "engine/tensor.h"

namespace sumi {

constexpr int kCheckpointFormat = 1;
// The metadata key of files written by sumi export, which are not checkpoints
// (models/inference/exported.h).
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
  // Does not copy: the tensor's memory must live until write().
  void add(const std::string& name, const Tensor& tensor);
  // Atomic: the file is either complete or absent.
  void write(const std::filesystem::path& path, const CheckpointHeader& header);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Throws Error naming the file if it is not a checkpoint in a format that this build reads.
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
  // The shape of an existing tensor.
  Shape shape(const std::string& name) const;
  // Copies the stored tensor to `into`, converting between float types. Throws Error naming the
  // file, the tensor and both shapes if it is missing or does not match.
  void load(const std::string& name, const Tensor& into) const;

 private:
  struct Impl;
  std::filesystem::path path_;
  CheckpointHeader header_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sumi
