// Image sizes claimed by file headers, checked before decoding. Private to the image and data
// libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace sumi::io {

// Returns width and height from the first MiB of a file of `format` (ImageFormat::name), for
// formats whose decoders allocate all pixels when they open a file: gif, webp, jpeg2000 and heif.
// Returns nothing if they are not found.
std::optional<std::pair<std::int64_t, std::int64_t>> claimed_size(const std::string& format,
                                                                  const std::filesystem::path& path);

// Throws Error "[where] ..." for a width x height above `max_pixels`, or beyond what a file of
// `bytes` can hold in any format: images of more than 16 million pixels with 10,000 of them per
// byte are decompression bombs.
void check_size(const std::string& where, std::int64_t width, std::int64_t height, std::uint64_t bytes,
                std::int64_t max_pixels);

}  // namespace sumi::io
