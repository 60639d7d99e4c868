// A VGG19 with few filters and random weights, as a file for --feature-network.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/random.h"
#include "engine/runtime/device.h"
#include "engine/serialize/safetensors.h"

inline std::filesystem::path write_tiny_vgg(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "tiny_vgg.safetensors";
  if (std::filesystem::exists(path)) return path;
  sumi::RandomStream stream(6, 0);
  std::vector<std::vector<float>> kept;
  sumi::SafetensorsWriter writer;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape, double spread) {
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    kept.push_back(stream.normal({1, 1, 1, count}, sumi::DType::f32, sumi::parse_device("cpu"), 0, spread)
                       .to_vector<float>());
    writer.add(name, "F32", shape, kept.back().data(), sizeof(float) * kept.back().size());
  };
  std::int64_t in = 3;
  int index = 0;
  for (const int convolutions : {2, 2, 4, 4, 4}) {
    for (int i = 0; i < convolutions; ++i, index += 2) {
      add("features." + std::to_string(index) + ".weight", {4, in, 3, 3}, in == 3 ? 0.003 : 0.3);
      add("features." + std::to_string(index) + ".bias", {4}, 0.1);
      in = 4;
    }
    ++index;
  }
  writer.write(path);
  return path;
}
