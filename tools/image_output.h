// Output of generated images: one sheet, or numbered files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/video/clip_writer.h"

namespace sumi::cli {

// The value of -o: a folder (it exists, or the text ends in /) or a pattern ("frame-{}.png",
// "frame-%05d.png") for numbered images; any other name for one sheet.
class ImagePath {
 public:
  // Throws UsageError for an empty or invalid pattern; `count` determines the number of digits in a
  // folder's names.
  ImagePath(const std::string& text, std::int64_t count);

  bool numbered() const { return numbered_; }
  std::filesystem::path file(std::int64_t index) const;  // of one image; any index for a sheet
  // Creates the folders and checks that a file can be written, before the contents are computed.
  void prepare() const;
  // "out/00000.png ... out/00063.png".
  std::string describe(std::int64_t count) const;

 private:
  std::string before_, after_;
  std::int64_t count_;
  int digits_ = 0;
  bool numbered_ = false;
};

// Where generated images go: one sheet, numbered files, or a clip.
class ImageSink {
 public:
  // Square images of `side` pixels. `frames_per_second` above 0: a clip.
  ImageSink(const ImagePath& path, int side, int frames_per_second);
  // Returns true if the name is a clip's.
  static bool is_clip(const std::filesystem::path& target);
  // Throws Error for a name that no clip is written to.
  static void check_clip(const std::filesystem::path& target);

  void write(Image8 image);
  // `columns` of the sheet; 0: nearly square.
  void finish(int columns);

 private:
  void write_frame(const Image8& image);

  const ImagePath& path_;
  std::optional<video::ClipWriter> clip_;
  std::vector<Image8> sheet_;
  std::int64_t count_ = 0;
};

}  // namespace sumi::cli
