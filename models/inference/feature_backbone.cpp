#include "models/inference/feature_backbone.h"

namespace sumi {
namespace {

class MaxPool final : public Module {
 public:
  MaxPool() : Module("pool") {}
  Shape infer_shape(const Shape& x, Cost& cost) const override {
    geom_.check("pool", x);
    cost.saved_elements += geom_.pooled(x).count();
    return geom_.pooled(x);
  }

 protected:
  Tensor forward(const Tensor& x) override { return max_pool2d(x, geom_); }

 private:
  PoolGeom geom_;
};

class GlobalMean final : public Module {
 public:
  GlobalMean() : Module("mean") {}
  Shape infer_shape(const Shape& x, Cost&) const override { return {x.n, 1, 1, x.c}; }

 protected:
  Tensor forward(const Tensor& x) override {
    const Shape& s = x.shape();
    return sum_to(x, {s.n, 1, 1, s.c}, 1.0 / static_cast<double>(s.h * s.w));
  }
};

}  // namespace

const std::vector<TrunkStage>& trunk_stages() {
  static const std::vector<TrunkStage> stages{
      {"conv1_1", false, 1}, {"conv1_2", false, 1}, {"conv2_1", true, 2}, {"conv2_2", false, 2},
      {"conv3_1", true, 4},  {"conv3_2", false, 4}, {"conv4_1", true, 8}};
  return stages;
}

std::unique_ptr<Sequential> feature_trunk(std::int64_t channels, std::int64_t width, DType dtype,
                                          const Device& device) {
  auto trunk = std::make_unique<Sequential>();
  for (const TrunkStage& stage : trunk_stages()) {
    if (stage.pool_before) trunk->add(std::make_unique<MaxPool>());
    LayerSpec s;
    s.in = channels;
    s.out = channels = stage.widths * width;
    s.kernel = 3;
    s.pad = 1;
    s.bias = false;
    s.norm = LayerSpec::Norm::batch;
    s.act = Unary::relu;
    s.name = stage.name;
    s.norm_name = std::string("norm") + (stage.name + 4);  // conv1_1, norm1_1
    trunk->add(s, dtype, device);
  }
  trunk->add(std::make_unique<GlobalMean>());
  return trunk;
}

}  // namespace sumi
