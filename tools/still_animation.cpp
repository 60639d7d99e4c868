#include "tools/still_animation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/animate/flow.h"
#include "engine/animate/layers.h"
#include "engine/error.h"
#include "engine/image/faces/faces.h"
#include "engine/image/faces/subject.h"
#include "engine/image/photo_edits.h"
#include "engine/image/stylize/resize.h"
#include "engine/runtime/system_memory.h"
#include "engine/video/clip_writer.h"
#include "models/training/trainer.h"
#include "tools/cli/item_progress.h"
#include "tools/cli/signals.h"

namespace sumi::cli {
namespace {

namespace fs = std::filesystem;
using animate::DrawnLayer;
using animate::View;
using stylize::Plane;

stylize::RgbView still_view(const Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

// Even sides, which every codec takes, with the photo's shape.
std::pair<int, int> frame_size(const Photo& photo, int longest) {
  const double scale = std::min(1.0, static_cast<double>(longest) / std::max(photo.width, photo.height));
  const auto even = [&](int side) {
    return std::max(static_cast<int>(std::lround(side * scale / 2)) * 2, 2);
  };
  return {even(photo.width), even(photo.height)};
}

class Animation {
 public:
  Animation(const AnimateArguments& args, StillDrawer& drawer, Progress::Style style, const fs::path& input,
            const fs::path& target)
      : args_(args),
        drawer_(&drawer),
        input_(input),
        target_(target),
        screen_(style, static_cast<std::size_t>(args.frames)),
        camera_(args.camera) {}

  bool run();

 private:
  void read();
  Plane read_mask(const fs::path& file, const std::string& option) const;
  std::vector<Plane> masks();
  void find_faces();
  void draw();
  DrawnLayer draw_layer(const animate::Peeled& peeled, std::size_t number, std::size_t count);
  std::vector<std::uint16_t> frame(int number, int moment);
  video::ClipSpec spec() const;
  void warn(const std::string& line) { screen_.complain(fmt::format("{}: {}", input_.string(), line)); }

  const AnimateArguments& args_;
  StillDrawer* drawer_;
  std::unique_ptr<StillDrawer> as_it_is_;
  fs::path input_, target_;
  CountProgress screen_;
  animate::CameraOptions camera_;
  int width_ = 0, height_ = 0;  // of frames
  Photo plate_;                 // the photo at the size of the nearest view
  Plane face_, depth_;
  std::vector<DrawnLayer> layers_;
  std::vector<animate::FlowRegion> regions_;
  std::size_t moments_ = 1;
};

void Animation::read() {
  Photo photo = load_photo(input_);
  if (!photo.remark.empty()) warn("warning: " + photo.remark);
  std::string reason;
  if (drawer_->passes(photo, reason)) {
    warn(fmt::format("note: {}", reason));
    as_it_is_ = drawn_still(args_, [this](const std::string& line) { warn(line); });
    drawer_ = as_it_is_.get();
  }
  std::tie(width_, height_) = frame_size(photo, static_cast<int>(args_.size));
  // The nearest view is cut pixel for pixel, unless the photo has fewer.
  const double zoom = animate::largest_zoom(camera_);
  const double wanted =
      std::max(static_cast<double>(width_) / photo.width, static_cast<double>(height_) / photo.height);
  const double scale = std::min(zoom * wanted, 1.0);
  const bool same = zoom == 1 && width_ <= photo.width && height_ <= photo.height;
  const auto side = [&](int size, int frame) {
    return same ? frame : std::max(static_cast<int>(std::lround(size * scale)), 1);
  };
  const double pixels = static_cast<double>(side(photo.width, width_)) * side(photo.height, height_);
  const double bytes = pixels * (6.0 * static_cast<double>(args_.boil) * 3 + 100);
  const auto available = static_cast<double>(available_host_memory());
  if (available > 0 && bytes > available)
    fail("memory", fmt::format("{} needs {:.1f} GiB, but {:.1f} GiB are available; lower --size or --boil",
                               input_.string(), bytes / (1 << 30), available / (1 << 30)));
  plate_ = resize_photo(photo, side(photo.width, width_), side(photo.height, height_));
  plate_.metadata = {};
}

// 0..1, of the plate's size.
Plane Animation::read_mask(const fs::path& file, const std::string& option) const {
  Photo mask = load_photo(file);
  if (std::abs(static_cast<double>(mask.width) * plate_.height / plate_.width - mask.height) >
      0.02 * mask.height + 1)
    fail(option, fmt::format("{} differs in shape from {}; make it as large as the image", file.string(),
                             input_.string()));
  mask = resize_photo(mask, plate_.width, plate_.height);
  const std::vector<std::uint16_t> coverage = mask_coverage(mask);
  Plane plane(plate_.width, plate_.height);
  std::transform(coverage.begin(), coverage.end(), plane.data(),
                 [](std::uint16_t level) { return static_cast<float>(level) / 65535; });
  return plane;
}

std::vector<Plane> Animation::masks() {
  std::vector<Plane> result;
  for (const fs::path& file : args_.masks) {
    result.push_back(read_mask(file, "--layers"));
    const Plane& mask = result.back();
    if (std::none_of(mask.data(), mask.data() + mask.pixels(), [](float v) { return v >= 0.5F; }))
      fail("--layers", fmt::format("{} has no white part; paint the near parts white", file.string()));
  }
  const bool transparent = !plate_.alpha.empty();
  if (args_.layers == "alpha" && !transparent)
    warn("note: the image is opaque, so it has one layer; --layers auto detects its subject");
  if (transparent && (args_.layers == "alpha" || args_.layers == "auto")) {
    Plane mask(plate_.width, plate_.height);
    std::transform(plate_.alpha.begin(), plate_.alpha.end(), mask.data(),
                   [](std::uint16_t level) { return static_cast<float>(level) / 65535; });
    result.push_back(std::move(mask));
  } else if (args_.layers == "auto") {
    const Plane subject = faces::find_subject(still_view(plate_));
    if (subject.empty())
      warn("note: no subject was found, so the image has one layer; give a mask with --layers");
    else
      result.push_back(resize_linear(subject, plate_.width, plate_.height));
  }
  return result;
}

void Animation::find_faces() {
  if (args_.drawing.style.faces != "auto") return;
  try {
    face_ = faces::face_mask(still_view(plate_), faces::find_faces(still_view(plate_)));
  } catch (const Error& error) {
    warn(fmt::format("warning: faces are not detected: {}", error.what()));
  }
}

DrawnLayer Animation::draw_layer(const animate::Peeled& peeled, std::size_t number, std::size_t count) {
  DrawnLayer layer;
  layer.moments = drawer_->draw(peeled.photo, face_);
  layer.cover = peeled.cover.empty() ? Plane{} : peeled.cover.copy();
  layer.nearness = count > 1 ? static_cast<double>(number) / static_cast<double>(count - 1) : 0;
  return layer;
}

void Animation::draw() {
  find_faces();
  for (const FlowArgument& flow : args_.regions)
    regions_.push_back({read_mask(flow.mask, "--flow"), flow.degrees, flow.speed});
  if (!args_.depth.empty())
    depth_ = animate::prepare_depth(read_mask(args_.depth, "--depth"), camera_.parallax);
  const std::vector<animate::Peeled> peeled = animate::peel(plate_, masks());
  for (std::size_t i = 0; i < peeled.size(); ++i) layers_.push_back(draw_layer(peeled[i], i, peeled.size()));
  // A drawing may depend on the whole photo. What is filled is shown in the holes alone.
  const std::vector<Photo>& nearest = layers_.back().moments;
  for (std::size_t i = 0; i + 1 < layers_.size(); ++i)
    for (std::size_t k = 0; k < layers_[i].moments.size(); ++k)
      layers_[i].moments[k] =
          animate::blend_hole(nearest[k % nearest.size()], layers_[i].moments[k], peeled[i].hole);
  for (const DrawnLayer& layer : layers_) moments_ = std::max(moments_, layer.moments.size());
}

// Regions flow in the farthest layer, where water and sky are.
std::vector<std::uint16_t> Animation::frame(int number, int moment) {
  const double t = static_cast<double>(number) / args_.frames;
  const View view = animate::view_at(camera_, t);
  const auto index = static_cast<std::size_t>(moment);
  std::vector<Photo>& far = layers_.front().moments;
  Photo still;
  if (!regions_.empty()) {
    still = far[index % far.size()];
    Photo flowing = still;
    for (const animate::FlowRegion& region : regions_)
      flowing = animate::flowing(flowing, region, t * args_.duration, animate::flow_period(args_.duration));
    std::swap(far[index % far.size()], flowing);
  }
  std::vector<std::uint16_t> rgb =
      depth_.empty() ? animate::compose_frame(layers_, moment, view, width_, height_)
                     : animate::compose_depth_frame(far[index % far.size()], depth_, view, width_, height_);
  if (!regions_.empty()) std::swap(far[index % far.size()], still);
  return rgb;
}

video::ClipSpec Animation::spec() const {
  video::ClipSpec spec;
  spec.width = width_;
  spec.height = height_;
  spec.frame_rate = args_.rate;
  spec.time_base = {args_.rate.den, args_.rate.num};
  spec.codec = args_.codec;
  spec.crf = static_cast<int>(args_.crf);
  spec.quality = static_cast<int>(args_.quality);
  spec.threads = static_cast<int>(args_.drawing.machine.threads);
  return spec;
}

bool Animation::run() {
  screen_.working(input_.filename().string());
  read();
  video::ClipSpec clip = spec();
  video::check_clip(target_, clip);
  if (target_.has_parent_path()) fs::create_directories(target_.parent_path());
  video::ClipWriter writer(target_, clip);  // before the work: where it cannot be written, that is said now
  draw();
  const std::vector<int> moments = animate::moments_of_frames(args_.frames, args_.duration,
                                                              static_cast<int>(moments_), args_.moments_rate);
  const bool fixed = regions_.empty() && (camera_.motion == animate::Motion::none || camera_.amount == 0);
  std::vector<std::vector<std::uint16_t>> kept(fixed ? moments_ : 0);
  video::Frame frame;
  frame.width = width_;
  frame.height = height_;
  frame.duration = 1;
  for (int i = 0; i < args_.frames && !stop_requested; ++i) {
    const int moment = moments[static_cast<std::size_t>(i)];
    if (fixed) {
      std::vector<std::uint16_t>& own = kept[static_cast<std::size_t>(moment)];
      if (own.empty()) own = this->frame(i, moment);
      frame.rgb = own;
    } else {
      frame.rgb = this->frame(i, moment);
    }
    frame.pts = i;
    writer.write(frame, i == 0);
    screen_.done("");
  }
  if (stop_requested) return false;
  for (const std::string& remark : writer.finish()) warn("warning: " + remark);
  if (!args_.drawing.screen.quiet)
    screen_.finish(fmt::format("{}: {} frames of {}x{}, {} of the lines", target_.string(), args_.frames,
                               width_, height_,
                               moments_ == 1 ? "one drawing" : fmt::format("{} drawings", moments_)));
  return true;
}

}  // namespace

bool animate_still(const AnimateArguments& args, StillDrawer& drawer, Progress::Style style,
                   const fs::path& input, const fs::path& target) {
  return Animation(args, drawer, style, input, target).run();
}

}  // namespace sumi::cli
