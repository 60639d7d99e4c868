// What a call of sumi convert does to each frame of a clip: as photo_filter, with the statistics of
// a style held and eased within a shot.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/image/photo.h"
#include "engine/image/stylize/style.h"
#include "tools/convert_options.h"

namespace sumi::cli {

class ClipFilter {
 public:
  ClipFilter() = default;
  ClipFilter(const ClipFilter&) = delete;
  ClipFilter& operator=(const ClipFilter&) = delete;
  virtual ~ClipFilter() = default;

  // `cut`: the frame begins a shot.
  virtual Photo apply(const Photo& frame, bool cut) = 0;
  // What suits the style.
  virtual stylize::ClipBlend blend() const = 0;
  // What the next frames depend on, as text.
  virtual std::string state() const { return ""; }
  virtual void set_state(const std::string&) {}
};

// Errors as photo_filter's.
std::unique_ptr<ClipFilter> clip_filter(ConvertArguments& args, std::function<void(const std::string&)> warn);

}  // namespace sumi::cli
