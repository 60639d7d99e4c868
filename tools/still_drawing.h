// The moments of a still: drawings of one photograph that differ in their lines.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "engine/image/stylize/plane.h"
#include "tools/animate_arguments.h"

namespace sumi::cli {

// Draws photographs of one size, all with the same random fields, so that layers agree.
class StillDrawer {
 public:
  StillDrawer() = default;
  StillDrawer(const StillDrawer&) = delete;
  StillDrawer& operator=(const StillDrawer&) = delete;
  virtual ~StillDrawer() = default;

  // --boil drawings; one if nothing of the photograph can be redrawn. `face`: 0..1, where lines
  // move half as far; may be empty. `warn` receives that in one line.
  virtual std::vector<Photo> draw(const Photo& photo, const stylize::Plane& face) = 0;
  // Returns true if the photo is a drawing already, which moves as it is.
  virtual bool passes(const Photo&, std::string&) const { return false; }
};

using Warn = std::function<void(const std::string&)>;

// By the arguments' style or model. Errors as photo_filter()'s.
std::unique_ptr<StillDrawer> still_drawer(AnimateArguments& args, Warn warn);
// For drawings: nothing is redrawn but their lines.
std::unique_ptr<StillDrawer> drawn_still(const AnimateArguments& args, Warn warn);

}  // namespace sumi::cli
