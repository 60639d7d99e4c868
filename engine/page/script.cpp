#include "engine/page/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/error.h"
#include "engine/page/script_text.h"
#include "engine/serialize/file.h"

namespace sumi::page {
namespace {

constexpr std::uint64_t kMostBytes = 4 << 20;
constexpr int kMostPanel = 100'000;

struct PlaceName {
  std::string_view name;
  Place place;
  Point speaker;  // for a tail that points there
};
constexpr std::array<PlaceName, 8> kPlaces{{{"left", Place::left, {0.2, 0.6}},
                                            {"right", Place::right, {0.8, 0.6}},
                                            {"top", Place::top, {0.5, 0.2}},
                                            {"bottom", Place::bottom, {0.5, 0.85}},
                                            {"top left", Place::top_left, {0.2, 0.2}},
                                            {"top right", Place::top_right, {0.8, 0.2}},
                                            {"bottom left", Place::bottom_left, {0.2, 0.85}},
                                            {"bottom right", Place::bottom_right, {0.8, 0.85}}}};

const PlaceName& parse_place(const std::string& file, int line, std::string_view name) {
  std::string words(name);
  std::replace(words.begin(), words.end(), '-', ' ');
  for (const PlaceName& known : kPlaces)
    if (known.name == words) return known;
  fail_at(file, line,
          "@" + std::string(name) +
              " is not a place; use @left, @right, @top, @bottom, @top left, @top right, "
              "@bottom left or @bottom right");
}

// Reads a whole number of at most nine digits from the beginning of `text`.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "40 70", in percent, or a place.
Point parse_speaker(const std::string& file, int line, std::string_view text) {
  std::string_view rest = text;
  const std::optional<int> x = take_number(rest);
  if (!x) return parse_place(file, line, text).speaker;
  rest = trimmed(rest);
  const std::optional<int> y = take_number(rest);
  if (!y || !rest.empty() || *x < 0 || *x > 100 || *y < 0 || *y > 100)
    fail_at(file, line, "> takes a place, or two numbers from 0 to 100, such as > 40 70");
  return {*x / 100.0, *y / 100.0};
}

// "2 @left > 40 70: text"
ScriptLine parse_line(const std::string& file, int number, std::string_view line) {
  // Chinese and Japanese keyboards write a wide colon.
  const std::string_view wide = "\xEF\xBC\x9A";
  const std::size_t narrow_at = line.find(':'), wide_at = line.find(wide);
  const std::size_t colon = std::min(narrow_at, wide_at);
  if (colon == std::string_view::npos)
    fail_at(file, number, "there is no colon; write PANEL: text, such as 2: \"Hello!\"");
  std::string_view head = trimmed(line.substr(0, colon));
  const std::string_view text = trimmed(line.substr(colon + (colon == wide_at ? wide.size() : 1)));
  ScriptLine result;
  result.line = number;
  Place place = Place::anywhere;
  std::optional<Point> speaker;
  if (const std::size_t arrow = head.find('>'); arrow != std::string_view::npos) {
    speaker = parse_speaker(file, number, trimmed(head.substr(arrow + 1)));
    head = trimmed(head.substr(0, arrow));
  }
  if (const std::size_t at = head.find('@'); at != std::string_view::npos) {
    place = parse_place(file, number, trimmed(head.substr(at + 1))).place;
    head = trimmed(head.substr(0, at));
  }
  std::string_view digits = head;
  const std::optional<int> panel = take_number(digits);
  if (!panel || !digits.empty() || *panel < 1 || *panel > kMostPanel)
    fail_at(
        file, number,
        "'" + std::string(head) + "' is not the number of a panel; write PANEL: text, such as 2: \"Hello!\"");
  result.panel = *panel;
  result.lettering = parse_text(text);
  result.lettering.place = place;
  result.lettering.speaker = speaker;
  if (result.lettering.text.empty()) fail_at(file, number, "there is no text after the colon");
  return result;
}

bool has_extension(const std::filesystem::path& path, std::string_view extension) {
  std::string own = path.extension().string();
  std::transform(own.begin(), own.end(), own.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return own == extension;
}

}  // namespace

Script read_script(const std::filesystem::path& path) {
  const std::string file = path.string();
  const std::vector<std::string> lines = script_lines(file, read_file(path, kMostBytes));
  Script script;
  const bool vtt = has_extension(path, ".vtt");
  if (vtt || has_extension(path, ".srt")) {
    script.timed = true;
    parse_subtitles(file, lines, vtt, script);
    return script;
  }
  constexpr std::string_view kTitle = "title:";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = trimmed(lines[i]);
    if (line.empty() || line.front() == '#') continue;
    const int number = static_cast<int>(i) + 1;
    if (line.starts_with(kTitle))
      script.title = trimmed(line.substr(kTitle.size()));
    else
      script.lines.push_back(parse_line(file, number, line));
  }
  return script;
}

namespace {

// The panel of a subtitle.
std::size_t panel_at(const ScriptLine& line, const std::vector<double>& times) {
  const auto shown = std::lower_bound(times.begin(), times.end(), line.start);
  if (shown != times.end() && *shown <= line.end) return static_cast<std::size_t>(shown - times.begin());
  const auto after = std::upper_bound(times.begin(), times.end(), (line.start + line.end) / 2);
  return after == times.begin() ? 0 : static_cast<std::size_t>(after - times.begin()) - 1;
}

}  // namespace

Script script_of_subtitles(const std::vector<TimedText>& texts, const std::string& clip) {
  Script script;
  script.timed = true;
  int number = 0;
  for (const TimedText& text : texts) {
    ScriptLine cue;
    cue.line = ++number;
    cue.start = text.start;
    cue.end = std::max(text.start, text.end);
    add_cue(cue, script_lines(clip, text.text), script);
  }
  return script;
}

int keep_nearest(Script& script, const std::vector<double>& times, int most) {
  if (!script.timed || times.empty()) return 0;
  const auto away = [&](const ScriptLine& line) {
    const double moment = times[panel_at(line, times)];
    return moment < line.start ? line.start - moment : std::max(0.0, moment - line.end);
  };
  std::vector<std::vector<std::size_t>> of_panel(times.size());
  for (std::size_t i = 0; i < script.lines.size(); ++i)
    of_panel[panel_at(script.lines[i], times)].push_back(i);
  std::vector<std::size_t> chosen;
  for (std::vector<std::size_t>& lines : of_panel) {
    std::stable_sort(lines.begin(), lines.end(), [&](std::size_t a, std::size_t b) {
      return away(script.lines[a]) < away(script.lines[b]);
    });
    const std::size_t count = std::min(lines.size(), static_cast<std::size_t>(most));
    chosen.insert(chosen.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::sort(chosen.begin(), chosen.end());
  std::vector<ScriptLine> kept;
  for (const std::size_t i : chosen) kept.push_back(std::move(script.lines[i]));
  const int left_out = static_cast<int>(script.lines.size() - kept.size());
  script.lines = std::move(kept);
  return left_out;
}

std::vector<std::vector<Lettering>> letterings_of_panels(const Script& script,
                                                         const std::filesystem::path& path, int panels,
                                                         const std::vector<double>& times) {
  std::vector<std::vector<Lettering>> result(static_cast<std::size_t>(panels));
  for (std::size_t i = 0; i < script.lines.size(); ++i) {
    const ScriptLine& line = script.lines[i];
    std::size_t panel = static_cast<std::size_t>(line.panel) - 1;
    if (script.timed && times.size() == result.size()) {
      panel = panel_at(line, times);
    } else if (script.timed) {
      panel = script.lines.size() <= result.size() ? i : i * result.size() / script.lines.size();
    } else if (line.panel > panels) {
      fail_at(path.string(), line.line,
              "there is no panel " + std::to_string(line.panel) + "; the last is " + std::to_string(panels));
    }
    result[panel].push_back(line.lettering);
  }
  return result;
}

}  // namespace sumi::page
