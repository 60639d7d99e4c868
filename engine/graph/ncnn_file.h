// The two parts of an ncnn network: lines of layers, and weights in their order.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace sumi::graph {

// One line of a .param file: "Convolution conv1 1 1 data blob1 0=64 1=3 -23310=1,2.0e-01".
struct NcnnLayer {
  std::string type, name;
  std::vector<std::string> inputs, outputs;
  std::map<int, std::vector<double>> parameters;  // by id; those of arrays are -23300 - id in the file
  std::string shown;                              // the file, in errors

  bool has(int id) const { return parameters.count(id) > 0; }
  double number(int id, double fallback) const;
  // Throws Error for a fraction, and for numbers beyond 2^31.
  std::int64_t integer(int id, std::int64_t fallback) const;
  std::vector<std::int64_t> integers(int id) const;
  [[noreturn]] void refuse(const std::string& what) const;
};

// Throws Error "[shown] ..." for lines that are no layers.
std::vector<NcnnLayer> ncnn_layers(std::string_view param, const std::string& shown);

// Reads weights one after the other. Each read throws Error if fewer bytes are left.
class NcnnWeights {
 public:
  explicit NcnnWeights(std::string_view bytes) : bytes_(bytes) {}

  // f32 without a tag: biases, norms, slopes.
  std::vector<float> plain(const NcnnLayer& layer, std::int64_t count);
  // After a tag: 0 f32, 0x01306B47 f16. Filters and matrices.
  std::vector<float> tagged(const NcnnLayer& layer, std::int64_t count);
  std::size_t left() const { return bytes_.size(); }

 private:
  std::string_view take(const NcnnLayer& layer, std::int64_t count, std::size_t width, std::size_t align = 1);

  std::string_view bytes_;
};

}  // namespace sumi::graph
