// sumi distance: how far two folders of pictures lie apart on a feature network.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/data/dataset.h"
#include "engine/runtime/device.h"
#include "models/inference/feature_network.h"
#include "models/inference/frechet.h"
#include "tools/cli/cli.h"
#include "tools/cli/runtime_options.h"

namespace sumi::cli {
namespace {

struct DistanceArguments {
  CLI::App* app = nullptr;
  std::string a, b, features = "builtin", input = "torch", pools = "torch", cache;
  RuntimeOptions machine;
  std::int64_t size = 64, most = 2000;
};

// Of the first pictures of a folder or idx file, as squares.
Descriptors describe(const std::string& path, const FeatureNetwork& network, const Device& device,
                     const DistanceArguments& args) {
  constexpr std::int64_t kBatch = 32;
  DatasetSpec spec;
  spec.data = path;
  spec.size = static_cast<int>(args.size);
  spec.max_items = args.most;
  spec.cache_dir = args.cache;
  DatasetEvents events;
  events.warn = [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", line); };
  const Dataset data = Dataset::open(spec, events);
  Descriptors all;
  const NoGrad no_grad;
  for (std::int64_t first = 0; first < data.count(); first += kBatch) {
    const std::int64_t n = std::min(kBatch, data.count() - first);
    std::vector<float> levels;
    for (std::int64_t i = first; i < first + n; ++i)
      for (std::int64_t k = 0; k < data.item_bytes(i); ++k)
        levels.push_back(static_cast<float>(data.item(i)[k]) / 127.5f - 1.0f);
    const Tensor rows =
        network.descriptor(Tensor::from(levels, {n, args.size, args.size, 3}, DType::f32, device));
    all.size = static_cast<std::size_t>(rows.shape().c);
    for (const double v : rows.to_vector<double>()) all.values.push_back(v);
  }
  return all;
}

std::string title(const FeatureNetwork& network) {
  if (network.name() == "sumi") return "sumi's own features";
  return (network.name() == "inception" ? "Inception" : network.name()) + " features";
}

int run_distance(const DistanceArguments& args) {
  require_text(args.app, "--real", args.a, "-a takes a folder of pictures or an idx file");
  require_text(args.app, "--fake", args.b, "-b takes the pictures to compare with them");
  const std::string name = command_name(args.app);
  if (args.size < 16 || args.size > 1024) throw UsageError(name, "--size wants a number from 16 to 1024");
  if (args.most < 2 || args.most > 100'000)
    throw UsageError(name, "--max-images wants a number from 2 to 100000");
  if (args.input != "torch" && args.input != "caffe")
    throw UsageError(name, "--vgg-input wants torch or caffe");
  if (args.pools != "torch" && args.pools != "fid")
    throw UsageError(name, "--inception-pools wants torch or fid");
  args.machine.check();
  args.machine.apply();
  const Device device = parse_device(args.machine.device.empty() ? "cpu" : args.machine.device);
  // Features are measured in f32 unless somebody asks for less.
  const Precision precision =
      parse_precision(args.machine.precision.empty() ? "f32" : args.machine.precision, device);
  if (precision.activations != DType::f32)
    throw UsageError(name, "--precision wants f32, 3xtf32 or tf32 here");
  set_multiply(precision.multiply);
  const FeatureNetwork network = load_features(
      args.features, DType::f32, device, args.input == "caffe" ? VggInput::caffe : VggInput::torch,
      args.pools == "fid" ? InceptionPools::fid : InceptionPools::torch);
  const Descriptors a = describe(args.a, network, device, args), b = describe(args.b, network, device, args);
  const std::string on = title(network);
  fmt::print("FD on {}   {:.6g}\nKD on {}   {:.6g}\n{} and {} pictures at {}x{}, {} numbers each\n", on,
             frechet_distance(a, b), on, kernel_distance(a, b), a.count(), b.count(), args.size, args.size,
             a.size);
  if (network.name() == "inception")
    fmt::print("{}\n",
               args.pools == "fid"
                   ? "pools as FID's: if the weights are FID's, FD is computed as FID is, on these pictures"
                   : "pools as torchvision's: not FID");
  if (std::min(a.count(), b.count()) <= a.size)
    fmt::print(stderr, "sumi: fewer pictures than numbers: the Frechet distance means little\n");
  return 0;
}

}  // namespace

Command add_distance(CLI::App& parent) {
  auto args = std::make_shared<DistanceArguments>();
  CLI::App& app = *parent.add_subcommand("distance", "Measure how far two sets of pictures lie apart.");
  args->app = &app;
  set_help(
      app, "distance -a REAL -b DRAWN [options]",
      "  sumi generate -m run -n 1000 -o drawn/ && sumi distance -a photos -b drawn\n"
      "  sumi distance -a photos -b drawn --feature-network vgg19.safetensors\n",
      "FD is the Frechet distance of the pictures' descriptors, KD their kernel distance. Both depend on the "
      "network, the size and the number of pictures. They are neither FID nor KID, which are made with a "
      "certain Inception network: with its weights and --inception-pools fid they are computed as those "
      "are.");
  add_text(app, "-a,--real", args->a, "DIR|FILE", "pictures as they should be")->group("Pictures");
  add_text(app, "-b,--fake,--drawn", args->b, "DIR|FILE", "pictures to compare with them")->group("Pictures");
  add_whole(app, "--size", args->size, "PX", "both sets are cut to squares and made this large")
      ->group("Pictures");
  add_whole(app, "--max-images,--most", args->most, "N", "use the first N images of each")->group("Pictures");
  add_text(app, "--cache", args->cache, "DIR",
           "where decoded pictures are kept (default: the user's cache folder)")
      ->group("Pictures");
  add_text(
      app, "--feature-network,--features", args->features, "builtin|FILE|RUN",
      "sumi's own network, one of sumi train classifier, or VGG19 or Inception v3 in torchvision's names")
      ->default_str("builtin")
      ->group("Features");
  add_text(app, "--vgg-input", args->input, "torch|caffe", "which input the VGG19 was trained with")
      ->default_str("torch")
      ->group("Features");
  add_text(app, "--inception-pools", args->pools, "torch|fid",
           "which pools the Inception v3 was trained with: torchvision's, or those of FID's weights")
      ->default_str("torch")
      ->group("Features");
  args->machine.add(app);
  return {&app, [args]() { return run_distance(*args); }};
}

}  // namespace sumi::cli
