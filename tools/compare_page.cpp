#include "tools/compare_page.h"

#include <fmt/format.h>

#include "engine/serialize/base64.h"

namespace sumi::cli {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
  :root { color-scheme: light dark; --at: 50%; }
  body { margin: 0; display: grid; min-height: 100vh; place-content: center; justify-items: center; gap: .6rem;
         font: 1rem system-ui, sans-serif; }
  h1 { font-size: 1rem; font-weight: 500; margin: 0; overflow-wrap: anywhere; }
  figure { position: relative; margin: 0; overflow: hidden; line-height: 0; touch-action: pan-y; }
  img { width: 100%; height: 100%; position: absolute; inset: 0; user-select: none; }
  .after { clip-path: inset(0 0 0 var(--at)); }
  figure::after { content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 3px;
                  margin-left: -1.5px; background: #fff; box-shadow: 0 0 4px #000a; pointer-events: none; }
  span { position: absolute; bottom: .6rem; padding: .35rem .6rem; border-radius: 1rem; color: #fff;
         background: #000a; font-size: .8rem; line-height: 1; pointer-events: none; }
  input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize; }
  figure:focus-within { outline: 3px solid #48f; }
</style>
)";

constexpr std::string_view kTail =
    R"(  <span style="left:.6rem">before</span><span style="right:.6rem">after</span>
  <input type="range" min="0" max="100" step="0.1" value="50" aria-label="share of the image before">
</figure>
<script>
  const slider = document.querySelector("input");
  const show = () => document.documentElement.style.setProperty("--at", slider.value + "%");
  slider.addEventListener("input", show);
  show();
</script>
</html>
)";

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '&')
      safe += "&amp;";
    else if (c == '"')
      safe += "&quot;";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

std::string compare_page(const std::string& title, int width, int height, const PageImage& before,
                         const PageImage& after) {
  std::string page(kHead);
  const std::string name = escaped(title);
  page += fmt::format("<title>{}</title>\n<h1>{}</h1>\n", name, name);
  // As large as the window lets it be, and no larger than its pixels.
  page += fmt::format("<figure style=\"width:min(96vw,{0}px,86vh*{0}/{1});aspect-ratio:{0}/{1}\">\n", width,
                      height);
  page +=
      fmt::format("  <img alt=\"before\" src=\"data:{};base64,{}\">\n", before.type, base64(before.bytes));
  page += fmt::format("  <img alt=\"after\" class=\"after\" src=\"data:{};base64,{}\">\n", after.type,
                      base64(after.bytes));
  page += kTail;
  return page;
}

}  // namespace sumi::cli
