// Color information in an HEVC stream, which libheif 1.15 does not expose. Private to the image and
// data libraries.
#pragma once

#include <string>

namespace sumi::io {

struct CodePoints {
  int primaries = 2, transfer = 2;  // 2: unspecified
};

// Reads the first sequence parameter set in the file's decoder configuration ("hvcC"). Damaged data
// gives "unspecified".
CodePoints hevc_code_points(const std::string& file);

}  // namespace sumi::io
