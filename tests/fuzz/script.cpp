// Texts of a comic: the first byte says whether the rest is a text file, .srt or .vtt.
#include "engine/page/script.h"

#include <array>
#include <vector>

#include "tests/fuzz/target.h"

using namespace sumi;

namespace {

// Every text belongs to one panel and can be lettered.
void check_script(const page::Script& script, const std::filesystem::path& path) {
  constexpr int panels = 7;
  std::size_t given = 0;
  for (const page::ScriptLine& line : script.lines) {
    fuzz::require(!line.lettering.text.empty(), "texts that are not empty");
    fuzz::require(script.timed ? line.end >= line.start : line.panel >= 1, "a time or a panel");
    fuzz::touch(line.lettering.text.data(), line.lettering.text.size());
    ++given;
  }
  const std::vector<double> times{0, 1, 2, 3, 5, 8, 13};
  for (const std::vector<double>& at : {std::vector<double>{}, times}) {
    std::size_t placed = 0;
    for (const auto& panel : page::letterings_of_panels(script, path, panels, at)) placed += panel.size();
    fuzz::require(placed == given, "no text lost");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<fuzz::MemoryFile, 3> files{fuzz::MemoryFile(".txt"), fuzz::MemoryFile(".srt"),
                                               fuzz::MemoryFile(".vtt")};
  if (size == 0) return 0;
  const auto& path = files[data[0] % files.size()].put(data + 1, size - 1);
  fuzz::use_or_refuse(path, [&] { check_script(page::read_script(path), path); });
  return 0;
}
