// SubRip (.srt) and WebVTT (.vtt) subtitles.
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/page/script_text.h"

namespace sumi::page {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads "[hours:]minutes:seconds.milliseconds" (SubRip has a comma) from the beginning of `text`.
std::optional<double> take_time(std::string_view& text) {
  double parts[3] = {};
  int count = 0;
  while (true) {
    double number = 0;
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits]) && digits < 9)
      number = number * 10 + (text[digits++] - '0');
    if (digits == 0 || count == 3) return std::nullopt;
    parts[count++] = number;
    text.remove_prefix(digits);
    if (!text.starts_with(':')) break;
    text.remove_prefix(1);
  }
  double fraction = 0, unit = 0.1;
  if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
    text.remove_prefix(1);
    for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), unit /= 10)
      fraction += unit * (text.front() - '0');
  }
  if (count < 2) return std::nullopt;
  return (count == 3 ? parts[0] * 3600 + parts[1] * 60 + parts[2] : parts[0] * 60 + parts[1]) + fraction;
}

struct Times {
  double start, end;
};

// "00:00:01,000 --> 00:00:02,500 position:50%"
Times parse_times(const std::string& file, int number, std::string_view line) {
  std::string_view rest = trimmed(line);
  const std::optional<double> start = take_time(rest);
  rest = trimmed(rest);
  std::optional<double> end;
  if (start && rest.starts_with("-->")) {
    rest = trimmed(rest.substr(3));
    end = take_time(rest);
  }
  if (!end) fail_at(file, number, "the times are not of the form 00:00:01,000 --> 00:00:02,500");
  if (*end < *start) fail_at(file, number, "the cue ends before it starts");
  return {*start, *end};
}

// Without <i>, <v Name>, {\an8}; entities replaced.
std::string without_markup(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char close = text.front() == '<' ? '>' : text.starts_with("{\\") ? '}' : '\0';
    const std::size_t end = close != '\0' ? text.find(close) : std::string_view::npos;
    if (end != std::string_view::npos) {
      text.remove_prefix(end + 1);
      continue;
    }
    struct Entity {
      std::string_view name, text;
    };
    bool replaced = false;
    for (const Entity& entity :
         {Entity{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&nbsp;", " "}, {"&lrm;", ""}, {"&rlm;", ""}})
      if (text.starts_with(entity.name)) {
        result += entity.text;
        text.remove_prefix(entity.name.size());
        replaced = true;
        break;
      }
    if (replaced) continue;
    result += text.front();
    text.remove_prefix(1);
  }
  return std::string(trimmed(result));
}

// A dialog's dashes go; a text in parentheses or brackets describes and is a caption.
Lettering subtitle_text(const std::string& text) {
  Lettering lettering;
  lettering.kind = LetteringKind::speech;
  lettering.text = text;
  const bool described =
      (text.front() == '(' && text.back() == ')') || (text.front() == '[' && text.back() == ']');
  if (!described) return lettering;
  lettering.kind = LetteringKind::caption;
  lettering.text = std::string(trimmed(std::string_view(text).substr(1, text.size() - 2)));
  return lettering;
}

}  // namespace

void add_cue(ScriptLine cue, const std::vector<std::string>& lines, Script& script) {
  std::vector<std::string> texts;
  for (const std::string& line : lines) {
    const std::string text = without_markup(line);
    if (text.empty()) continue;
    // Lines that begin with a dash are of different speakers.
    if (text.starts_with("- ") || text.starts_with("\u2013 "))
      texts.emplace_back(trimmed(std::string_view(text).substr(text.find(' '))));
    else if (texts.empty())
      texts.push_back(text);
    else
      texts.back() += " " + text;
  }
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    cue.lettering = subtitle_text(text);
    if (!cue.lettering.text.empty()) script.lines.push_back(cue);
  }
}

void parse_subtitles(const std::string& file, const std::vector<std::string>& lines, bool vtt,
                     Script& script) {
  std::size_t at = 0;
  if (vtt && !(lines[0] == "WEBVTT" || lines[0].starts_with("WEBVTT ") || lines[0].starts_with("WEBVTT\t")))
    fail_at(file, 1, "a .vtt file begins with WEBVTT");
  if (vtt) ++at;
  while (at < lines.size()) {
    // One block: up to an empty line.
    const std::size_t begin = at;
    while (at < lines.size() && !trimmed(lines[at]).empty()) ++at;
    const std::size_t end = at++;
    if (end == begin) continue;
    std::size_t times = begin;
    while (times < end && lines[times].find("-->") == std::string::npos) ++times;
    if (times == end) {
      // NOTE, STYLE and REGION blocks, and what follows the header.
      if (vtt) continue;
      fail_at(file, static_cast<int>(begin) + 1,
              "there is no line of times, such as 00:00:01,000 --> 00:00:02,500");
    }
    if (vtt && lines[begin].starts_with("NOTE")) continue;
    ScriptLine cue;
    cue.line = static_cast<int>(times) + 1;
    const auto [start, stop] = parse_times(file, cue.line, lines[times]);
    cue.start = start;
    cue.end = stop;
    const auto at_line = [&](std::size_t i) { return lines.begin() + static_cast<std::ptrdiff_t>(i); };
    add_cue(cue, {at_line(times + 1), at_line(end)}, script);
  }
}

}  // namespace sumi::page
