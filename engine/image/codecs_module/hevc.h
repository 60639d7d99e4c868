// Colors in an HEVC stream, which libheif 1.15 does not tell. Private to the image and data libraries.
#pragma once

#include <string>

namespace sumi::io {

struct CodePoints {
  int primaries = 2, transfer = 2;  // 2: not told
};

// Of the first sequence parameter set in the file's decoder configuration ("hvcC"). What is damaged tells nothing.
CodePoints hevc_code_points(const std::string& file);

}  // namespace sumi::io
