// Preprocessing of decoded images before packing. Private to the image and data libraries.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/data/dataset_spec.h"
#include "engine/image/image.h"

namespace sumi::io {

// "resize_and_crop": for file names and messages.
const char* name_of(Preprocess p);

// Returns true if batches hold random crops of the packed images.
bool is_cropped(Preprocess p);

// Returns the {width, height} of every packed image (of a pair: each side), or {0, 0} if it depends
// on the image.
std::array<std::int64_t, 2> common_size(const DatasetSpec& spec);

// Returns the packed {width, height} of an image of width x height; may be absurdly large for a
// thin strip.
std::array<std::int64_t, 2> packed_size(std::int64_t width, std::int64_t height, const DatasetSpec& spec);

// Returns the image as it is packed, with smoothed edges if the spec says so. Throws Error
// `[where]` if the result has more than 16384 x 16384 pixels.
template <class Level>
BasicImage<Level> preprocess_image(const std::string& where, const BasicImage<Level>& image,
                                   const DatasetSpec& spec);
template <>
Image8 preprocess_image(const std::string& where, const Image8& image, const DatasetSpec& spec);
template <>
Image16 preprocess_image(const std::string& where, const Image16& image, const DatasetSpec& spec);

// Throws Error `[where]` for sizes out of range, for crops larger than the images, for unsupported
// depths, and for smoothed edges with 16 bits.
void check_preprocess(const std::string& where, const DatasetSpec& spec);

}  // namespace sumi::io
