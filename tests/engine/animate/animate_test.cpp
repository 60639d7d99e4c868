// Stills that move: cameras, moments, layers, flow.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "engine/animate/boil.h"
#include "engine/animate/camera.h"
#include "engine/animate/drawn_lines.h"
#include "engine/animate/flow.h"
#include "engine/animate/layers.h"
#include "engine/animate/projection.h"

namespace {

using namespace sumi::animate;
using sumi::Photo;
using sumi::stylize::Plane;

// Smooth waves, without repetition within the image.
Photo waves(int width, int height) {
  Photo photo;
  photo.width = width;
  photo.height = height;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < 3; ++c)
        photo.rgb.push_back(static_cast<std::uint16_t>(32768 + 16000 * std::sin(0.11 * x + c) +
                                                       14000 * std::cos(0.07 * y - 0.02 * x)));
  return photo;
}

// A vertical stroke of three pixels on 0.
Plane stroke(int width, int height, float value) {
  Plane line(width, height, 0.0F);
  for (int y = 0; y < height; ++y)
    for (int x = width / 2 - 1; x <= width / 2 + 1; ++x) line.row(y)[x] = value;
  return line;
}

double mean_difference(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(static_cast<double>(a[i]) - b[i]);
  return sum / static_cast<double>(a.size()) / 257;
}

}  // namespace

TEST_CASE("camera: loops are closed and smooth, and views stay within the picture") {
  for (const Motion motion : {Motion::zoom, Motion::pan, Motion::orbit, Motion::shake})
    for (const double parallax : {0.0, kMostParallax}) {
      CAPTURE(static_cast<int>(motion));
      CameraOptions options;
      options.motion = motion;
      options.parallax = parallax;
      options.seed = 7;
      const auto distance = [](const View& a, const View& b) {
        return std::hypot(a.x - b.x, a.y - b.y) + std::fabs(a.zoom - b.zoom);
      };
      const View begin = view_at(options, 0);
      CHECK(distance(begin, view_at(options, 1)) < 1e-12);
      // The step across the end is like its neighbors.
      const double step = 1.0 / 96;
      const double last = distance(view_at(options, 1 - step), begin),
                   first = distance(begin, view_at(options, step)),
                   before = distance(view_at(options, 1 - 2 * step), view_at(options, 1 - step));
      CHECK(std::fabs(last - first) < 0.6 * std::max(first, before) + 1e-4);
      double most = 0;
      for (double t = 0; t < 1; t += 0.01) {
        const View v = view_at(options, t);
        const double half = 0.5 / v.zoom;
        CHECK(v.zoom >= 1);
        CHECK(v.zoom <= largest_zoom(options) + 1e-12);
        CHECK(v.x - half - std::fabs(v.shift_x) >= -1e-9);
        CHECK(v.x + half + std::fabs(v.shift_x) <= 1 + 1e-9);
        CHECK(v.y - half - std::fabs(v.shift_y) >= -1e-9);
        CHECK(v.y + half + std::fabs(v.shift_y) <= 1 + 1e-9);
        CHECK(std::max(std::fabs(v.shift_x), std::fabs(v.shift_y)) <= parallax + 1e-12);
        most = std::max(most, distance(v, begin));
      }
      CHECK(most > 0.01);  // it does move
    }
}

TEST_CASE("camera: one way ends where it did not begin; none is the whole picture") {
  CameraOptions options;
  options.loop = false;
  CHECK(view_at(options, 0.999).zoom > 1.11);
  CHECK(view_at(options, 0).zoom == 1);
  options.motion = Motion::none;
  CHECK(view_at(options, 0.3).zoom == 1);
  CHECK(view_at(options, 0.3).x == 0.5);
}

TEST_CASE("moments: all take turns for about as long, and the last is not the first") {
  for (const int moments : {1, 2, 3, 4, 7})
    for (const int frames : {12, 48, 50, 97}) {
      CAPTURE(moments);
      CAPTURE(frames);
      const std::vector<int> of = moments_of_frames(frames, frames / 12.0, moments, 8);
      REQUIRE(of.size() == static_cast<std::size_t>(frames));
      CHECK(std::set<int>(of.begin(), of.end()).size() == static_cast<std::size_t>(moments));
      if (moments > 1) CHECK(of.front() != of.back());
      for (std::size_t i = 2; i < of.size() && moments > 1; ++i)
        CHECK_FALSE((of[i] == of[i - 1] && of[i] == of[i - 2]));  // 12 frames and 8 moments a second
    }
}

TEST_CASE("boil: strokes move, and pixels away from them keep their bits") {
  const Plane line = stroke(360, 360, 1);
  const Plane reach = line_reach(line, LineScale::cover);
  Plane first;
  for (int moment = 0; moment < 4; ++moment) {
    const BoilField field = boil_field(360, 360, moment, {1, 5, nullptr});
    const Plane moved = boiled(line, line, field, reach, LineScale::cover);
    double change = 0;
    for (int y = 0; y < 360; ++y)
      for (int x = 0; x < 360; ++x) {
        if (std::abs(x - 180) > 20) REQUIRE(moved.row(y)[x] == line.row(y)[x]);
        CHECK_FALSE((moved.row(y)[x] < 0 || moved.row(y)[x] > 1));
        change += std::fabs(moved.row(y)[x] - line.row(y)[x]);
      }
    CHECK(change / 360 > 0.3);  // pixels of ink in a row
    CHECK(change / 360 < 6);
    if (moment == 0)
      first = moved.copy();
    else
      CHECK_FALSE(std::equal(first.data(), first.data() + first.pixels(), moved.data()));
  }
}

TEST_CASE("boil: another hand's strokes replace the still's near lines, by half in faces") {
  const auto column = [](int x, float value) {
    Plane line(120, 90, 0.0F);
    for (int y = 0; y < 90; ++y) line.row(y)[x] = value;
    return line;
  };
  std::vector<Plane> hands;
  hands.push_back(column(30, 1));
  hands.push_back(column(34, 0.8F));
  const Plane reach = line_reach(hands, LineScale::cover);
  CHECK(reach.row(40)[34] == 1);
  CHECK(reach.row(40)[100] == 0);
  // Without a field the moment is the hand's line bit-exactly.
  const BoilField quiet = boil_field(120, 90, 1, {0, 5, nullptr});
  const Plane moment = boiled(hands[0], hands[1], quiet, reach, LineScale::cover);
  CHECK(moment.row(40)[30] == 0);
  CHECK(moment.row(40)[34] == 0.8F);
  CHECK(calmed_hand(hands[0], hands[1], nullptr).row(40)[34] == 0.8F);
  const Plane face(12, 9, 1.0F);
  const Plane calm = calmed_hand(hands[0], hands[1], &face);
  CHECK(calm.row(40)[30] == doctest::Approx(0.5));
  CHECK(calm.row(40)[34] == doctest::Approx(0.4));
}

TEST_CASE("boil: fields follow from seed and moment, scale with the picture, and are halved in faces") {
  const auto most = [](const Plane& plane) {
    float most = 0;
    for (std::size_t i = 0; i < plane.pixels(); ++i) most = std::max(most, std::fabs(plane.data()[i]));
    return most;
  };
  const BoilField a = boil_field(200, 120, 2, {1, 9, nullptr}), b = boil_field(200, 120, 2, {1, 9, nullptr});
  CHECK(std::equal(a.dx.data(), a.dx.data() + a.dx.pixels(), b.dx.data()));
  const BoilField other = boil_field(200, 120, 2, {1, 10, nullptr});
  CHECK_FALSE(std::equal(a.dx.data(), a.dx.data() + a.dx.pixels(), other.dx.data()));
  CHECK(most(boil_field(1080, 720, 0, {1, 9, nullptr}).dx) > 1.3F);
  CHECK(most(boil_field(1080, 720, 0, {1, 9, nullptr}).dx) < 10);
  CHECK(most(boil_field(200, 120, 0, {0, 9, nullptr}).dx) == 0);
  const Plane calm(20, 12, 1.0F);
  const BoilField quiet = boil_field(200, 120, 2, {1, 9, &calm});
  CHECK(quiet.dx.row(60)[100] == doctest::Approx(0.5 * a.dx.row(60)[100]));
}

TEST_CASE("projection: the whole picture is itself to the bit, and places are not rounded") {
  const Photo photo = waves(96, 64);
  std::vector<DrawnLayer> layers(1);
  layers[0].moments.push_back(photo);
  CHECK(compose_frame(layers, 0, {}, 96, 64) == photo.rgb);
  // A view that moves by a tenth of a pixel moves what is seen by as much.
  View view;
  view.zoom = 1.5;
  const std::vector<std::uint16_t> still = compose_frame(layers, 0, view, 64, 42);
  double before = 0;
  for (int i = 1; i <= 5; ++i) {
    view.x = 0.5 + 0.1 * i / 96;
    const double now = mean_difference(compose_frame(layers, 0, view, 64, 42), still);
    CHECK(now > before + 0.3);
    CHECK(now < before + 2);
    before = now;
  }
}

TEST_CASE("layers: holes are filled from around, covers hold the subject, borders do not tear") {
  Photo photo = waves(128, 96);
  Plane mask(128, 96, 0.0F);
  for (int y = 30; y < 70; ++y)
    for (int x = 40; x < 80; ++x) {
      mask.row(y)[x] = 1;
      for (std::size_t c = 0; c < 3; ++c)
        photo.rgb[3 * (static_cast<std::size_t>(y) * 128 + static_cast<std::size_t>(x)) + c] = 0;
    }
  std::vector<Plane> masks;
  masks.push_back(mask.copy());
  const std::vector<Peeled> peeled = peel(photo, masks);
  REQUIRE(peeled.size() == 2);
  CHECK(peeled[1].photo.rgb == photo.rgb);
  CHECK(peeled[0].cover.empty());
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 128; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * 128 + static_cast<std::size_t>(x);
      if (mask.row(y)[x] == 1) {
        CHECK(peeled[1].cover.row(y)[x] == 1);
        CHECK(peeled[0].hole.row(y)[x] == 1);
        CHECK(peeled[0].photo.rgb[3 * i] > 1500);  // nothing of the black subject is left
      }
      if (peeled[0].hole.row(y)[x] == 0) CHECK(peeled[0].photo.rgb[3 * i] == photo.rgb[3 * i]);
    }
  std::vector<DrawnLayer> layers(2);
  for (std::size_t i = 0; i < 2; ++i) {
    layers[i].moments.push_back(peeled[i].photo);
    layers[i].cover = peeled[i].cover.empty() ? Plane{} : peeled[i].cover.copy();
    layers[i].nearness = static_cast<double>(i);
  }
  // At rest the layers are the photo again.
  CHECK(mean_difference(compose_frame(layers, 0, {}, 128, 96), photo.rgb) < 0.5);
  View view;
  view.shift_x = 0.03;
  const std::vector<std::uint16_t> moved = compose_frame(layers, 0, view, 128, 96);
  CHECK(moved[3 * (50 * 128 + 81)] < 1000);  // the subject went to the right by 3 pixels
  CHECK(moved[3 * (50 * 128 + 37)] > 1500);  // and left no black behind
}

TEST_CASE("depth: near pixels move, far ones stand still") {
  const Photo photo = waves(160, 120);
  Plane depth(160, 120, 0.0F);
  for (int y = 0; y < 120; ++y) std::fill(depth.row(y) + 80, depth.row(y) + 160, 1.0F);
  View view;
  view.shift_x = 0.02;  // 2.4 pixels
  const std::vector<std::uint16_t> moved =
      compose_depth_frame(photo, prepare_depth(depth, 0.02), view, 160, 120);
  const auto at = [&](const std::vector<std::uint16_t>& rgb, int x) {
    return rgb[3 * (60 * 160 + static_cast<std::size_t>(x))];
  };
  CHECK(at(moved, 20) == at(photo.rgb, 20));
  const double expected = photo.rgb[3 * (60 * 160 + 117)] * 0.4 + photo.rgb[3 * (60 * 160 + 118)] * 0.6;
  CHECK(std::fabs(at(moved, 120) - expected) < 400);
}

TEST_CASE("flow: the region moves, the rest keeps its bits, and the loop closes") {
  const Photo photo = waves(120, 80);
  FlowRegion region{Plane(120, 80, 0.0F), 0, 0.05};
  for (int y = 40; y < 80; ++y) std::fill_n(region.mask.row(y), 120, 1.0F);
  CHECK(flow_period(4) == 2);
  CHECK(flow_period(0.5) == 0.5);
  CHECK(5 / flow_period(5) == doctest::Approx(std::round(5 / flow_period(5))));
  const Photo begin = flowing(photo, region, 0, 2), end = flowing(photo, region, 4, 2);
  CHECK(mean_difference(begin.rgb, end.rgb) < 0.01);
  const Photo later = flowing(photo, region, 0.25, 2);
  CHECK(mean_difference(begin.rgb, later.rgb) > 1);
  CHECK(std::equal(photo.rgb.begin(), photo.rgb.begin() + 3L * 120 * 40, later.rgb.begin()));
  // Neighboring frames differ by little, also across the end of a period.
  const double step = mean_difference(flowing(photo, region, 0.9, 2).rgb, flowing(photo, region, 1.0, 2).rgb);
  CHECK(mean_difference(flowing(photo, region, 1.95, 2).rgb, flowing(photo, region, 2.05, 2).rgb) <
        2 * step + 1);
}

TEST_CASE("drawings: dark strokes are found and move over the ground") {
  Photo drawing;
  drawing.width = 300;
  drawing.height = 256;
  drawing.rgb.assign(3 * drawing.pixels(), 60000);
  for (int y = 0; y < 256; ++y)
    for (int x = 149; x <= 150; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        drawing.rgb[3 * (static_cast<std::size_t>(y) * 300 + static_cast<std::size_t>(x)) + c] = 3000;
  const DrawnLines lines = find_drawn_lines(drawing);
  CHECK(lines.any);
  CHECK(lines.ground.red.row(100)[150] == 60000);
  CHECK(lines.lines.red.row(100)[150] == 3000 - 60000);
  const Photo moment = draw_moment(drawing, lines, boil_field(300, 256, 1, {1, 3, nullptr}));
  CHECK(mean_difference(moment.rgb, drawing.rgb) > 0.1);
  for (int x : {20, 120, 180, 280}) CHECK(moment.rgb[3 * (100 * 300 + static_cast<std::size_t>(x))] == 60000);
  CHECK_FALSE(find_drawn_lines(waves(300, 256)).any);
}
