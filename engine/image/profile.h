// Conversion from ICC profiles to sRGB by Little CMS. Private to the image and data libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sumi::io {

// Converts 16-bit samples in the space that an ICC profile describes to 16-bit sRGB.
class ProfileTransform {
 public:
  // `colors`: 1 gray, 3 RGB, 4 CMYK (0 is no ink).
  ProfileTransform(const std::string& profile, int colors);
  ~ProfileTransform();
  ProfileTransform(const ProfileTransform&) = delete;
  ProfileTransform& operator=(const ProfileTransform&) = delete;

  // Why the profile cannot be used ("is damaged"), or "".
  const std::string& objection() const { return objection_; }
  // in [pixels, colors], out [pixels, 3].
  void operator()(const std::uint16_t* in, std::uint16_t* out, std::size_t pixels) const;

 private:
  void* transform_ = nullptr;
  std::string objection_;
};

}  // namespace sumi::io
