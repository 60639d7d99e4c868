// sumi evaluate -m and --images: scores of generated or translated images.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/error.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "models/inference/load_features.h"
#include "models/judges/memorization.h"
#include "models/judges/model_scores.h"
#include "models/judges/set_judge.h"
#include "models/judges/votes.h"
#include "tools/cli/table.h"
#include "tools/evaluate_arguments.h"
#include "tools/judged_images.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kSheetPairs = 32;

const char* arrow(Better better) {
  return better == Better::lower ? "↓ lower" : better == Better::higher ? "↑ higher" : "= like real";
}

void print_table(const std::vector<Score>& scores) {
  Table table({{"score"}, {"value", true}, {"real", true}, {"better"}, {"", false, true}});
  for (const Score& s : scores)
    table.add({s.name, fmt::format("{:.4g}", s.value), s.reference ? fmt::format("{:.4g}", *s.reference) : "",
               arrow(s.better), s.note});
  fmt::print("{}", table.text(terminal_width(120)));
}

void print_json(const JudgedImages& judged, const FeatureNetwork& network, const std::vector<Score>& scores) {
  Json json = {{"judged", judged.name},      {"images", judged.images.count}, {"real", judged.real.count},
               {"size", judged.images.side}, {"features", network.name()},    {"scores", Json::object()}};
  for (const Score& s : scores) {
    Json& row = json["scores"][s.key] = {{"name", s.name}, {"value", s.value}};
    if (s.reference) row["real"] = *s.reference;
    row["better"] = s.better == Better::lower ? "lower" : s.better == Better::higher ? "higher" : "like real";
    if (!s.note.empty()) row["note"] = s.note;
  }
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void append(std::vector<Score>& scores, std::vector<Score> more) {
  for (Score& score : more) scores.push_back(std::move(score));
}

// The page of blind pairs, of the judged images and the real ones or those of --against.
int write_human_sheet(const EvaluateArguments& args, const JudgedImages& judged) {
  HumanSheet sheet;
  sheet.a = judged.name;
  sheet.images_a = judged.images;
  sheet.pairs = static_cast<std::size_t>(args.pairs);
  sheet.seed = parse_seed(args.app, "--seed", args.seed);
  std::unique_ptr<JudgedImages> other;
  if (args.against.empty()) {
    sheet.b = args.data;
    sheet.images_b = judged.real;
    sheet.question = "Which of the two images is real?";
  } else {
    EvaluateArguments second = args;
    std::error_code ec;
    const bool is_run =
        !fs::is_directory(args.against, ec) || fs::exists(fs::path(args.against) / "checkpoints", ec);
    (is_run ? second.model : second.images) = args.against;
    (is_run ? second.images : second.model).clear();
    other = judged_images(second, false);
    sheet.b = other->name;
    // The size of the pixels must not tell the two apart.
    const int side = std::min(judged.images.side, other->images.side);
    sheet.images_a = resized(judged.images, side);
    sheet.images_b = resized(other->images, side);
    sheet.question = "Which of the two images is better?";
  }
  sheet.above = judged.sources;
  if (sheet.above.count > 0 && !args.against.empty())
    sheet.question = "Which of the two is the better version of the image above?";
  sheet.title = sheet.a + " and " + sheet.b;
  write_file_atomically(args.human_sheet, human_page(sheet));
  fmt::print("{}: {} blind pairs; open it in a browser, then: sumi evaluate --votes votes.json\n",
             args.human_sheet, sheet.pairs);
  return 0;
}

FeatureNetwork feature_network(const EvaluateArguments& args, const Device& device) {
  std::optional<InceptionPools> pools;
  if (!args.pools.empty()) pools = args.pools == "fid" ? InceptionPools::fid : InceptionPools::torch;
  return load_features(args.features, DType::f32, device, VggInput::torch, pools);
}

}  // namespace

int evaluate_images(const EvaluateArguments& args) {
  const bool page = !args.human_sheet.empty();
  const bool needs_data = !page || args.against.empty();
  if (needs_data) require_text(args.app, "--data", args.data, "the real images to compare with");
  if (!args.against.empty() && !page)
    throw UsageError(command_name(args.app),
                     "--against is for --human-sheet here; evaluate both to compare scores");
  args.machine.apply();
  EvaluateArguments used = args;
  if (page) used.count = std::min(args.count, args.pairs);  // at even distances, not the first ones
  const std::unique_ptr<JudgedImages> judged = judged_images(used, needs_data);
  if (page) return write_human_sheet(used, *judged);
  const Device device = parse_device(args.machine.device.empty() ? "cpu" : args.machine.device);
  const FeatureNetwork network = feature_network(args, device);
  const SetJudge judge(judged->real, network, device, {}, parse_seed(args.app, "--seed", args.seed));
  const SetFeatures features = features_of(judged->images, network, device);
  std::vector<Score> scores = judge.scores(judged->images, features);
  const bool translated = judged->sources.count > 0;
  if (translated) {
    append(scores, translation_scores(judged->sources, judged->images, judged->real, network, device));
    if (!judged->direction.empty() && judged->source.images.channels == judged->real.channels)
      scores.push_back(identity_score(judged->target.images, judged->identity(args.raw)));
  } else {
    Descriptors held_out;
    if (judged->held_out.count > 0) held_out = features_of(judged->held_out, network, device).descriptors;
    const Memorization m = memorization(features.descriptors, judge.real_features().descriptors, held_out);
    append(scores, memorization_scores(m));
    if (!args.sheet.empty())
      save_image(args.sheet, memorization_sheet(m, judged->images, judged->real, kSheetPairs));
  }
  if (judged->opened)
    append(scores, discriminator_scores(*judged->opened, judged->direction, judged->images, judged->real,
                                        judged->held_out, judged->sources));
  if (translated && !args.sheet.empty())
    save_image(args.sheet, translation_sheet(judged->sources, judged->images, kSheetPairs));
  if (args.json) return print_json(*judged, network, scores), 0;
  fmt::print("{}: {} images of {}x{} and {} real ones\n\n", judged->name, judged->images.count,
             judged->images.side, judged->images.side, judged->real.count);
  print_table(scores);
  if (!args.sheet.empty()) fmt::print("\n{}\n", args.sheet);
  return 0;
}

}  // namespace sumi::cli
