// What goes with a picture from file to file: EXIF and the resolution in print.
#pragma once

#include <string>

namespace sumi {

struct Metadata {
  // A TIFF header and its directories, as EXIF has it: author, copyright, dates, camera, place, as they were; orientation 1, sRGB, and
  // nothing that describes the old pixels (thumbnail, size, maker notes). "": none.
  std::string exif;
  double dpi_x = 0, dpi_y = 0;  // 0: unknown
};

}  // namespace sumi
