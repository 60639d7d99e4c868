// Runs a script of the lab's C interface and prints a checksum of every tensor that it gets. The tests
// compare the output with that of tests/lab/run_script.js, which runs the same script on the
// WebAssembly module. Usage: lab_script SCRIPT. Lines of a script:
//
//   open KIND                        a new session
//   set KEY VALUE                    VALUE may be empty
//   put NAME N H W C SEED [LEVELS]   random values in [-1,1), or whole numbers below LEVELS
//   weights FILE                     the tensors of a safetensors file, relative to the script
//   run ACTION TIMES
//   get NAME
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/serialize/safetensors.h"
#include "lab/api.h"

namespace {

void check(std::int32_t result) {
  if (result < 0) sumi::fail("lab", lab_error());
}

// The generator of Numerical Recipes; its upper 24 bits are exact in f32.
std::vector<float> random_values(std::int64_t count, std::uint32_t seed, int levels) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    const float unit = static_cast<float>(seed >> 8) / 16777216.0F;
    values.push_back(levels > 0 ? static_cast<float>((seed >> 8) % static_cast<unsigned>(levels))
                                : 2 * unit - 1);
  }
  return values;
}

// FNV-1a over 32-bit words.
std::uint32_t checksum(const float* values, std::int32_t count) {
  std::uint32_t hash = 2166136261U;
  for (std::int32_t i = 0; i < count; ++i)
    hash = (hash ^ std::bit_cast<std::uint32_t>(values[i])) * 16777619U;
  return hash;
}

void put_weights(std::int32_t session, const std::filesystem::path& path) {
  const sumi::SafetensorsFile file = sumi::SafetensorsFile::open(path);
  for (const auto& [name, tensor] : file.tensors()) {
    if (tensor.dtype != "F32" || tensor.shape.size() != 4)
      sumi::fail(name, "is not an f32 tensor of four axes");
    std::vector<float> values(tensor.bytes / sizeof(float));
    std::memcpy(values.data(), tensor.data, tensor.bytes);
    const auto size = [&](std::size_t axis) { return static_cast<std::int32_t>(tensor.shape[axis]); };
    check(lab_put(session, name.c_str(), values.data(), size(0), size(1), size(2), size(3)));
  }
}

class Script {
 public:
  explicit Script(const std::filesystem::path& path) : folder_(path.parent_path()) {}

  void line(const std::string& text) {
    std::istringstream words(text);
    std::string verb, name;
    if (!(words >> verb) || verb[0] == '#') return;
    words >> name;
    if (verb == "open") {
      check(session_ = lab_open(name.c_str()));
    } else if (verb == "set") {
      std::string value;
      words >> value;
      check(lab_set(session_, name.c_str(), value.c_str()));
    } else if (verb == "put") {
      std::int32_t n = 0, h = 0, w = 0, c = 0, levels = 0;
      std::uint32_t seed = 0;
      words >> n >> h >> w >> c >> seed;
      words >> levels;
      check(lab_put(session_, name.c_str(), random_values(std::int64_t{n} * h * w * c, seed, levels).data(),
                    n, h, w, c));
    } else if (verb == "weights") {
      put_weights(session_, folder_ / name);
    } else if (verb == "run") {
      int times = 1;
      words >> times;
      for (int i = 0; i < times; ++i) check(lab_run(session_, name.c_str()));
    } else if (verb == "get") {
      const std::int32_t count = lab_get(session_, name.c_str());
      check(count);
      const std::int32_t* s = lab_shape();
      fmt::print("{} {}x{}x{}x{} {:08x}\n", name, s[0], s[1], s[2], s[3], checksum(lab_values(), count));
    } else {
      sumi::fail("script", "unknown verb in '" + text + "'");
    }
  }

 private:
  std::filesystem::path folder_;
  std::int32_t session_ = 0;
};

}  // namespace

int main(int count, char** arguments) try {
  if (count != 2) sumi::fail("lab_script", "give one script");
  std::ifstream file(arguments[1]);
  if (!file) sumi::fail(arguments[1], "cannot be read");
  Script script(arguments[1]);
  for (std::string text; std::getline(file, text);) script.line(text);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
