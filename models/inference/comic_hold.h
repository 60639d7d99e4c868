// What a stylizer's drawing takes from the whole image, held within a shot of a clip.
#pragma once

#include <string>
#include <vector>

#include "engine/image/stylize/front.h"

namespace sumi {

// Of the frame before; each frame moves it a little of the way to its own.
struct ComicHold {
  bool fresh = true;  // the next image's own values are taken as they are: it begins a shot
  stylize::LevelCurve curve;
  std::vector<std::vector<float>> tones;  // by the model's style; empty where it was not drawn

  // What to draw with. The tones of style `index`, ascending.
  stylize::LevelCurve ease_curve(const stylize::LevelCurve& own);
  std::vector<float> ease_tones(std::size_t index, const std::vector<float>& own);

  // As text, and back. Error "[clip] ..." for text that is damaged.
  std::string state() const;
  void set_state(const std::string& text);
};

}  // namespace sumi
