// How large a picture says it is, before a decoder believes it. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace sumi::io {

// Width and height out of the first MiB of a file of `format` (OpenImageIO's name), for the formats whose decoders take
// memory for all pixels when they open a file: gif, webp, jpeg2000 and heif. Nothing where they are not found.
std::optional<std::pair<std::int64_t, std::int64_t>> claimed_size(const std::string& format,
                                                                  const std::filesystem::path& path);

// Error "[where] ..." for a width x height above `max_pixels`, or above what `bytes` of any format's file hold: pictures of
// more than 16 million pixels with 10,000 of them in each byte are bombs.
void check_size(const std::string& where, std::int64_t width, std::int64_t height, std::uint64_t bytes,
                std::int64_t max_pixels);

}  // namespace sumi::io
