#include "tools/judged_images.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/data/find_images.h"
#include "engine/error.h"
#include "engine/image/image_size.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/training_data.h"

namespace sumi::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostReal = 5000;
constexpr int kOtherSide = 64;  // for folders of several sizes

DatasetEvents warnings() {
  DatasetEvents events;
  events.warn = [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", line); };
  return events;
}

bool is_folder(const fs::path& path) {
  std::error_code ec;
  return fs::is_directory(path, ec);
}

// A folder or IDX file as images of `size`, of which squares are judged.
ImageSet folder_set(const std::string& path, const ImageSize& size, int channels,
                    const EvaluateArguments& args, std::size_t most) {
  DatasetSpec spec;
  spec.data = path;
  spec.size = size.width;
  spec.height = size.height;
  spec.channels = channels;
  spec.cache_dir = args.cache;
  ImageSet set = image_set(Dataset::open(spec, warnings()), most);
  if (size.is_square()) return set;
  const int side = std::min(size.width, size.height);
  return {set.count, side, channels, [set, side](std::size_t i) { return square_image(set.at(i), side); }};
}

// The side of the largest square in the images, if all have one size, else kOtherSide.
int common_side(const std::string& folder) {
  if (!is_folder(folder)) return kOtherSide;
  std::int64_t width = 0, height = 0;
  for (const std::string& name : find_images(folder, nullptr)) {
    const auto size = claimed_image_size(fs::path(folder) / name);
    if (!size || (width != 0 && *size != std::pair(width, height))) return kOtherSide;
    std::tie(width, height) = *size;
  }
  return width == 0 ? kOtherSide
                    : static_cast<int>(std::clamp<std::int64_t>(std::min(width, height), 16, 512));
}

// Throws Error unless image i of both folders has one name, apart from its ending.
void check_same_names(const std::string& images, const std::string& sources) {
  const auto a = find_images(images, nullptr), b = find_images(sources, nullptr);
  const std::string cure = "give the folder that --images was made from, image by image";
  if (a.size() != b.size())
    fail("--source " + sources,
         fmt::format("has {} images and {} has {}; {}", b.size(), images, a.size(), cure));
  for (std::size_t i = 0; i < a.size(); ++i)
    if (fs::path(a[i]).replace_extension() != fs::path(b[i]).replace_extension())
      fail("--source " + sources, fmt::format("has {} where {} has {}; {}", b[i], images, a[i], cure));
}

void open_folder(JudgedImages& judged, const EvaluateArguments& args, bool needs_data) {
  const int one = args.size > 0 ? static_cast<int>(args.size) : common_side(args.images);
  const ImageSize side(one, one);
  judged.name = args.images;
  const auto count = static_cast<std::size_t>(args.count);
  if (!args.source.empty()) {
    check_same_names(args.images, args.source);
    judged.sources = folder_set(args.source, side, 3, args, count);
  }
  judged.images = folder_set(args.images, side, 3, args, count);
  if (needs_data) judged.real = folder_set(args.data, side, 3, args, kMostReal);
  if (!args.held_out.empty()) judged.held_out = folder_set(args.held_out, side, 3, args, kMostReal);
}

// The options of the model's training with the data of this comparison.
TrainOptions data_options(const TrainOptions& trained, const EvaluateArguments& args,
                          const std::string& direction) {
  TrainOptions o = trained;
  o.data = args.data;
  o.data_a.clear(), o.data_b.clear();
  o.cache = args.cache;
  o.max_items = 0;
  o.batch_size = o.n_critic = o.accumulate = 1;
  if (direction.empty()) return o;
  const bool paired = model_spec(o.model).requirements.paired;
  std::string source = args.source, target = args.data;
  if (source.empty() && !paired) {
    const fs::path parent = args.data;
    const bool back = direction == "BtoA";
    const std::string test = (parent / (back ? "testB" : "testA")).string();
    source = is_folder(test) ? test : (parent / (back ? "trainB" : "trainA")).string();
    target = (parent / (back ? "trainA" : "trainB")).string();
    if (!is_folder(source) || !is_folder(target))
      fail("--source", fmt::format("is missing: the images to translate ({} holds no {} and {})", args.data,
                                   back ? "trainB" : "trainA", back ? "trainA" : "trainB"));
  }
  if (!source.empty()) {
    o.data_a = direction == "BtoA" && !paired ? target : source;
    o.data_b = direction == "BtoA" && !paired ? source : target;
  }
  return o;
}

void open_loader(JudgedImages& judged, const TrainOptions& options) {
  std::vector<DatasetSpec> specs = dataset_specs(options);
  const bool translates = !judged.direction.empty();
  if (translates && specs.size() > 2) specs.resize(2);  // without the drawings with smoothed edges
  std::vector<Dataset> sets;
  for (DatasetSpec& spec : specs) {
    spec.labels = {};
    sets.push_back(Dataset::open(spec, warnings()));
  }
  specs.front().workers = 0;
  specs.front().batch_size = 1;
  judged.loader = std::make_unique<const BatchLoader>(std::move(sets), specs.front());
}

void open_generator(JudgedImages& judged, const EvaluateArguments& args, bool needs_data) {
  const TrainOptions& trained = judged.opened->options;
  Model& model = *judged.opened->model;
  const std::uint64_t seed = parse_seed(args.app, "--seed", args.seed);
  judged.images = generated_set(model, trained, static_cast<std::size_t>(args.count), seed, args.raw);
  if (needs_data) {
    open_loader(judged, data_options(trained, args, ""));
    judged.real = loaded_images(*judged.loader, 0, trained, kMostReal).images;
  }
  if (!args.held_out.empty())
    judged.held_out = folder_set(args.held_out, trained.size, judged.images.channels, args, kMostReal);
}

void open_translator(JudgedImages& judged, const EvaluateArguments& args) {
  const TrainOptions& trained = judged.opened->options;
  const auto directions = judged.opened->directions();
  judged.direction = args.direction.empty() ? directions.front() : args.direction;
  if (std::find(directions.begin(), directions.end(), judged.direction) == directions.end())
    throw UsageError(command_name(args.app), fmt::format("--direction {}: the model has {}", judged.direction,
                                                         fmt::join(directions, " and ")));
  require_text(args.app, "--data", args.data, "the images whose style the translations should have");
  open_loader(judged, data_options(trained, args, judged.direction));
  const bool swaps = judged.direction == "BtoA" && judged.loader->domains() > 1;
  judged.source = loaded_images(*judged.loader, swaps ? 1 : 0, trained, static_cast<std::size_t>(args.count));
  judged.target = loaded_images(*judged.loader, swaps ? 0 : 1, trained, kMostReal);
  judged.sources = judged.source.images;
  judged.real = judged.target.images;
  judged.images = translated_set(*judged.opened->model, judged.direction, judged.source, args.raw);
}

}  // namespace

ImageSet JudgedImages::identity(bool raw) const {
  LoadedImages some = target;
  some.count = std::min<std::size_t>(target.count, images.count);
  return translated_set(*opened->model, direction, some, raw);
}

std::unique_ptr<JudgedImages> judged_images(const EvaluateArguments& args, bool needs_data) {
  auto judged = std::make_unique<JudgedImages>();
  if (args.model.empty()) {
    open_folder(*judged, args, needs_data);
    return judged;
  }
  judged->opened = open_model(args.model, args.machine.device, args.machine.precision, args.net_key);
  judged->name = args.model;
  const ModelSpec& spec = model_spec(judged->opened->options.model);
  if (spec.requirements.classifies || spec.requirements.packed)
    fail("evaluate " + args.model,
         spec.requirements.classifies
             ? "is a classifier, which makes no images; its accuracy is in the log of its run"
             : "has several styles; convert a folder with sumi convert, and give the result as --images");
  if (judged->opened->model->directions().empty())
    open_generator(*judged, args, needs_data);
  else
    open_translator(*judged, args);
  return judged;
}

}  // namespace sumi::cli
