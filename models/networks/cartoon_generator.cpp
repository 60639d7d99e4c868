#include <string>

#include "models/networks/anime_networks.h"
#include "models/networks/upsampling.h"

namespace sumi {
namespace {

LayerSpec plain(const std::string& name, std::int64_t in, std::int64_t out, int kernel, int stride = 1) {
  LayerSpec s;
  s.in = in;
  s.out = out;
  s.kernel = kernel;
  s.stride = stride;
  s.pad = kernel / 2;
  s.name = name;
  return s;
}

LayerSpec normed(const std::string& name, std::int64_t in, std::int64_t out, int kernel) {
  LayerSpec s = plain(name, in, out, kernel);
  s.norm = LayerSpec::Norm::instance;
  s.act = Unary::relu;
  return s;
}

// x + f(x) with f = conv 3x3, norm, ReLU, conv 3x3, norm.
class PlainBlock final : public Module {
 public:
  PlainBlock(const std::string& name, std::int64_t width, const TrainOptions& o) : Module(name) {
    first_ = &add_child(
        std::make_unique<FusedLayer>(normed(name + ".conv1", width, width, 3), dtype_of(o), device_of(o)));
    LayerSpec second = normed(name + ".conv2", width, width, 3);
    second.act = Unary::identity;
    second_ = &add_child(std::make_unique<FusedLayer>(second, dtype_of(o), device_of(o)));
  }
  Shape infer_shape(const Shape& x, Cost& cost) const override {
    return second_->infer_shape(first_->infer_shape(x, cost), cost);
  }

 protected:
  Tensor forward(const Tensor& x) override {
    Module& first = *first_;
    return (*second_)(first(x), x);
  }

 private:
  FusedLayer *first_, *second_;
};

}  // namespace

std::unique_ptr<Module> cartoon_generator(const TrainOptions& o) {
  auto g = std::make_unique<Sequential>();
  const auto add = [&](const LayerSpec& spec) { g->add(spec, dtype_of(o), device_of(o)); };
  const std::int64_t width = o.ngf, twice = 2 * width, most = 4 * width;
  add(normed("down_convs.0", 3, width, 7));
  add(plain("down_convs.3", width, twice, 3, 2));
  add(normed("down_convs.4", twice, twice, 3));
  add(plain("down_convs.7", twice, most, 3, 2));
  add(normed("down_convs.8", most, most, 3));
  for (int i = 0; i < (o.n_blocks == 0 ? 8 : o.n_blocks); ++i)
    g->add(std::make_unique<PlainBlock>("resnet_blocks." + std::to_string(i), most, o));
  const auto up = [&](const std::string& name, std::int64_t in, std::int64_t out) {
    LayerSpec s = plain(name, in, out, 3, 2);
    s.output_padding = 1;
    add_doubling(*g, s, {o.upsample}, o);
  };
  up("up_convs.0", most, twice);
  add(normed("up_convs.1", twice, twice, 3));
  up("up_convs.4", twice, width);
  add(normed("up_convs.5", width, width, 3));
  LayerSpec out = plain("up_convs.8", width, 3, 7);
  out.act = Unary::tanh;
  add(out);
  return g;
}

}  // namespace sumi
