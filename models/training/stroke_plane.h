// Planes of strokes from drawings, beside a stylizer's examples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/data/file_listing.h"
#include "engine/image/image.h"

namespace sumi {

class StrokePlanes {
 public:
  StrokePlanes() = default;
  // The images of a folder. `warn` as in DatasetEvents. Throws Error "[--drawings DIR] ..." for a
  // folder without images.
  StrokePlanes(const std::filesystem::path& folder, const std::function<void(const std::string&)>& warn);

  bool empty() const { return files_.empty(); }
  const std::vector<io::ListedFile>& files() const { return files_; }

  // A plane [height,width,1] covered with drawn_lines() of randomly chosen drawings, in rows from
  // the top: each is shrunk to a random short side of 140 to 400 pixels, where it is larger, and
  // mirrored half of the time. Equal arguments give equal planes. Thread-safe.
  Image8 plane(int width, int height, std::uint64_t seed) const;

 private:
  Image8 strokes_of(const io::ListedFile& file, int short_side, bool mirrored) const;

  std::filesystem::path folder_;
  std::vector<io::ListedFile> files_;
};

}  // namespace sumi
