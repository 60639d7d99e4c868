// The step in the name of a file of a run: checkpoints/1200.safetensors, samples/1200.png.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sumi {

// STEP of STEP.ext, at most 18 digits; -1 for another name.
inline std::int64_t step_of(const std::filesystem::path& file) {
  const std::string stem = file.stem().string();
  if (stem.empty() || stem.size() > 18 || stem.find_first_not_of("0123456789") != std::string::npos)
    return -1;
  return std::stoll(stem);
}

}  // namespace sumi
