// The module with the codecs: OpenImageIO, libwebp, libheif and the 250 libraries behind them, which take a third of a second to
// load. It is opened when the first image needs it; PNG, JPEG and BMP (engine/image/codecs_direct) do not. Private to the image and data libraries.
#pragma once

#include <filesystem>
#include <string>

#include "engine/image/decode.h"
#include "engine/image/encode.h"
#include "kernels/base/check.h"

namespace sumi::io {

// The module is missing, does not load or belongs to another build. No fault of the image: a data set must not skip it.
struct CodecsUnavailable : Error {
  using Error::Error;
};

// All that the module and the program call of each other. Exceptions pass: both are linked to the same C++ runtime.
struct Codecs {
  const char*
      stamp;  // SUMI_CODECS_STAMP of the module: the version and a checksum of this header and of those that it includes
  // A file of `format` (probe_picture) without its metadata. Errors "[picture PATH] ...", and the exceptions of decoders.
  Decoded (*decode)(const std::filesystem::path& path, const std::string& format,
                    const DecodeOptions& options);
  // The bytes of a file in the format of the extension of `path`, which is not opened, quality 1 to 100. Errors "[write PATH] ...".
  std::string (*encode)(const std::filesystem::path& path, const Samples& samples, int quality);
};

// The module's only symbol.
extern "C" const Codecs* sumi_codecs();

// Loads the module at the first call, from any thread. Looks for it in the file that the environment variable SUMI_CODECS names;
// otherwise beside the program, in the library folder of the program's installation, and in the program's RUNPATH, which
// find_package(sumi) sets. Throws CodecsUnavailable.
const Codecs& codecs();

}  // namespace sumi::io
