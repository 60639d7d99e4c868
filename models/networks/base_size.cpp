#include "models/networks/base_size.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"

namespace sumi {
namespace {

constexpr int kLeastBase = 3, kMostBase = 16, kMostImageSide = 256;

}  // namespace

BaseSize base_size(const TrainOptions& o, const std::string& model, int least) {
  BaseSize base{o.size.height, o.size.width, 0};
  while (base.height % 2 == 0 && base.width % 2 == 0 && std::min(base.height, base.width) >= 2 * kLeastBase) {
    base.height /= 2;
    base.width /= 2;
    ++base.doublings;
  }
  const bool fits = std::min(base.height, base.width) >= kLeastBase &&
                    std::max(base.height, base.width) <= kMostBase && base.doublings >= least &&
                    std::max(o.size.height, o.size.width) <= kMostImageSide;
  if (!fits)
    fail("--size",
         fmt::format("{} is not possible for {}; use sides that are {} to {} times the same power of two, "
                     "from {} on, and at most {}, such as 64, 48 or 64x48",
                     o.size.str(), model, kLeastBase, kMostBase, 1 << least, kMostImageSide));
  return base;
}

}  // namespace sumi
