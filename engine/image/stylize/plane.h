// Planes of floats: the memory that the filters of engine/image/stylize compute on.
#pragma once

#include <cstddef>
#include <memory>

namespace sumi::stylize {

// While one lives, the memory of planes that this thread frees is kept for planes of the same size:
// fresh memory costs a page fault for each 4 KiB, which is more than most filters take for as much.
// Scopes may be nested; the last one gives the memory back.
class PlaneMemory {
 public:
  PlaneMemory();
  PlaneMemory(const PlaneMemory&) = delete;
  PlaneMemory& operator=(const PlaneMemory&) = delete;
  ~PlaneMemory();
};

// One value for each pixel, rows from the top. Fresh values are undefined. Moves, and is copied by
// copy() alone.
class Plane {
 public:
  Plane() = default;
  Plane(int width, int height);
  Plane(int width, int height, float value);
  Plane(Plane&& other) noexcept;
  Plane& operator=(Plane&& other) noexcept;
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;
  ~Plane();

  Plane copy() const;
  int width() const { return width_; }
  int height() const { return height_; }
  bool empty() const { return data_ == nullptr; }
  std::size_t pixels() const { return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_); }
  float* row(int y) { return data_.get() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width_); }
  const float* row(int y) const {
    return data_.get() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width_);
  }
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

 private:
  int width_ = 0, height_ = 0;
  std::unique_ptr<float[]> data_;
};

// CIE L*a*b* of sRGB under D65: L in 0..100.
struct Lab {
  Plane L, a, b;

  Lab() = default;
  Lab(int width, int height) : L(width, height), a(width, height), b(width, height) {}
  Lab(Plane lightness, Plane red, Plane yellow)
      : L(std::move(lightness)), a(std::move(red)), b(std::move(yellow)) {}
  Lab copy() const { return {L.copy(), a.copy(), b.copy()}; }
  int width() const { return L.width(); }
  int height() const { return L.height(); }
};

// sRGB in 0..1.
struct Rgb {
  Plane red, green, blue;

  Rgb() = default;
  Rgb(int width, int height) : red(width, height), green(width, height), blue(width, height) {}
  int width() const { return red.width(); }
  int height() const { return red.height(); }
};

}  // namespace sumi::stylize
