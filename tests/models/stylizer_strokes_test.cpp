// The stylizer's discriminator of lines.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "engine/data/dataset.h"
#include "engine/image/image.h"
#include "engine/ops.h"
#include "engine/serialize/checkpoint.h"
#include "models/make_model.h"
#include "models/options/comic_styles.h"
#include "models/stylizer.h"
#include "models/training/teachers.h"
#include "tests/models/runs.h"
#include "tests/models/stylizer_examples.h"

namespace sumi {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TempDir;
using test::tiny_stylizer;
using test::uniform;
using test::write_examples;

}  // namespace

TEST_CASE("stylizer: a discriminator of lines is shown strokes, and starts from weights without one") {
  const TempDir folder;
  write_examples(folder.path);
  TrainingObserver quiet;
  Image8 drawing(150, 160, 3, 200);
  for (int y = 20; y < 140; ++y)
    for (const int x : {40, 41, 100}) std::fill_n(drawing.at(x, y), 3, std::uint8_t{10});
  fs::create_directories(folder.path / "drawings");
  save_image(folder.path / "drawings/d.png", drawing);
  const auto judged = [&](const std::string& run) {
    TrainOptions o = tiny_stylizer(folder.path, run, 6);
    o.drawings = (folder.path / "drawings").string();
    return o;
  };
  const auto plain = train(tiny_stylizer(folder.path, "plain", 2), quiet).checkpoint;
  const auto first = bytes_of(train(judged("one"), quiet).checkpoint);
  CHECK(first == bytes_of(train_in_two(judged("two"), 3).checkpoint));
  TrainOptions from = judged("three");
  from.init = plain.string();
  const CheckpointFile made(train(from, quiet).checkpoint);
  CHECK(made.has("d.model.0.bias"));
  CHECK(made.has("ema.g.head.conv.weight"));

  // The strokes are the last channel: lines of one and two pixels, and nothing else.
  const TeacherSpec spec{from.data_a, style_sources(from.styles), from.cache, {}, 16, 0, from.drawings};
  DatasetSpec set;
  set.data = pack_teachers(spec);
  set.preprocess = Preprocess::crop;
  set.crop_size = 16;
  set.channels = teacher_channels(2, true);
  const Dataset data = Dataset::open(set);
  CHECK(data.channels() == 12);
  std::set<int> seen;
  for (std::int64_t i = 0; i < 40 * 32; ++i) seen.insert(data.item(0)[i * 12 + 11]);
  CHECK(seen.contains(0));

  // Its loss reaches the network: a step with a large weight differs from one without.
  const auto after = [&](double weight) {
    TrainOptions o = judged("four");
    o.lambda_adv = weight;
    const auto model = make_model(o);
    const Tensor batch = affine(
        uniform({2, 16, 16, 12}, 5, model->networks()[0].module->parameters()[0].value.device()), 2, -1);
    for (int i = 0; i < 3; ++i) model->step({batch}, 0);
    return as_stylizer(*model)
        ->coefficients(slice(batch, {0, 0, 0, 0}, {2, 16, 16, 3}), {1, 0}, true)
        .to_vector<double>();
  };
  CHECK(after(0) != after(10));

  from.drawings = (folder.path / "own").string() + "-nowhere";
  CHECK(!error_of([&] { train(from, quiet); }).empty());
}

}  // namespace sumi
