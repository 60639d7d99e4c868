// The codec module: OpenImageIO, libwebp, libheif and the 250 libraries behind them, which take a
// third of a second to load. It is loaded when the first image needs it; PNG, JPEG and BMP
// (engine/image/codecs_direct) do not. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "kernels/base/check.h"

namespace sumi::io {

// The module is missing, does not load or belongs to another build. The image is not at fault: a
// data set must not skip it.
struct CodecsUnavailable : Error {
  using Error::Error;
};

// The interface between module and program. Exceptions may cross it: both are linked to the same
// C++ runtime.
struct Codecs {
  // the module's SUMI_CODECS_STAMP: the version and a checksum of this header and of those it
  // includes
  const char* stamp;
  // Decodes a file of `format` (probe_image) without its metadata. Throws Error "[image PATH]
  // ...", and the exceptions of decoders.
  Decoded (*decode)(const std::filesystem::path& path, const std::string& format,
                    const DecodeOptions& options);
  // Encodes a file in the format given by the extension of `path`, which is not opened; quality 1
  // to 100. Throws Error "[write PATH] ...".
  std::string (*encode)(const std::filesystem::path& path, const Samples& samples, int quality);
};

// The module's only symbol.
extern "C" const Codecs* sumi_codecs();

// Loads the module at the first call; thread-safe. It is searched in the file named by the
// environment variable SUMI_CODECS; otherwise beside the program, in the library folder of the
// program's installation, and in the program's RUNPATH, which find_package(sumi) sets. Throws
// CodecsUnavailable.
const Codecs& codecs();

}  // namespace sumi::io
