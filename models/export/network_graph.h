// The graph of one of a model's networks, as files of other programs hold it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/export/op_graph.h"
#include "models/export/export_format.h"
#include "models/stylizer.h"

namespace sumi {

// A network as a function of named tensors. Inputs are:
//   a generator from noise: "input" [n,1,1,latent]; its result "output" is an image in [-1,1]
//   translators, discriminators and others: "input"; the result is "output"
//   a stylizer: "input" [n,h,w,3] in [0,1] and "style" [n,1,1,styles], rows that sum to 1; the
//   results are "output" [n,h,w,3], "flat" [n,h,w,3], which is not clamped, and "line" [n,h,w,1]
class ExportedFunction {
 public:
  // For the only network of the job.
  explicit ExportedFunction(const ExportJob& job);

  // Results for inputs as above, for inference.
  NamedTensors operator()(const NamedTensors& inputs) const;
  // As above, but a translator computes one image after the other, as sumi convert does: with batch
  // norm that uses the statistics of its input, an image's result depends on the others of a batch.
  NamedTensors each(const NamedTensors& inputs) const;
  // Random inputs of `count` samples, images with the given sides.
  NamedTensors random_inputs(std::int64_t count, std::int64_t height, std::int64_t width,
                             std::uint64_t seed) const;

  const std::string& name() const { return network_.name; }
  const Shape& input() const { return network_.input; }
  bool is_stylizer() const { return stylizer_ != nullptr; }
  // Sides of images are multiples of this and at least smallest_side().
  int multiple() const { return multiple_; }
  int smallest_side() const { return smallest_side_; }
  // What goes in and out, for metadata: "-1..1", "noise (normal)".
  std::string input_range() const;
  std::string output_range() const;
  // Ids of parameters and buffers with their names.
  std::map<const void*, std::string> parameter_names() const;

 private:
  Model& model_;
  const TrainOptions& options_;
  Model::Network network_;
  Stylizer* stylizer_;
  std::string direction_;  // of a translator; "" otherwise
  int multiple_ = 1, smallest_side_ = 1;
};

struct NetworkGraph {
  OpGraph graph;
  bool any_size;
  // What programs that use the file have to know, by name: input_range, multiple, ...
  std::vector<std::pair<std::string, std::string>> facts;
};

// Records the network, with norms folded if the job says so. Throws Error as record_graph().
NetworkGraph network_graph(const ExportJob& job);

// "opset 17; any size in multiples of 4 from 8 on"
std::string graph_note(const NetworkGraph& network, const std::string& what);

// Writes inputs and sumi's results for them as safetensors (NCHW, f32), so that another runtime can
// be checked: "input", "output" and so on for three samples and, if sizes may vary, "input.1" and
// so on for one of another size.
void write_examples(const ExportJob& job, const std::filesystem::path& path);

}  // namespace sumi
