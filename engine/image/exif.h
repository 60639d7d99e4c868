// EXIF: directories of TIFF fields. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "engine/image/metadata.h"

namespace sumi::io {

struct ExifField {
  std::uint16_t tag = 0, type = 0;
  std::uint32_t count = 0;
  std::string bytes;  // in the file's byte order
};

struct Exif {
  bool big_endian = false;
  std::vector<ExifField> main, camera, place;  // IFD 0, Exif, GPS
};

// Of an EXIF block, or of a classic TIFF file: the fields that describe the picture and not how it is stored. Nothing for what is none;
// fields that lie outside are left out.
std::optional<Exif> read_exif(std::istream& in);

// 1 to 8; 1 where it is not told.
int orientation_of(const Exif& exif);
// Dots an inch into the metadata, where the block has them.
void take_resolution(const Exif& exif, Metadata& metadata);
// The block as it is written again (Metadata::exif), or "".
std::string kept_exif(Exif exif);

// A directory with its values, for `offset` in a file; `next` directories behind it are none.
std::string directory_bytes(const std::vector<ExifField>& fields, std::uint32_t offset, bool big_endian);

}  // namespace sumi::io
