// --upsample: doubling layers, and every model that has the option.
#include "models/networks/upsampling.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "engine/runtime/device.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;

namespace {

constexpr const char* kRules[] = {"transpose", "nearest", "bilinear"};

TrainOptions small(const std::string& model) {
  TrainOptions o = default_options(model);
  o.device = test_device();
  o.size = o.crop_size = model == "gan-conv" ? 28 : model == "pix2pix" ? 128 : 16;
  o.ngf = o.ndf = 2;
  o.nz = 3;
  o.n_blocks = model == "cyclegan" || model == "cartoongan" ? 1 : 0;
  o.batch_size = model == "pix2pix" ? 1 : 4;
  o.n_critic = o.n_layers_d = 1;
  o.threads = 2;
  if (model == "vae") o.variant = "conv";
  if (model == "pix2pix") o.net_g = "unet_128";
  if (model == "animegan") o.net_g = "cartoongan";
  return o;
}

std::vector<std::string> choosing() {
  std::vector<std::string> names;
  for (const ModelSpec* spec : model_specs())
    if (option_table(spec->name).has("upsample")) names.emplace_back(spec->name);
  return names;
}

const PlannedNetwork& generator_of(const std::vector<PlannedNetwork>& networks) {
  return *std::find_if(networks.begin(), networks.end(), [](const auto& n) { return n.name[0] == 'g'; });
}

}  // namespace

TEST_CASE("upsampling: a flat image stays flat behind a resize, and not behind a transposed convolution") {
  for (const int kernel : {3, 4, 5})
    for (const char* rule : kRules)
      for (const bool reflected : {false, true}) {
        CAPTURE(kernel);
        CAPTURE(rule);
        LayerSpec s;
        s.in = 2;
        s.out = 3;
        s.kernel = kernel;
        s.stride = 2;
        s.pad = (kernel - 1) / 2;
        s.output_padding = kernel % 2;
        s.name = "up";
        Sequential net("g");
        TrainOptions o;
        o.device = test_device();
        add_doubling(net, s, {rule, ".1", reflected}, o);
        const bool transposed = rule == kRules[0];
        CHECK(net.parameters()[0].name == (transposed ? "up.weight" : "up.1.weight"));
        const int odd = kernel == 4 ? 3 : kernel;
        CHECK(net.parameters()[0].value.shape() ==
              (transposed ? Shape{2, kernel, kernel, 3} : Shape{3, odd, odd, 2}));
        RandomStream stream(3, 1);
        initialize(net, {"normal", 1}, stream);
        const Tensor y = net(Tensor::full({1, 8, 8, 2}, 0.5, DType::f32, parse_device(test_device())));
        CHECK(y.shape() == Shape{1, 16, 16, 3});
        const std::vector<double> middle = slice(y, {0, 6, 6, 0}, {1, 4, 4, 1}).to_vector<double>();
        const auto [least, most] = std::minmax_element(middle.begin(), middle.end());
        CHECK((*most - *least > 1e-2) == transposed);
      }
}

TEST_CASE("upsampling: every model generates images of the same size with each choice") {
  const std::vector<std::string> models = choosing();
  CHECK(models.size() == 12);
  for (const std::string& model : models) {
    CAPTURE(model);
    std::vector<std::int64_t> macs;
    for (const char* rule : kRules) {
      TrainOptions o = small(model);
      o.upsample = rule;
      validate(o);
      const std::vector<PlannedNetwork> networks = plan_networks(o);
      const PlannedNetwork& g = generator_of(networks);
      Cost cost;
      CHECK(g.module->infer_shape(g.input, cost) == Shape{1, image_size(o), image_size(o), o.channels});
      macs.push_back(cost.macs);
    }
    CHECK(macs[0] < macs[1]);  // a resize has no zeros to skip
    CHECK(macs[1] == macs[2]);
  }
}

TEST_CASE("upsampling: a step reaches every parameter, also with virtual batch norm") {
  for (const std::string& model : choosing()) {
    if (std::string(test_device()) == "emu" && model != "dcgan" && model != "wgan-gp") continue;
    if (model == "animegan" || model == "cartoongan") continue;  // anime_networks_test.cpp
    CAPTURE(model);
    for (const char* rule : {"transpose", "bilinear"}) {
      TrainOptions o = small(model);
      o.upsample = rule;
      o.virtual_batch_norm = model != "vae" && domains_of(o) == 1;
      const std::unique_ptr<Model> m = make_model(o);
      RandomStream stream(5, 9);
      const std::int64_t side = image_size(o);
      std::vector<Tensor> real;
      for (int i = 0; i < (model == "pix2pix" ? 2 : domains_of(o)); ++i)
        real.push_back(stream.uniform({o.batch_size, side, side, o.channels}, DType::f32,
                                      parse_device(o.device), -1, 1));
      for (const auto& [name, value] : m->step(real, 0)) CHECK_MESSAGE(std::isfinite(value), name);
      CHECK(m->first_nonfinite().empty());
      CHECK(m->never_updated().empty());
    }
  }
}

TEST_CASE("virtual batch norm: g's samples are independent of each other, and d is unchanged") {
  int models = 0;
  for (const ModelSpec* spec : model_specs()) {
    if (!option_table(spec->name).has("virtual-batch-norm")) continue;
    CAPTURE(spec->name);
    TrainOptions o = small(spec->name);
    const std::vector<PlannedNetwork> plain = plan_networks(o);
    o.virtual_batch_norm = true;
    const std::vector<PlannedNetwork> changed = plan_networks(o);
    CHECK(plain[0].module->uses_batch_statistics());
    CHECK_FALSE(changed[0].module->uses_batch_statistics());
    CHECK(changed[0].module->buffers().empty());
    CHECK(changed[0].module->parameter_count() == plain[0].module->parameter_count());
    CHECK(changed[1].module->uses_batch_statistics() == plain[1].module->uses_batch_statistics());
    CHECK(changed[1].module->buffers().size() == plain[1].module->buffers().size());
    ++models;
  }
  CHECK(models == 7);
}
