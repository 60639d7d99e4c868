// Metadata that is copied from input to output files: EXIF and the print resolution.
#pragma once

#include <string>

namespace sumi {

struct Metadata {
  // An EXIF block, a TIFF header with directories: author, copyright, dates, camera and place as
  // they were; orientation 1, sRGB, and nothing that describes the old pixels (thumbnail, size,
  // maker notes). "": none.
  std::string exif;
  double dpi_x = 0, dpi_y = 0;  // 0: unknown
};

}  // namespace sumi
