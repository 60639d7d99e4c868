// Width and height of the images of a run: the value of --size.
#pragma once

#include <string>

namespace sumi {

struct ImageSize {
  int width = 64, height = 64;

  constexpr ImageSize() = default;
  explicit constexpr ImageSize(int side) : width(side), height(side) {}
  constexpr ImageSize(int w, int h) : width(w), height(h) {}
  ImageSize& operator=(int side) {
    width = height = side;
    return *this;
  }
  // The side of a square. Models with other images read width and height.
  constexpr operator int() const { return width; }
  bool is_square() const { return width == height; }
  bool operator==(const ImageSize&) const = default;

  // "64", or "64x48": width by height.
  std::string str() const;
};

// The inverse of str(), with sides from 1 to 4096. Returns false for other text.
bool parse_image_size(const std::string& text, ImageSize& size);

}  // namespace sumi
