// The size that an image file claims, for predictions of time: quick, and not verified.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

namespace sumi {

// Width and height as stored (before EXIF orientation) from the first MiB of a png, jpg, bmp, tif,
// tga, ppm, gif, webp, jp2, heic or avif file. Nothing for other formats, for a size of 0, and for
// a file that cannot be read. Throws nothing.
std::optional<std::pair<std::int64_t, std::int64_t>> claimed_image_size(const std::filesystem::path& path);

}  // namespace sumi
