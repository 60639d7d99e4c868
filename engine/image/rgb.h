// An 8-bit sRGB color.
#pragma once

#include <array>
#include <cstdint>

namespace sumi {

using Rgb = std::array<std::uint8_t, 3>;

}  // namespace sumi
