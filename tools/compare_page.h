// An HTML page that shows an image before and after, with a slider between the two.
#pragma once

#include <string>
#include <string_view>

namespace sumi::cli {

struct PageImage {
  std::string_view bytes;  // of a file that browsers show
  std::string_view type;   // "image/png"
};

// One file that needs no other and no network: the images are in it (base64, RFC 4648). The mouse,
// a finger and the arrow keys move the slider. `title` is shown as text, whatever is in it.
std::string compare_page(const std::string& title, int width, int height, const PageImage& before,
                         const PageImage& after);

}  // namespace sumi::cli
