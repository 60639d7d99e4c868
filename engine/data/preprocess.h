// From a decoded picture to the one that is packed. Private to the image and data libraries.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/data/dataset.h"
#include "engine/image/image.h"

namespace sumi::io {

// "resize_and_crop": for file names and messages.
const char* name_of(Preprocess p);

// Whether a batch holds random crops of the packed pictures.
bool is_cropped(Preprocess p);

// {width, height} that every picture (of a pair: each side) is packed with, or {0, 0} if that depends on the picture.
std::array<std::int64_t, 2> common_size(const DatasetSpec& spec);

// {width, height} that a picture of width x height is packed with; may be absurdly large for a thin strip.
std::array<std::int64_t, 2> packed_size(std::int64_t width, std::int64_t height, const DatasetSpec& spec);

// The picture as it is packed, its edges smoothed where the spec says so. Error `[where]` when that has more pixels than 16384 x 16384.
template <class Level>
BasicImage<Level> preprocess_image(const std::string& where, const BasicImage<Level>& image,
                                   const DatasetSpec& spec);
template <>
Image8 preprocess_image(const std::string& where, const Image8& image, const DatasetSpec& spec);
template <>
Image16 preprocess_image(const std::string& where, const Image16& image, const DatasetSpec& spec);

// Errors `[where]` for sizes out of range, for crops larger than the pictures they are cut from, for depths that there are
// not, and for smoothed edges of 16 bits.
void check_preprocess(const std::string& where, const DatasetSpec& spec);

}  // namespace sumi::io
