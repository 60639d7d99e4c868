// sumi distance: distance between two folders of images on a feature network.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/data/dataset.h"
#include "engine/runtime/device.h"
#include "models/inference/load_features.h"
#include "models/judges/image_set.h"
#include "models/judges/set_judge.h"
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

// Descriptors of the first images of a folder or IDX file, as squares.
Descriptors describe(const std::string& path, const FeatureNetwork& network, const Device& device,
                     const DistanceArguments& args) {
  DatasetSpec spec;
  spec.data = path;
  spec.size = static_cast<int>(args.size);
  spec.max_items = args.most;
  spec.cache_dir = args.cache;
  DatasetEvents events;
  events.warn = [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", line); };
  return features_of(image_set(Dataset::open(spec, events), 0), network, device).descriptors;
}

int run_distance(const DistanceArguments& args) {
  require_text(args.app, "--real", args.a, "-a takes a folder of images or an idx file");
  require_text(args.app, "--fake", args.b, "-b takes the images to compare with them");
  const std::string name = command_name(args.app);
  if (args.size < 16 || args.size > 1024) throw UsageError(name, "--size takes a number from 16 to 1024");
  if (args.most < 2 || args.most > 100'000)
    throw UsageError(name, "--max-images takes a number from 2 to 100000");
  if (args.input != "torch" && args.input != "caffe")
    throw UsageError(name, "--vgg-input takes torch or caffe");
  if (args.pools != "torch" && args.pools != "fid")
    throw UsageError(name, "--inception-pools takes torch or fid");
  args.machine.check();
  args.machine.apply();
  const Device device = parse_device(args.machine.device.empty() ? "cpu" : args.machine.device);
  // Features are computed in f32 unless a lower precision was requested.
  const Precision precision =
      parse_precision(args.machine.precision.empty() ? "f32" : args.machine.precision, device);
  if (precision.activations != DType::f32)
    throw UsageError(name, "--precision takes f32, 3xtf32 or tf32 here");
  set_multiply(precision.multiply);
  const FeatureNetwork network = load_features(
      args.features, DType::f32, device, args.input == "caffe" ? VggInput::caffe : VggInput::torch,
      args.pools == "fid" ? InceptionPools::fid : InceptionPools::torch);
  const Descriptors a = describe(args.a, network, device, args), b = describe(args.b, network, device, args);
  const std::string on = features_title(network);
  fmt::print("FD on {}   {:.6g}\nKD on {}   {:.6g}\n{} and {} images at {}x{}, {} features each\n", on,
             frechet_distance(a, b), on, kernel_distance(a, b), a.count(), b.count(), args.size, args.size,
             a.size);
  if (network.name().starts_with("inception"))
    fmt::print("{}\n",
               args.pools == "fid"
                   ? "pools as FID's: if the weights are FID's, FD is computed as FID is, on these images"
                   : "pools as torchvision's: not FID");
  if (std::min(a.count(), b.count()) <= a.size)
    fmt::print(stderr, "sumi: fewer images than features: the Frechet distance is not meaningful\n");
  return 0;
}

}  // namespace

Command add_distance(CLI::App& parent) {
  auto args = std::make_shared<DistanceArguments>();
  CLI::App& app = *parent.add_subcommand("distance", "Measure the distance between two sets of images.");
  args->app = &app;
  set_help(
      app, "distance -a REAL -b DRAWN [options]",
      "  sumi generate -m run -n 1000 -o fake/ && sumi distance -a photos -b fake\n"
      "  sumi distance -a photos -b fake --feature-network vgg19.safetensors\n",
      "FD is the Frechet distance of the images' descriptors, KD their kernel distance. Both depend on the "
      "network, the size and the number of images. FID and KID are these distances on a particular Inception "
      "network: its weights and --inception-pools fid give them.");
  add_text(app, "-a,--real", args->a, "DIR|FILE", "reference images")->group("Images");
  add_text(app, "-b,--fake,--drawn", args->b, "DIR|FILE", "images to compare with them")->group("Images");
  add_whole(app, "--size", args->size, "PX", "both sets are cropped to squares and resized to this side")
      ->group("Images");
  add_whole(app, "--max-images,--most", args->most, "N", "use the first N images of each")->group("Images");
  add_text(app, "--cache", args->cache, "DIR", "folder for decoded images (default: the user's cache folder)")
      ->group("Images");
  add_text(
      app, "--feature-network,--features", args->features, "builtin|FILE|RUN",
      "sumi's own network, a run of sumi train classifier, or VGG19 or Inception v3 with torchvision's names")
      ->default_str("builtin")
      ->group("Features");
  add_text(app, "--vgg-input", args->input, "torch|caffe", "input convention of the VGG19 weights")
      ->default_str("torch")
      ->group("Features");
  add_text(app, "--inception-pools", args->pools, "torch|fid",
           "pooling of the Inception v3 weights: torchvision's or that of the FID weights")
      ->default_str("torch")
      ->group("Features");
  args->machine.add(app);
  return {&app, [args]() { return run_distance(*args); }};
}

}  // namespace sumi::cli
