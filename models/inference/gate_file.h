// The gate section of a checkpoint: read, made of a trained classifier, written into any
// safetensors file.
//
// Section: the trunk and the head of a classifier (models/classifier.cpp) as F32 tensors
// gate.f.conv1_1.weight ... gate.head.fc.bias in sumi's layouts, and the metadata entry kGateKey,
// JSON with format, size, the names of the three classes and temperature.
#pragma once

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/tensor.h"

namespace sumi {

constexpr const char* kGateKey = "sumi.gate";

struct GateWeights {
  int size = 0;                      // side of the square that the classifier reads, in pixels
  double temperature = 1;            // by which logits are divided (Guo 2017)
  std::array<std::string, 3> names;  // of domain A, domain B and other images, for people
  std::int64_t width = 0;            // channels of the trunk's first layer
  struct Values {
    Shape shape;
    std::vector<double> values;
  };
  std::map<std::string, Values> tensors;  // "f.conv1_1.weight", "head.fc.weight" [3,1,1,8 width]
};

// Returns nothing for a file without the section. Throws Error "[gate of PATH] ..." for a damaged
// section, and the errors of SafetensorsFile.
std::optional<GateWeights> read_gate(const std::filesystem::path& checkpoint);

// The gate that a run or checkpoint of `sumi train classifier` makes: its moving averages if it has
// them. `order`: its class names for domain A, domain B and other. Throws Error "[gate ...]" for
// another model, for other classes than these three, and for gray images.
GateWeights gate_of_classifier(const std::filesystem::path& run_or_checkpoint,
                               const std::array<std::string, 3>& order);

// Writes `checkpoint` with this gate, in place of one that it has, to `out`, which may be the same
// file. Atomic; the other tensors and metadata keep their bytes.
void attach_gate(const std::filesystem::path& checkpoint, const GateWeights& gate,
                 const std::filesystem::path& out);

}  // namespace sumi
