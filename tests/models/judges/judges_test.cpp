// Scores, memorization and votes on sets that are made for them. Comparisons of the formulas with
// other programs are in tests/judges.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "models/inference/load_features.h"
#include "models/judges/image_scores.h"
#include "models/judges/memorization.h"
#include "models/judges/perceptual.h"
#include "models/judges/set_judge.h"
#include "models/judges/shuffle.h"
#include "models/judges/sliced_wasserstein.h"
#include "models/judges/votes.h"
#include "models/settings.h"
#include "tests/support.h"

using namespace sumi;
using test::error_of;
using test::has;
namespace fs = std::filesystem;

namespace {

// Stripes of random phase, slope and color.
ImageSet stripes(std::size_t count, int side, std::uint64_t seed, int colors = 256) {
  std::vector<Image8> images;
  SplitMix random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    Image8 image(side, side, 3);
    const auto phase = static_cast<int>(random.below(64)), slope = 1 + static_cast<int>(random.below(5));
    const auto red = static_cast<int>(random.below(static_cast<std::size_t>(colors)));
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const int level = (phase + x * slope * 8 + y * 12) % 256;
        image.at(x, y)[0] = static_cast<std::uint8_t>(red);
        image.at(x, y)[1] = image.at(x, y)[2] = static_cast<std::uint8_t>(level);
      }
    images.push_back(std::move(image));
  }
  return image_set(std::move(images), side);
}

const Score& of(const std::vector<Score>& scores, const std::string& key) {
  return *std::find_if(scores.begin(), scores.end(), [&](const Score& s) { return s.key == key; });
}

Descriptors column(const std::vector<double>& values) {
  return {1, values};
}

}  // namespace

TEST_CASE("judges: a set like the real one scores better than one without colors") {
  const Device cpu = parse_device("cpu");
  const FeatureNetwork network = load_features("builtin", DType::f32, cpu);
  const ImageSet real = stripes(60, 32, 1), alike = stripes(60, 32, 100), red = stripes(60, 32, 100, 8);
  const SetJudge judge(real, network, cpu, {}, 5);
  const std::vector<Score> good = judge.scores(alike), bad = judge.scores(red);
  for (const std::string key : {"fd", "kd", "recall"}) {
    CAPTURE(key);
    CHECK(is_better(of(good, key), of(bad, key)));
  }
  CHECK(of(good, "fd").name == "FD on sumi's own features");
  CHECK(has(of(good, "fd").note, "fewer images than features"));
  CHECK(of(good, "class_score").name == "class score on a classifier of sumi's");
  CHECK(of(judge.scores(real), "swd").value == doctest::Approx(0));
  CHECK(of(judge.scores(real), "precision").value == 1);
  // The same set has the same diversity; one image repeated has none.
  CHECK(of(judge.scores(real), "diversity").value == doctest::Approx(*of(good, "diversity").reference));
  const ImageSet one{60, 32, 3, [&](std::size_t) { return real.at(7); }};
  const std::vector<Score> collapsed = judge.scores(one);
  CHECK(of(collapsed, "diversity").value == doctest::Approx(0));
  CHECK(of(collapsed, "precision").value == 1);
  CHECK(of(collapsed, "recall").value < 0.1);
}

TEST_CASE("judges: too few images, other sizes and unknown scores are errors") {
  const Device cpu = parse_device("cpu");
  FeatureNetwork network = load_features("builtin", DType::f32, cpu);
  CHECK(
      has(error_of([&] { SetJudge(stripes(3, 16, 1), network, cpu, {}, 0); }), "3 real images; 10 or more"));
  const SetJudge judge(stripes(10, 16, 1), network, cpu, {"kd"}, 0);
  CHECK(has(error_of([&] { judge.scores(stripes(9, 16, 1)); }), "9 generated images"));
  CHECK(has(error_of([&] { judge.scores(stripes(10, 24, 1)); }), "24x24x3 and real ones of 16x16x3"));
  network =
      FeatureNetwork("none", {"relu1_1"}, DType::f32, [](const Tensor&, const FeatureNetwork::Seen&) {});
  CHECK(has(error_of([&] { SetJudge(stripes(10, 16, 1), network, cpu, {"class_score"}, 0); }), "no classes"));
}

TEST_CASE("judges: --metrics names the scores") {
  const Option* option = option_table("dcgan").find("metrics");
  REQUIRE(option);
  REQUIRE(option->words.size() == set_score_keys().size());
  for (std::size_t i = 0; i < option->words.size(); ++i) CHECK(option->words[i] == set_score_keys()[i]);
  CHECK_FALSE(is_set_score("loss_d"));
}

TEST_CASE("memorization: copies, samples as far as held-out images, and none held out") {
  const Descriptors training = column({0, 1, 2, 3, 4, 5, 6, 7}), held = column({0.5, 2.5, 4.5, 6.5});
  const Memorization copies = memorization(column({1, 1, 6, 3.01}), training, held);
  CHECK(copies.nearest == std::vector<std::size_t>{1, 1, 6, 3});
  CHECK(copies.nearer == 1);
  CHECK(copies.z > 2);
  CHECK(copies.suspicious == 1);
  CHECK(copies.held_out_median == doctest::Approx(0.5));
  const Memorization fresh = memorization(column({1.5, 3.5, 5.5, 0.5}), training, held);
  CHECK(fresh.nearer == doctest::Approx(0.5));
  CHECK(fresh.suspicious == 0);
  const Memorization alone = memorization(column({0.5, 1.5}), training, {});
  CHECK_FALSE(alone.has_held_out);
  CHECK(alone.held_out_median == doctest::Approx(1));  // to the next whole number
  CHECK(alone.nearer == 1);
  const ImageSet images = stripes(8, 16, 3);
  CHECK(memorization_sheet(alone, images, images, 2).width > 4 * 100);
}

TEST_CASE("image scores: equal images, flat ones, and sizes that differ") {
  const ImageSet set = stripes(2, 24, 9);
  const Image8 a = set.at(0), b = set.at(1);
  CHECK(ssim(a, a) == doctest::Approx(1));
  CHECK(ssim(a, b) < 0.9);
  CHECK(chroma_shift(a, a) == 0);
  CHECK(edge_counts(a, a).f1() == 1);
  CHECK(mean_difference(a, a) == 0);
  const Image8 flat(20, 20, 3, 90);
  const StyleFigures f = style_figures(flat);
  CHECK(f.flatness == 1);
  CHECK(f.color_contrast == doctest::Approx(0));
  CHECK(f.line_strength == 0);
  CHECK(f.checkerboard == 0);
  CHECK(edge_counts(flat, flat).f1() == 1);
  CHECK(has(error_of([&] { ssim(a, flat); }), "24x24 and 20x20"));
  Image8 gray(20, 20, 1, 0);
  CHECK(has(error_of([&] { mean_difference(flat, gray); }), "3 and 1 channels"));
  CHECK(ssim(flat, Image8(20, 20, 1, 90)) == doctest::Approx(1));
}

TEST_CASE("votes: counts, intervals, and files that are none") {
  const test::TempDir dir;
  const auto write = [&](const std::string& name, const std::string& text) {
    write_file_atomically(dir.path / name, text);
    return dir.path / name;
  };
  const std::string begin =
      R"({"format":"sumi votes 1","title":"t","question":"q","a":"new","b":"old","votes":[)";
  const fs::path one = write("1.json", begin + R"({"pair":0,"left":"a","vote":"a"},{"left":"b","vote":"a"},
    {"left":"a","vote":"b"},{"left":"a","vote":"neither"}]})");
  const Votes votes = read_votes({one, one});
  CHECK(votes.for_a == 4);
  CHECK(votes.for_b == 2);
  CHECK(votes.neither == 2);
  CHECK(votes.left == 2);
  CHECK(votes.right == 4);
  CHECK(votes.voters == 2);
  CHECK(votes.share_a() == doctest::Approx(2.0 / 3));
  CHECK(votes.interval().low == doctest::Approx(0.3).epsilon(0.01));
  CHECK(votes.interval().high == doctest::Approx(0.9033).epsilon(0.01));
  CHECK(read_votes({write("2.json", begin + "]}")}).interval().high == 1);
  const fs::path other =
      write("3.json", R"({"format":"sumi votes 1","question":"q","a":"x","b":"y","votes":[]})");
  CHECK(has(error_of([&] { read_votes({one, other}); }), "files of one comparison"));
  for (const char* bad :
       {"", "[]", "{}", R"({"format":"sumi votes 2"})", R"({"format":"sumi votes 1","a":1})",
        R"({"format":"sumi votes 1","a":"x","b":"y","question":"q"})",
        R"({"format":"sumi votes 1","a":"x","b":"y","question":"q","votes":[1]})",
        R"({"format":"sumi votes 1","a":"x","b":"y","question":"q","votes":[{"left":"c","vote":"a"}]})"}) {
    CAPTURE(bad);
    CHECK(has(error_of([&] { read_votes({write("bad.json", bad)}); }), "bad.json"));
  }
}

TEST_CASE("human sheet: the page holds all pairs, in an order that does not tell the sets apart") {
  const ImageSet a = stripes(30, 16, 1), b = stripes(30, 16, 2);
  HumanSheet sheet{"title", "Which </script> one?", "new", "old", a, b};
  sheet.pairs = 30;
  const std::string page = human_page(sheet);
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const std::size_t at = page.find(begin) + begin.size();
  const auto data = nlohmann::ordered_json::parse(page.substr(at, page.find("</script>", at) - at));
  REQUIRE(data["pairs"].size() == 30);
  CHECK(data["question"] == "Which </script> one?");
  int left = 0;
  for (const auto& pair : data["pairs"]) {
    left += pair["left"] == "a" ? 1 : 0;
    CHECK(pair["sources"].size() == 2);
  }
  CHECK(left > 5);
  CHECK(left < 25);
  CHECK_FALSE(has(page, "@SHEET_DATA@"));
  sheet.pairs = 31;
  CHECK(has(error_of([&] { human_page(sheet); }), "needs 31 images"));
}
