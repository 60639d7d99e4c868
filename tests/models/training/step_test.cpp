// --n-critic and --accumulate, of every model that has them.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "engine/runtime/device.h"
#include "engine/serialize/checkpoint.h"
#include "models/model.h"
#include "models/registry.h"
#include "tests/models/tiny_vgg.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;

namespace {

// Networks whose norms look at each picture alone, so that it makes no difference how a batch is divided.
TrainOptions small_run(const std::string& model, const std::filesystem::path& folder) {
  TrainOptions o = default_options(model);
  o.device = "ref";
  o.precision = "f64";
  o.ngf = o.ndf = 4;
  o.n_blocks = 1;
  o.size = o.crop_size = 16;
  if (model == "gan") o.size = 8;
  if (model == "pix2pix") {
    o.net_g = "resnet_6blocks";
    o.norm = "instance";
    o.no_dropout = true;
  }
  o.n_layers_d = 1;
  o.pool_size = 0;
  o.threads = 1;
  o.feature_network = write_tiny_vgg(folder).string();
  o.init_epochs = 0;
  o.spectral_norm = false;  // it iterates once a pass
  return o;
}

std::vector<Tensor> pictures(const TrainOptions& o, std::int64_t n) {
  RandomStream stream(7, 99);
  std::vector<Tensor> all;
  for (int i = 0; i < domains_of(o) + (model_spec(o.model).smooth_edges ? 1 : 0); ++i)
    all.push_back(stream.uniform({n, picture_side(o), picture_side(o), o.channels}, DType::f64,
                                 parse_device(o.device), -1, 1));
  return all;
}

// Adam's first moments after a step on the same pictures, by name: the gradients, times one factor.
std::map<std::string, std::vector<double>> moments_after_step(const TrainOptions& o,
                                                              const std::filesystem::path& folder) {
  const auto model = make_model(o);
  model->step(pictures(o, 4), 0);
  CheckpointWriter writer;
  model->save(writer, true);
  writer.write(folder / "step", {"full", o.model, to_json(o).dump(), "{}"});
  const CheckpointFile file(folder / "step");
  std::map<std::string, std::vector<double>> all;
  for (const CheckpointFile::Entry& entry : file.entries()) {
    if (!entry.name.starts_with("optim.") || entry.name.find(".m.") == std::string::npos) continue;
    const Tensor moment = Tensor::zeros(entry.shape, DType::f64, parse_device(o.device));
    file.load(entry.name, moment);
    all[entry.name] = moment.to_vector<double>();
  }
  return all;
}

}  // namespace

TEST_CASE("an update of several batches is that of one with as many pictures") {
  const TempDir folder;
  for (const char* name : {"gan", "vae", "cyclegan", "pix2pix", "animegan", "cartoongan"}) {
    CAPTURE(std::string(name));
    TrainOptions o = small_run(name, folder.path);
    o.batch_size = 4;
    const auto whole = moments_after_step(o, folder.path);
    o.batch_size = 1;
    o.accumulate = 4;
    const auto parts = moments_after_step(o, folder.path);
    REQUIRE(parts.size() == whole.size());
    CHECK(!whole.empty());
    for (const auto& [parameter, moments] : whole) {
      CAPTURE(parameter);
      double most = 0, worst = 0;
      for (std::size_t i = 0; i < moments.size(); ++i) {
        most = std::max(most, std::abs(moments[i]));
        worst = std::max(worst, std::abs(moments[i] - parts.at(parameter)[i]));
      }
      CHECK(worst <= 1e-9 * most + 1e-15);
    }
  }
}

TEST_CASE("--n-critic: discriminators learn that often, generators once") {
  const TempDir folder;
  for (const char* name : {"gan", "autoencoder-gan", "cyclegan", "pix2pix", "animegan"}) {
    CAPTURE(std::string(name));
    TrainOptions o = small_run(name, folder.path);
    if (o.model == "autoencoder-gan") o.variant = "converter";
    o.batch_size = 1;
    o.n_critic = 2;
    o.accumulate = 2;
    const auto model = make_model(o);
    model->step(pictures(o, 4), 0);
    int generators = 0, discriminators = 0;
    for (const auto& [counter, count] : model->counters()) {
      const bool generator = counter.starts_with("adam.g"), discriminator = counter.starts_with("adam.d");
      generators += generator ? 1 : 0;
      discriminators += discriminator ? 1 : 0;
      if (generator || discriminator) CHECK(count == (generator ? 1 : 2));
    }
    CHECK(generators > 0);
    CHECK(discriminators > 0);
  }
}
