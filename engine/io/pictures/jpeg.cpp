#include "engine/io/pictures/jpeg.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace sumi::io {
namespace {

// Where APP13 markers stand before the picture's own data. Between segments libjpeg looks for the next marker, over
// whatever stands there, and so does this.
std::vector<std::streamoff> photoshop_markers(std::ifstream& file) {
  std::vector<std::streamoff> found;
  file.seekg(2);
  for (;;) {
    int byte = file.get();
    while (file && byte != 0xff) byte = file.get();
    while (file && byte == 0xff) byte = file.get();
    if (!file || byte == 0xda) return found;
    if (byte <= 0x01 || (byte >= 0xd0 && byte <= 0xd9)) continue;  // stands alone
    if (byte == 0xed) found.push_back(static_cast<std::streamoff>(file.tellg()) - 1);
    const int high = file.get(), low = file.get();
    if (!file) return found;
    file.seekg(std::max(0, (high << 8 | low) - 2), std::ios::cur);
  }
}

}  // namespace

std::vector<char> without_photoshop(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<std::streamoff> markers = photoshop_markers(file);
  if (markers.empty()) return {};
  file.clear();
  file.seekg(0);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  for (const std::streamoff at : markers)
    if (static_cast<std::size_t>(at) < bytes.size()) bytes[static_cast<std::size_t>(at)] = '\xef';  // APP15
  return bytes;
}

}  // namespace sumi::io
