#include "tools/page_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "engine/image/image_formats.h"
#include "tools/cli/number_rows.h"

namespace sumi::cli {
namespace {

constexpr double kInch = 25.4, kPoint = kInch / 72;  // mm
constexpr double kMostSide = 2000, kLeastSide = 20;  // of a page, mm

struct Paper {
  const char* name;
  double width, height;  // mm
};
constexpr std::array<Paper, 6> kPapers{{{"a4", 210, 297},
                                        {"a5", 148, 210},
                                        {"b5", 182, 257},
                                        {"letter", 216, 279},
                                        {"comic", 168, 260},
                                        {"square", 210, 210}}};

std::string paper_names() {
  std::string names;
  for (const Paper& paper : kPapers) names += (names.empty() ? "" : ", ") + std::string(paper.name);
  return names;
}

constexpr const char* kMillimeters = "MM";
const NumberRow<PageArguments> kPageNumbers[] = {
    {"--margin", &PageArguments::margin, kMillimeters, 0, 500, "Page", "margin of the page"},
    {"--gutter", &PageArguments::gutter, kMillimeters, 0, 100, "Page", "distance between panels"},
    {"--border", &PageArguments::border, kMillimeters, 0, 10, "Page",
     "width of the panels' ink borders; 0: none"},
    {"--halftone", &PageArguments::halftone, kMillimeters, 0, 20, "Page",
     "lay a screen of dots over the panels, with this distance from dot to dot; 0: none"},
    {"--font-size", &PageArguments::font_size, "PT", 2, 200, "Text",
     "size of the letters; texts that do not fit get up to 30 % smaller"},
    {"--frame-rate", &PageArguments::frame_rate, "N", 0.001, 1000, "Text",
     "frames a second of a folder of frames, for subtitles"},
};
const CountRow<PageArguments> kPageCounts[] = {
    {"--dpi", &PageArguments::dpi, "N", 20, 1200, "Page",
     "resolution of the page and of the images in a PDF"},
    {"--per-page", &PageArguments::per_page, "N", 0, page::kMostPanels, "Page",
     "panels on a page at most (0: up to six on one page, else about five)"},
    {"--frames", &PageArguments::frames, "N", -1, 1000, "Page",
     "key frames of a sequence: choose N of the images (0: by the number of shots; -1: all images, and 0 "
     "of a clip)"},
    {"--quality", &PageArguments::quality, "N", 1, 100, "Page", "of jpg and webp"},
};

// {width, height} in mm: a name, or "170x260".
std::optional<Paper> parse_paper(const std::string& text) {
  for (const Paper& paper : kPapers)
    if (text == paper.name) return paper;
  Paper paper{"", 0, 0};
  char rest = 0;
  if (text.size() > 20 || std::sscanf(text.c_str(), "%lfx%lf%c", &paper.width, &paper.height, &rest) != 2)
    return std::nullopt;
  const auto fits = [](double side) { return side >= kLeastSide && side <= kMostSide; };
  return fits(paper.width) && fits(paper.height) ? std::optional(paper) : std::nullopt;
}

}  // namespace

void PageArguments::add_options(CLI::App& command) {
  app = &command;
  set_help(command,
           "comic -i FILE|DIR... -o PAGE.png|PAGE.pdf [--style NAME | -m MODEL] [--text FILE] [options]",
           "  sumi comic -i a.jpg b.jpg c.jpg d.jpg -o page.png            one page, drawn in ink\n"
           "  sumi comic -i photos -o story.pdf --text story.txt           with captions and balloons\n"
           "  sumi comic -i photos -o page.png --style manga --right-to-left --page b5\n"
           "  sumi comic -i clip.mp4 -o page.png --frames 8                key frames of a clip\n",
           "Panels follow the shapes of the images, and detected faces are never cut. A text file has one "
           "line per text: 1: A caption; 2: \"A balloon\"; 2 @left: (a thought); 3: *a burst* (docs/cli.md "
           "has all forms). "
           "Several pages become page-1.png, page-2.png or one PDF.");
  command.add_option("-i,--input", inputs, "images in reading order, and folders of images; or a clip")
      ->type_name("FILE|DIR")
      ->group("Page");
  add_text(command, "-o,--output", output, "FILE", fmt::format("pdf, or an image: {}", writable_names()))
      ->group("Page");
  add_text(command, "--page", paper, "SIZE", paper_names() + ", or WIDTHxHEIGHT in mm")
      ->default_str(paper)
      ->group("Page");
  command
      .add_flag("--right-to-left,--rtl", right_to_left,
                "read panels and balloons from the right, as in manga")
      ->group("Page");
  add_rows(command, *this, kPageCounts);
  add_text(command, "--start", start, "TIME", "start of the part of a clip, in seconds or as 1:30.5 (0)")
      ->group("Page");
  add_text(command, "--end", end, "TIME", "end of the part of a clip (default: its end)")->group("Page");
  add_text(command, "--text", text, "FILE|clip|none",
           "captions and balloons: a text file, .srt or .vtt; clip: the clip's own subtitles (default); "
           "none: no text")
      ->group("Text");
  add_text(command, "--title", title, "TEXT", "title above the first page (default: the text file's)")
      ->group("Text");
  add_text(command, "--font", font, "NAME",
           "font family, or several in order of preference, separated by commas")
      ->default_str(font)
      ->group("Text");
  command.add_flag("--bold,!--no-bold", bold, "bold letters (the default)")->group("Text");
  command.add_flag("--vertical", vertical, "Chinese, Japanese and Korean texts run from top to bottom")
      ->group("Text");
  add_text(command, "--language", language, "TAG",
           "language of the text (ja, zh-cn, zh-tw, ko), for the forms of Chinese characters")
      ->group("Text");
  add_rows(command, *this, kPageNumbers);
  command.add_flag("--dry-run", dry_run, "list panels, crops and texts without drawing")->group("Page");
  drawing.add_drawing_options(command, "draw with a trained model instead of a style");
}

void PageArguments::check() {
  const std::string name = command_name(app);
  drawing.style.check(app, drawing.model);
  drawing.comic.check(app);
  if (drawing.model.empty()) drawing.comic.refuse(app);
  if (drawing.model.empty() && (!drawing.direction.empty() || drawing.raw))
    throw UsageError(
        name, fmt::format("{} is for models; give one with -m", drawing.raw ? "--no-ema" : "--direction"));
  drawing.machine.check();
  if (inputs.empty()) throw UsageError(name, "--input is missing: -i takes images and folders of images");
  require_text(app, "--output", output, "-o takes the name of a page, such as page.png or page.pdf");
  check_clip();
  pdf = std::filesystem::path(output).extension() == ".pdf";
  if (!pdf && !has_writable_extension(output))
    throw UsageError(
        name, fmt::format("--output {} is not the name of a page; use pdf, {}", output, writable_names()));
  const auto [margin_mm, gutter_mm, border_mm, halftone_mm, points, images_rate] =
      numbers_of(app, *this, kPageNumbers);
  check_rows(app, *this, kPageCounts);
  const std::optional<Paper> size = parse_paper(paper);
  if (!size)
    throw UsageError(
        name, fmt::format("--page {} is not a size; use {}, or WIDTHxHEIGHT in mm, each from {} to {}", paper,
                          paper_names(), kLeastSide, kMostSide));
  const double pixel = static_cast<double>(dpi) / kInch;  // pixels in a mm
  const auto pixels = [&](double mm) { return static_cast<int>(std::lround(mm * pixel)); };
  geometry = {pixels(size->width), pixels(size->height), pixels(margin_mm), pixels(gutter_mm), 0,
              right_to_left};
  look.border = border_mm * pixel;
  look.vertical = vertical;
  look.typeface = {font, bold, language};
  lettering.size = points * kPoint * pixel;
  look.title_size = 2.4 * lettering.size;
  dots = halftone_mm * pixel;
  if (dots > 0 && dots < 2)
    throw UsageError(
        name, fmt::format("--halftone {} is less than two pixels; raise it, or raise --dpi", halftone));
  seconds = 1 / images_rate;
}

void PageArguments::check_clip() {
  const std::string name = command_name(app);
  // An animation is an image like others, unless options of a clip are given.
  const bool asked = frames >= 0 || app->count("--start") > 0 || app->count("--end") > 0;
  const auto is_clip = [&](const std::string& input) {
    return video::has_clip_extension(input) || (asked && video::is_animation(input));
  };
  of_clip = std::any_of(inputs.begin(), inputs.end(), is_clip);
  if (of_clip && inputs.size() > 1)
    throw UsageError(name, fmt::format("a page is made from one clip or from images, but one of the {} "
                                       "inputs is a clip; give the clip alone",
                                       inputs.size()));
  for (const char* option : {"--start", "--end"})
    if (!of_clip && app->count(option) > 0)
      throw UsageError(name, fmt::format("{} is for clips, but the input is images; leave it out", option));
  if (!of_clip) return;
  if (app->count("--frame-rate") > 0)
    throw UsageError(name,
                     "--frame-rate is for folders of frames, and a clip has its own times; leave it out");
  frames = std::max<std::int64_t>(frames, 0);
  range.start = parse_time(app, "--start", start);
  if (!end.empty()) range.end = parse_time(app, "--end", end);
  if (!end.empty() && range.end <= range.start)
    throw UsageError(name, fmt::format("--end {} must be later than --start {}", end, start));
}

std::filesystem::path PageArguments::page_file(int page, int pages) const {
  std::filesystem::path path = output;
  if (pages == 1 || pdf) return path;
  const std::string number = fmt::format("{:0{}}", page + 1, std::to_string(pages).size());
  return path.parent_path() / fmt::format("{}-{}{}", path.stem().string(), number, path.extension().string());
}

}  // namespace sumi::cli
