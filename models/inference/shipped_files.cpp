#include "models/inference/shipped_files.h"

#include <cstdlib>
#include <system_error>
#include <vector>

namespace sumi {
namespace fs = std::filesystem;

fs::path find_shipped(const std::string& folder, const std::string& file) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  std::vector<fs::path> places{program / "../share/sumi"};
  for (fs::path up = program; up.has_relative_path(); up = up.parent_path()) places.push_back(up / folder);
  for (const fs::path& place : places)
    if (fs::exists(place / file, error)) return place / file;
  return {};
}

fs::path shipped_weights(const std::string& name) {
  if (name.empty() || name.find_first_of("/.") != std::string::npos) return {};
  const std::string file = name + ".safetensors";
  std::error_code error;
  if (const char* folder = std::getenv("SUMI_WEIGHTS"); folder && *folder)
    return fs::exists(fs::path(folder) / file, error) ? fs::path(folder) / file : fs::path();
  return find_shipped("weights", file);
}

}  // namespace sumi
