// Where generated pictures go: one sheet, or numbered files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/image.h"

namespace sumi::cli {

// What -o means: a folder (it exists, or the text ends in /) and a pattern ("frame-{}.png", "frame-%05d.png")
// take numbered pictures, any other name takes one sheet.
class PicturePath {
 public:
  // UsageError for an empty or broken pattern; `count` decides how many digits a folder's names have.
  PicturePath(const std::string& text, std::int64_t count);

  bool numbered() const { return numbered_; }
  std::filesystem::path file(std::int64_t index) const;  // of one picture; any index for a sheet
  // Makes the folders and checks that a file can be written, before time is spent on its contents.
  void prepare() const;
  // "out/00000.png ... out/00063.png".
  std::string describe(std::int64_t count) const;

 private:
  std::string before_, after_;
  std::int64_t count_;
  int digits_ = 0;
  bool numbered_ = false;
};

// Each pixel repeated `scale` times in both directions.
Image8 enlarge(const Image8& picture, int scale);

}  // namespace sumi::cli
