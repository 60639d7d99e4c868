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

// Reads the fields of an EXIF block, or of a classic TIFF file, that describe the image rather than
// its storage. Returns nothing for other data; fields with offsets out of range are ignored.
std::optional<Exif> read_exif(std::istream& in);

// 1 to 8; 1 if not specified.
int orientation_of(const Exif& exif);
// Sets the metadata's resolution (dots per inch) if the block has one.
void take_resolution(const Exif& exif, Metadata& metadata);
// The block to write to the output (Metadata::exif), or "".
std::string kept_exif(Exif exif);

// Serializes a directory with its values for `offset` in a file, without a `next` directory.
std::string directory_bytes(const std::vector<ExifField>& fields, std::uint32_t offset, bool big_endian);

}  // namespace sumi::io
