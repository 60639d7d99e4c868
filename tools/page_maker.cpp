#include "tools/page_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/image/photo.h"
#include "engine/page/script.h"
#include "engine/serialize/file.h"
#include "engine/video/clip.h"
#include "tools/cli/item_progress.h"
#include "tools/cli/signals.h"
#include "tools/convert_filter.h"
#include "tools/page_clip.h"
#include "tools/page_images.h"

namespace sumi::cli {
namespace {

constexpr int kMostSubtitles = 2;  // of a clip, on a panel

struct Stopped {};

// One call: looks at the images, plans the pages, draws them.
class Comic {
 public:
  explicit Comic(PageArguments& args)
      : args_(args),
        style_(Progress::style_for(args.drawing.screen.quiet, args.drawing.screen.no_progress)) {}

  int run() {
    read();
    plan();
    if (args_.dry_run) return list();
    try {
      args_.pdf ? write_pdf() : write_images();
    } catch (const Stopped&) {
      return 128 + caught_signal();
    }
    return 0;
  }

 private:
  void read() {
    read_text();
    if (!args_.title.empty()) script_.title = args_.title;
    if (!args_.dry_run || !script_.lines.empty()) page::painter().check_typeface(args_.look.typeface);
    CountProgress before(style_, 0);
    const auto warn = [&](const std::string& line) { before.complain(line); };
    args_.of_clip ? read_clip(before) : read_images(before);
    if (args_.frames >= 0) keep_key_frames();
    if (!args_.of_clip) return;
    const int left_out = page::keep_nearest(script_, times(), kMostSubtitles);
    if (left_out > 0 && !args_.drawing.screen.quiet)
      warn(
          fmt::format("note: {} of the subtitles are left out, because they are far from the times of the "
                      "panels; raise --frames for more",
                      left_out));
  }

  // Of a clip without --text: its own subtitles, where it has them.
  void read_text() {
    const bool own = args_.of_clip && (args_.text.empty() || args_.text == "clip");
    if (own) {
      std::vector<page::TimedText> texts;
      for (video::Subtitle& text : video::read_subtitles(args_.inputs[0]))
        if (text.end >= args_.range.start && (args_.range.end == 0 || text.start < args_.range.end))
          texts.push_back({text.start, text.end, std::move(text.text)});
      if (texts.empty() && !args_.text.empty())
        fail("clip " + args_.inputs[0], "has no text subtitles; give a file with --text");
      script_ = page::script_of_subtitles(texts, args_.inputs[0]);
      args_.text = args_.inputs[0];  // for errors
    } else if (!args_.text.empty() && args_.text != "none") {
      script_ = page::read_script(args_.text);
    }
  }

  void read_images(CountProgress& before) {
    const auto warn = [&](const std::string& line) { before.complain(line); };
    const std::vector<std::filesystem::path> files = comic_files(args_, warn);
    const bool faces = args_.drawing.style.faces != "off";
    for (std::size_t i = 0; i < files.size(); ++i) {
      before.working(files[i].filename().string());
      images_.push_back(look_at(files[i], faces, static_cast<double>(i) * args_.seconds, warn));
    }
  }

  void read_clip(CountProgress& before) {
    double shown = -1;
    images_ = look_at_clip(
        args_, [&](const std::string& line) { before.complain(line); },
        [&](double time) {
          if (time < shown + 1) return;
          shown = time;
          before.working(fmt::format("{}: {:.0f} s", args_.inputs[0], time));
        });
  }

  std::vector<double> times() const {
    std::vector<double> result;
    for (const ComicImage& image : images_) result.push_back(image.look.time);
    return result;
  }

  void keep_key_frames() {
    std::vector<page::FrameLook> looks;
    for (const ComicImage& image : images_) looks.push_back(image.look);
    std::vector<ComicImage> kept;
    for (const int index : page::choose_key_frames(looks, static_cast<int>(args_.frames)))
      kept.push_back(std::move(images_[static_cast<std::size_t>(index)]));
    images_ = std::move(kept);
  }

  void plan() {
    const int count = static_cast<int>(images_.size());
    const auto letterings = page::letterings_of_panels(script_, args_.text, count,
                                                       args_.frames >= 0 ? times() : std::vector<double>{});
    const page::MeasureText measure = [&](const std::string& text, double size, double wrap) {
      page::TextExtents extents =
          page::set_text(args_.look.typeface,
                         page::run_of(page::LetteringKind::speech, text, size, wrap, args_.look.vertical));
      return page::TextBlock{extents.width, extents.height, std::move(extents.lines)};
    };
    int first = 0;
    for (const int panels : page::split_into_pages(count, static_cast<int>(args_.per_page))) {
      std::vector<page::PanelInput> inputs;
      for (int i = first; i < first + panels; ++i)
        inputs.push_back(
            {images_[static_cast<std::size_t>(i)].subject, letterings[static_cast<std::size_t>(i)]});
      const bool titled = pages_.empty() && !script_.title.empty();
      geometries_.push_back(args_.geometry);
      if (titled) geometries_.back().header = page::title_height(args_.look.title_size);
      pages_.push_back(page::plan_page(inputs, geometries_.back(), args_.lettering, measure, first + 1));
      first += panels;
    }
  }

  int list() const {
    std::size_t index = 0;
    for (std::size_t page = 0; page < pages_.size(); ++page)
      for (const page::PlannedPanel& panel : pages_[page]) {
        const page::PanelBox& box = panel.box;
        fmt::print("page {} panel {}: {},{} {}x{}, {} of {}\n", page + 1, index + 1, box.x, box.y, box.width,
                   box.height, percent(panel.crop), images_[index].name);
        for (const page::PlacedLettering& text : panel.letterings)
          fmt::print("  {:.0f},{:.0f} {:.0f}x{:.0f}: {}\n", text.outline.x, text.outline.y,
                     text.outline.width, text.outline.height, printable(text.text));
        ++index;
      }
    return 0;
  }

  static std::string percent(const page::Box& crop) {
    return fmt::format("{:.0f} % x {:.0f} %", 100 * crop.width, 100 * crop.height);
  }

  // Pages are asked for in their order.
  page::Drawing draw(int index) {
    const auto page = static_cast<std::size_t>(index);
    std::vector<std::vector<std::uint8_t>> drawn;
    for (const page::PlannedPanel& panel : pages_[page]) {
      if (stop_requested) throw Stopped{};
      const ComicImage& image = images_[panels_done_++];
      screen_->working(image.name);
      const Photo photo = args_.of_clip ? clip_frame(args_, image.look.time) : load_photo(image.file);
      drawn.push_back(draw_panel(photo, panel, {filter_, args_.drawing.style.blend, args_.dots}));
      screen_->done(
          fmt::format("panel {}: {}x{}, {}", panels_done_, panel.box.width, panel.box.height, image.name));
    }
    page::PageLook look = args_.look;
    if (index == 0) look.title = script_.title;
    return page::draw_page(pages_[page], std::move(drawn), geometries_[page], look);
  }

  void start() {
    args_.drawing.machine.apply();
    args_.drawing.style.side = working_side();
    screen_.emplace(style_, images_.size());
    filter_ = photo_filter(args_.drawing, [&](const std::string& line) { screen_->complain(line); });
    catch_signals("finishing this panel");
  }

  // Lines have one width on all panels: that of a panel of the mean size.
  int working_side() const {
    double logs = 0, count = 0;
    for (const std::vector<page::PlannedPanel>& page : pages_)
      for (const page::PlannedPanel& panel : page) {
        logs += std::log(std::min(panel.box.width, panel.box.height));
        count += 1;
      }
    return count > 0 ? static_cast<int>(std::lround(std::exp(logs / count))) : 0;
  }

  void finish(const std::string& files) {
    if (args_.drawing.screen.quiet) return;
    screen_->finish(fmt::format("{}: {} panels on {} page{}", files, images_.size(), pages_.size(),
                                pages_.size() == 1 ? "" : "s"));
  }

  void write_pdf() {
    start();
    const double points = 72.0 / static_cast<double>(args_.dpi);
    write_file_atomically(args_.output, [&](FileWriter& file) {
      page::painter().paint_pdf(
          static_cast<int>(pages_.size()), points, [&](int index) { return draw(index); },
          [&](const unsigned char* data, std::size_t bytes) { file.write(data, bytes); });
    });
    finish(args_.output);
  }

  void write_images() {
    start();
    const int count = static_cast<int>(pages_.size());
    for (int index = 0; index < count; ++index) {
      const page::Drawing drawing = draw(index);
      const std::vector<std::uint8_t> rgb = page::painter().paint(drawing);
      Photo page;
      page.width = drawing.width;
      page.height = drawing.height;
      page.rgb.reserve(rgb.size());
      for (const std::uint8_t level : rgb) page.rgb.push_back(static_cast<std::uint16_t>(257 * level));
      page.metadata.dpi_x = page.metadata.dpi_y = static_cast<double>(args_.dpi);
      save_photo(args_.page_file(index, count), page, static_cast<int>(args_.quality));
    }
    finish(count == 1 ? args_.output
                      : fmt::format("{} ... {}", args_.page_file(0, count).string(),
                                    args_.page_file(count - 1, count).string()));
  }

  PageArguments& args_;
  Progress::Style style_;
  page::Script script_;
  std::vector<ComicImage> images_;
  std::vector<std::vector<page::PlannedPanel>> pages_;
  std::vector<page::PageGeometry> geometries_;
  std::optional<CountProgress> screen_;
  PhotoFilter filter_;
  std::size_t panels_done_ = 0;
};

}  // namespace

int make_pages(PageArguments& args) {
  return Comic(args).run();
}

}  // namespace sumi::cli
