// The animator: hands that redraw lines, beside a still that keeps its bits.
#include "models/animator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/image.h"
#include "engine/runtime/device.h"
#include "engine/serialize/checkpoint.h"
#include "models/inference/comic_picture.h"
#include "models/make_model.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/teachers.h"
#include "tests/models/runs.h"
#include "tests/models/stylizer_examples.h"
#include "tests/support.h"

namespace sumi {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::has;
using test::slope_picture;
using test::TempDir;
using test::tiny_stylizer;
using test::uniform;
using test::write_examples;

// Hands for the checkpoint `init` of a tiny stylizer with the styles ink, which is also the name of
// a filter, and own, which has no teacher.
TrainOptions tiny_animator(const fs::path& folder, const std::string& run, const fs::path& init, int steps) {
  TrainOptions o = test::tiny_run("animator", folder, run, steps);
  o.init = init.string();
  return o;
}

std::unique_ptr<Model> load(const fs::path& path) {
  return load_model(CheckpointFile(path), nullptr, "", "");
}

// Planes [first, first + count) of what a model draws of `photos`.
std::vector<double> planes(Model& model, const Tensor& photos, const std::vector<double>& weights,
                           std::int64_t first, std::int64_t count) {
  const Tensor all = as_stylizer(model)->coefficients(photos, weights, false, true);
  const Shape& s = all.shape();
  return slice(all, {0, 0, 0, first}, {s.n, s.h, s.w, count}).to_vector<double>();
}

}  // namespace

TEST_CASE("animator: hands learn, and all that a still is drawn with keeps its bits") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  const fs::path base = train(tiny_stylizer(folder.path, "base", 3), quiet).checkpoint;
  TrainOptions o = tiny_animator(folder.path, "run", base, 60);
  resolve_options(o);
  CHECK(o.styles == tiny_stylizer(folder.path, "base", 3).styles);
  CHECK(o.ngf == 4);
  const auto model = make_model(o);
  CHECK(model->grow_from(CheckpointFile(base)));
  const auto still = load(base);
  const Tensor photos = uniform({1, 16, 16, 3}, 7, parse_device(test_device()));
  const std::vector<double> ink{1, 0}, own{0, 1}, both{0.5, 0.5};
  const auto coefficients = [&](Model& of, const std::vector<double>& weights) {
    return as_stylizer(of)->coefficients(photos, weights, false).to_vector<double>();
  };

  // All hands begin as the still's.
  const std::vector<double> line = planes(*model, photos, ink, 3, 1);
  for (std::int64_t hand = 1; hand < 4; ++hand) CHECK(planes(*model, photos, ink, 6 + hand, 1) == line);

  // The photograph, and of style ink the lines of four hands.
  CHECK(example_channels(o) == 7);
  const Tensor batch = affine(uniform({2, 16, 16, 7}, 5, photos.device()), 2, -1);
  const StepStats first = model->step({batch}, 0);
  for (int i = 0; i < 50; ++i) model->step({batch}, 0);
  const StepStats last = model->step({batch}, 0);
  CHECK(last[0].first == "loss_line");
  CHECK(last[0].second < first[0].second);
  CHECK(model->never_updated().empty());

  for (const std::vector<double>& weights : {ink, own, both}) {
    CHECK(coefficients(*model, weights) == coefficients(*still, weights));
    CHECK(planes(*model, photos, weights, 0, 7) == coefficients(*still, weights));
  }
  for (std::int64_t hand = 1; hand < 4; ++hand) {
    const std::vector<double> drawn = planes(*model, photos, ink, 6 + hand, 1);
    CHECK(drawn != line);
    for (std::int64_t other = 1; other < hand; ++other)
      CHECK(drawn != planes(*model, photos, ink, 6 + other, 1));
    // A style without a teacher has one hand.
    CHECK(planes(*model, photos, own, 6 + hand, 1) == planes(*model, photos, own, 3, 1));
  }

  Photo photo{24, 20, 8, {}, {}, ""};
  for (int i = 0; i < 3 * 24 * 20; ++i) photo.rgb.push_back(static_cast<std::uint16_t>(i * 997 % 65536));
  ComicOptions shown;
  shown.weights = ink;
  const Photo drawn = comic_picture(*as_stylizer(*still), photo, shown);
  shown.hands = true;
  const ComicDrawing drawing(*as_stylizer(*model), photo, shown);
  CHECK(drawing.hands() == 4);
  CHECK(drawing.draw(drawing.line()).rgb == drawn.rgb);
  const stylize::Plane &own_line = drawing.line(0), &other = drawing.line(3);
  CHECK_FALSE(std::equal(other.data(), other.data() + other.pixels(), own_line.data()));
}

TEST_CASE("animator: filters teach, a run resumes bit-exactly, and its checkpoint is a stylizer's") {
  const TempDir folder;
  write_examples(folder.path);
  fs::create_directories(folder.path / "taught");
  fs::copy_file(folder.path / "photos/a.png", folder.path / "taught/a.png");
  const auto options = [&](const std::string& run, const fs::path& init, int steps) {
    TrainOptions o = tiny_animator(folder.path, run, init, steps);
    o.data_a = (folder.path / "taught").string();
    return o;
  };
  TrainingObserver quiet;
  const fs::path base = train(tiny_stylizer(folder.path, "base", 2), quiet).checkpoint;
  const auto one = train(options("one", base, 6), quiet).checkpoint;
  CHECK(bytes_of(one) == bytes_of(train_in_two(options("two", base, 6), 3).checkpoint));
  const auto model = load(one), still = load(base);
  CHECK(as_stylizer(*model)->hands() == 4);
  const Tensor photos = uniform({1, 16, 16, 3}, 7, parse_device(test_device()));
  const auto of = [&](Model& drawn, std::vector<double> weights) {
    return as_stylizer(drawn)->coefficients(photos, weights, false).to_vector<double>();
  };
  CHECK(of(*model, {1, 0}) == of(*still, {1, 0}));

  // A style that is added keeps the hands: its lines change as those of the first style do.
  TrainOptions added = tiny_stylizer(folder.path, "added", 4);
  added.styles.clear();
  added.init = one.string();
  added.add_style = "mine=" + (folder.path / "own").string();
  added.ema = 0;
  const auto with = load(train(added, quiet).checkpoint);
  CHECK(as_stylizer(*with)->hands() == 4);
  CHECK(planes(*with, photos, {1, 0, 0}, 7, 3) == planes(*model, photos, {1, 0}, 7, 3));
  CHECK(planes(*with, photos, {0, 0, 1}, 7, 1) != planes(*with, photos, {0, 0, 1}, 3, 1));
  // A stylizer that starts from it has its networks without the hands.
  TrainOptions plain = tiny_stylizer(folder.path, "plain", 2);
  plain.init = one.string();
  CHECK(as_stylizer(*load(train(plain, quiet).checkpoint))->hands() == 1);
  // Hands are trained further, here without the last one.
  TrainOptions again = options("again", one, 2);
  again.hands = 3;
  CHECK(as_stylizer(*load(train(again, quiet).checkpoint))->hands() == 3);
}

TEST_CASE("animator: errors name the thing and the cure") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  const fs::path base = train(tiny_stylizer(folder.path, "base", 1), quiet).checkpoint;
  const auto refusal = [&](const auto& change) {
    TrainOptions o = tiny_animator(folder.path, "run", base, 2);
    change(o);
    return error_of([&] {
      validate(o);
      resolve_options(o);
      train(o, quiet);
    });
  };
  CHECK(has(refusal([](TrainOptions& o) { o.init.clear(); }), "[--init] is missing"));
  CHECK(has(refusal([](TrainOptions& o) { o.data_a.clear(); }), "[--data-a] is missing"));
  CHECK(has(refusal([](TrainOptions& o) { o.styles = "ink"; }), "leave it out"));
  CHECK(has(refusal([](TrainOptions& o) { o.hands = 1; }), "[--hands]"));
  CHECK(has(refusal([](TrainOptions& o) { o.crop_size = 18; }), "for animator; use a multiple of 4"));
  // A stylizer whose styles no filter is named after.
  TrainOptions named = tiny_stylizer(folder.path, "named", 1);
  named.styles = "mine=" + (folder.path / "own").string();
  const fs::path mine = train(named, quiet).checkpoint;
  CHECK(has(refusal([&](TrainOptions& o) { o.init = mine.string(); }), "(mine) is a filter's"));
}

TEST_CASE("animator: an example holds the lines of all hands") {
  const TempDir folder;
  fs::create_directories(folder.path / "photos");
  save_image(folder.path / "photos/a.png", slope_picture(64, 48, 1));
  TeacherSpec spec{folder.path / "photos", {{"ink", "ink"}}, folder.path / "cache", {}, 128, 0};
  spec.hands = 4;
  DatasetSpec set;
  set.data = pack_teachers(spec);
  set.preprocess = Preprocess::crop;
  set.crop_size = 128;
  set.channels = hand_channels(1, 4);
  const Dataset data = Dataset::open(set);
  REQUIRE(data.count() >= 2);
  const std::int64_t pixels = std::int64_t{data.height(0)} * data.width(0);
  double covers[4] = {};
  std::int64_t apart = 0;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::uint8_t* lines = data.item(0) + 7 * i + 3;
    for (int k = 0; k < 4; ++k) covers[k] += lines[k];
    apart += std::abs(lines[1] - lines[2]) > 60;
  }
  CHECK(apart > pixels / 200);
  for (const double cover : covers) {  // else the drawing would pulse
    CHECK(cover > 0.6 * covers[0]);
    CHECK(cover < 1.6 * covers[0]);
  }
  spec.hands = 0;
  CHECK(pack_teachers(spec) != set.data);  // the planes of a stylizer have another pack
}

}  // namespace sumi
