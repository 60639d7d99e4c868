// judge_arrays FILE
//
// Computes the scores of models/judges on the arrays of a safetensors file and prints them as JSON.
// For comparisons with other programs (tests/judges/*.py).
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/serialize/weight_file.h"
#include "models/judges/frechet.h"
#include "models/judges/image_scores.h"
#include "models/judges/set_scores.h"
#include "models/judges/sliced_wasserstein.h"

namespace {

using Json = nlohmann::ordered_json;
using namespace sumi;

class Arrays {
 public:
  explicit Arrays(const std::string& path) : file_(path) {}

  std::vector<std::int64_t> shape(const std::string& name) const {
    for (const WeightFile::Entry& entry : file_.entries())
      if (entry.name == name) return entry.shape;
    fail("judge_arrays", "the file lacks " + name);
  }
  std::vector<double> values(const std::string& name) const { return file_.values(name); }
  Descriptors rows(const std::string& name) const {
    return {static_cast<std::size_t>(shape(name).at(1)), values(name)};
  }
  Image8 image(const std::string& name) const {
    const std::vector<std::int64_t> s = shape(name);
    Image8 image(static_cast<int>(s.at(1)), static_cast<int>(s.at(0)), static_cast<int>(s.at(2)));
    const std::vector<double> levels = values(name);
    for (std::size_t i = 0; i < levels.size(); ++i) image.data[i] = static_cast<std::uint8_t>(levels[i]);
    return image;
  }
  Neighborhoods neighborhoods(const std::string& name) const {
    const Descriptors d = rows(name);
    return {d.size, {d.values.begin(), d.values.end()}};
  }

 private:
  WeightFile file_;
};

void add_sets(const Arrays& in, Json& out) {
  const Descriptors a = in.rows("a"), b = in.rows("b");
  out["fd"] = frechet_distance(a, b);
  out["kd"] = kernel_distance(a, b);
  const BlockedDistance blocked = blocked_kernel_distance(a, b, 10, 1);
  out["kd_blocks"] = {blocked.value, blocked.standard_error, blocked.blocks};
  out["precision"] = manifold_share(b, a, 3), out["recall"] = manifold_share(a, b, 3);
  const Nearest near = nearest_rows(b, a), own = nearest_rows(a, a, true);
  out["nearest"] = near.index, out["distance"] = near.distance, out["own_distance"] = own.distance;
  const RankTest test = rank_test(in.values("ranks_x"), in.values("ranks_y"));
  out["rank"] = {test.probability, test.z};
  const auto classes = static_cast<std::size_t>(in.shape("logits").at(1));
  for (const std::size_t splits : {std::size_t{1}, std::size_t{4}}) {
    const ClassScore score = class_score(in.values("logits"), classes, splits);
    out["class_score"].push_back({score.value, score.deviation});
  }
  for (const auto& [part, whole] : {std::pair{7, 40}, {0, 12}, {30, 30}}) {
    const Interval interval = wilson_interval(part, whole);
    out["wilson"].push_back({part, whole, interval.low, interval.high});
  }
}

void add_images(const Arrays& in, Json& out) {
  const Image8 photo = in.image("photo"), drawing = in.image("drawing");
  for (const Image8* image : {&photo, &drawing}) {
    const StyleFigures f = style_figures(*image);
    out["style"].push_back({f.color_contrast, f.flatness, f.line_strength, f.checkerboard});
  }
  out["ssim"] = ssim(photo, drawing);
  out["chroma_shift"] = chroma_shift(photo, drawing);
  const EdgeCounts edges = edge_counts(photo, drawing);
  out["edges"] = {edges.matched_a, edges.all_a, edges.matched_b, edges.all_b};
  out["difference"] = mean_difference(photo, drawing);
  for (const PyramidLevel& level : laplacian_pyramid(photo, 8))
    out["pyramid"].push_back({{"height", level.height}, {"width", level.width}, {"values", level.values}});
  const std::vector<double> directions = in.values("directions");
  out["sliced"] = sliced_distance(in.neighborhoods("patches_x"), in.neighborhoods("patches_y"),
                                  {directions.begin(), directions.end()});
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) fail("judge_arrays", "takes the name of a file");
    const Arrays in(argv[1]);
    Json out;
    add_sets(in, out);
    add_images(in, out);
    std::printf("%s\n", out.dump().c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
