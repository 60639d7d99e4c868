#include "engine/image/stylize/plane.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sumi::stylize {
namespace {

struct Kept {
  std::size_t size;
  std::unique_ptr<float[]> data;
};
thread_local int scopes = 0;
thread_local std::vector<Kept> kept;
constexpr std::size_t kMostKept = 64;                      // planes,
constexpr std::size_t kMostFloats = std::size_t{1} << 26;  // and 256 MiB of them
thread_local std::size_t kept_floats = 0;

void drop_oldest() {
  kept_floats -= kept.front().size;
  kept.erase(kept.begin());
}

std::unique_ptr<float[]> take(std::size_t size) {
  const auto found = std::find_if(kept.rbegin(), kept.rend(), [=](const Kept& k) { return k.size == size; });
  if (found == kept.rend()) return std::make_unique_for_overwrite<float[]>(size);
  std::unique_ptr<float[]> data = std::move(found->data);
  kept.erase(std::next(found).base());
  kept_floats -= size;
  return data;
}

void give(std::size_t size, std::unique_ptr<float[]> data) {
  if (!data || scopes == 0 || size == 0 || size > kMostFloats) return;
  while (!kept.empty() && (kept.size() == kMostKept || kept_floats + size > kMostFloats)) drop_oldest();
  kept.push_back({size, std::move(data)});
  kept_floats += size;
}

}  // namespace

PlaneMemory::PlaneMemory() {
  kept.reserve(kMostKept);  // so that give() never allocates
  ++scopes;
}

PlaneMemory::~PlaneMemory() {
  if (--scopes > 0) return;
  kept.clear();
  kept_floats = 0;
}

Plane::Plane(int width, int height) : width_(width), height_(height), data_(take(pixels())) {}

Plane::Plane(int width, int height, float value) : Plane(width, height) {
  std::fill_n(data_.get(), pixels(), value);
}

Plane::Plane(Plane&& other) noexcept
    : width_(std::exchange(other.width_, 0)),
      height_(std::exchange(other.height_, 0)),
      data_(std::move(other.data_)) {}

Plane& Plane::operator=(Plane&& other) noexcept {
  std::swap(width_, other.width_);
  std::swap(height_, other.height_);
  std::swap(data_, other.data_);
  return *this;
}

Plane::~Plane() {
  give(pixels(), std::move(data_));
}

Plane Plane::copy() const {
  Plane result(width_, height_);
  std::copy_n(data_.get(), pixels(), result.data());
  return result;
}

}  // namespace sumi::stylize
