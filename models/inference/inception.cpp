#include "models/inference/inception.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/serialize/torch_layout.h"
#include "engine/serialize/weight_file.h"
#include "models/inference/pretrained_weights.h"

namespace sumi {
namespace {

constexpr double kInceptionNormEps = 1e-3;
constexpr std::int64_t kInceptionSide = 299, kDescriptor = 2048, kFidClasses = 1008;

// A convolution without bias, then batch norm, which is folded into it, and ReLU.
struct Conv {
  std::string name;
  int out, h, w, stride;
  bool keeps_size;  // padded by half a kernel
  Tensor weight = {}, bias = {};
};
Conv same(const char* name, int out, int h, int w) {
  return {name, out, h, w, 1, true};
}
Conv point(const char* name, int out) {
  return same(name, out, 1, 1);
}
Conv bare(const char* name, int out, int stride = 1) {
  return {name, out, 3, 3, stride, false};
}

// Pooling at the start of a branch: 3x3 maximum with stride 2 without padding; 3x3 mean with stride
// 1; or that of the last block, which is the mean, or the maximum for the FID weights.
enum class Pool : std::uint8_t { none, halve, mean, last };

// Convolutions in sequence; then, if there are `ends`, each of these on their result.
struct Branch {
  Pool pool;
  std::vector<Conv> chain;
  std::vector<Conv> ends = {};
};

// Branches on one map, concatenated over channels. Tensors are named BLOCK.CONV, or CONV without a
// block.
struct Mixed {
  std::string name;
  std::vector<Branch> branches;
};

// The letters are those of figures 5 to 7 of the paper, in torchvision's order.
Mixed mixed_a(const char* name, int pool_width) {
  return {
      name,
      {{Pool::none, {point("branch1x1", 64)}},
       {Pool::none, {point("branch5x5_1", 48), same("branch5x5_2", 64, 5, 5)}},
       {Pool::none,
        {point("branch3x3dbl_1", 64), same("branch3x3dbl_2", 96, 3, 3), same("branch3x3dbl_3", 96, 3, 3)}},
       {Pool::mean, {point("branch_pool", pool_width)}}}};
}

Mixed mixed_b(const char* name) {
  return {name,
          {{Pool::none, {bare("branch3x3", 384, 2)}},
           {Pool::none,
            {point("branch3x3dbl_1", 64), same("branch3x3dbl_2", 96, 3, 3), bare("branch3x3dbl_3", 96, 2)}},
           {Pool::halve, {}}}};
}

Mixed mixed_c(const char* name, int width) {
  return {name,
          {{Pool::none, {point("branch1x1", 192)}},
           {Pool::none,
            {point("branch7x7_1", width), same("branch7x7_2", width, 1, 7), same("branch7x7_3", 192, 7, 1)}},
           {Pool::none,
            {point("branch7x7dbl_1", width), same("branch7x7dbl_2", width, 7, 1),
             same("branch7x7dbl_3", width, 1, 7), same("branch7x7dbl_4", width, 7, 1),
             same("branch7x7dbl_5", 192, 1, 7)}},
           {Pool::mean, {point("branch_pool", 192)}}}};
}

Mixed mixed_d(const char* name) {
  return {name,
          {{Pool::none, {point("branch3x3_1", 192), bare("branch3x3_2", 320, 2)}},
           {Pool::none,
            {point("branch7x7x3_1", 192), same("branch7x7x3_2", 192, 1, 7), same("branch7x7x3_3", 192, 7, 1),
             bare("branch7x7x3_4", 192, 2)}},
           {Pool::halve, {}}}};
}

Mixed mixed_e(const char* name, Pool pool) {
  return {name,
          {{Pool::none, {point("branch1x1", 320)}},
           {Pool::none,
            {point("branch3x3_1", 384)},
            {same("branch3x3_2a", 384, 1, 3), same("branch3x3_2b", 384, 3, 1)}},
           {Pool::none,
            {point("branch3x3dbl_1", 448), same("branch3x3dbl_2", 384, 3, 3)},
            {same("branch3x3dbl_3a", 384, 1, 3), same("branch3x3dbl_3b", 384, 3, 1)}},
           {pool, {point("branch_pool", 192)}}}};
}

std::vector<Mixed> inception_blocks() {
  return {{"",
           {{Pool::none,
             {bare("Conv2d_1a_3x3", 32, 2), bare("Conv2d_2a_3x3", 32), same("Conv2d_2b_3x3", 64, 3, 3)}}}},
          {"", {{Pool::halve, {point("Conv2d_3b_1x1", 80), bare("Conv2d_4a_3x3", 192)}}}},
          {"", {{Pool::halve, {}}}},
          mixed_a("Mixed_5b", 32),
          mixed_a("Mixed_5c", 64),
          mixed_a("Mixed_5d", 64),
          mixed_b("Mixed_6a"),
          mixed_c("Mixed_6b", 128),
          mixed_c("Mixed_6c", 160),
          mixed_c("Mixed_6d", 160),
          mixed_c("Mixed_6e", 192),
          mixed_d("Mixed_7a"),
          mixed_e("Mixed_7b", Pool::mean),
          mixed_e("Mixed_7c", Pool::last)};
}

// Calls f(conv, its name in the file, its input channels) for each convolution in order.
template <class F>
void for_each(std::vector<Mixed>& blocks, F&& f) {
  std::int64_t width = 3;
  for (Mixed& block : blocks) {
    const std::string prefix = block.name.empty() ? "" : block.name + ".";
    std::int64_t joined = 0;
    for (Branch& branch : block.branches) {
      std::int64_t in = width;
      for (Conv& conv : branch.chain) {
        f(conv, prefix + conv.name, in);
        in = conv.out;
      }
      for (Conv& conv : branch.ends) {
        f(conv, prefix + conv.name, in);
        joined += conv.out;
      }
      if (branch.ends.empty()) joined += in;
    }
    width = joined;
  }
}

void load(Conv& conv, const std::string& name, std::int64_t in, const FrozenWeights& file, DType dtype,
          const Device& device) {
  const Shape shape{conv.out, conv.h, conv.w, in};
  const auto of_norm = [&](const char* what) { return file.values(name + ".bn." + what, {conv.out}); };
  auto w = from_torch(file.values(name + ".conv.weight", {conv.out, in, conv.h, conv.w}), shape,
                      {TorchLayout::Kind::conv});
  const FrozenNorm norm{of_norm("weight"), of_norm("bias"), of_norm("running_mean"), of_norm("running_var"),
                        kInceptionNormEps};
  if (*std::min_element(norm.var.begin(), norm.var.end()) < 0)
    file.refuse(fmt::format("holds a negative variance in {}.bn.running_var; download the file again", name));
  const auto bias = fold_norm(w, norm);
  conv.weight = Tensor::from(w, shape, dtype, device);
  conv.bias = Tensor::from(bias, Shape::vector(conv.out), dtype, device);
}

Tensor with_border(const Tensor& x) {
  return pad2d(x, {PadMode::zero, 1, 1, 1, 1});
}

Tensor pooled(Pool pool, const Tensor& x, InceptionPools pools) {
  const PoolGeom every{3, 1};
  if (pool == Pool::none) return x;
  if (pool == Pool::halve) return max_pool2d(x, {3, 2});
  // x follows a ReLU, so zero padding never exceeds the maximum.
  if (pool == Pool::last && pools == InceptionPools::fid) return max_pool2d(with_border(x), every);
  const Tensor mean = avg_pool2d(with_border(x), every);
  if (pools == InceptionPools::torch) return mean;
  // The same average of ones is the fraction of each window that lies inside.
  const Tensor ones = Tensor::full({1, x.shape().h, x.shape().w, 1}, 1, x.dtype(), x.device());
  return div(mean, avg_pool2d(with_border(ones), every));
}

Tensor run(const Conv& conv, const Tensor& x) {
  BlockOptions o;
  const int h = conv.keeps_size ? conv.h / 2 : 0, w = conv.keeps_size ? conv.w / 2 : 0;
  o.conv = {conv.stride, h, h, w, w, 1, 1};
  o.act = Unary::relu;
  BlockParams p;
  p.w = conv.weight;
  p.bias = conv.bias;
  return fused_block(x, p, o);
}

Tensor run(const Branch& branch, Tensor x, InceptionPools pools) {
  x = pooled(branch.pool, x, pools);
  for (const Conv& conv : branch.chain) x = run(conv, x);
  if (branch.ends.empty()) return x;
  std::vector<Tensor> parts;
  for (const Conv& conv : branch.ends) parts.push_back(run(conv, x));
  return concat(parts, 3);
}

}  // namespace

std::vector<InceptionConv> inception_convolutions() {
  std::vector<InceptionConv> all;
  auto blocks = inception_blocks();
  for_each(blocks, [&](const Conv& conv, const std::string& name, std::int64_t in) {
    all.push_back({name, {conv.out, in, conv.h, conv.w}});
  });
  return all;
}

namespace {

// Rows of fc.weight; 0 without a classifier.
std::int64_t class_count(const std::filesystem::path& path) {
  const WeightFile file(path);
  for (const WeightFile::Entry& entry : file.entries())
    if (entry.name == "fc.weight" && entry.shape.size() == 2 && entry.shape[1] == kDescriptor)
      return entry.shape[0];
  return 0;
}

}  // namespace

InceptionPools inception_pools(const std::filesystem::path& path) {
  return class_count(path) == kFidClasses ? InceptionPools::fid : InceptionPools::torch;
}

FeatureNetwork load_inception(const std::filesystem::path& path, DType dtype, const Device& device,
                              InceptionPools pools) {
  auto blocks = inception_blocks();
  const FrozenWeights file(
      path, "Inception v3",
      "Inception v3 in torchvision's names has Conv2d_1a_3x3.conv.weight and .bn.weight, .bias, "
      ".running_mean and .running_var to Mixed_7c.branch_pool");
  for_each(blocks, [&](Conv& conv, const std::string& name, std::int64_t in) {
    load(conv, name, in, file, dtype, device);
  });
  const auto forward = [blocks, pools](const Tensor& pictures, const FeatureNetwork::Seen& seen) {
    Tensor x = pictures;
    if (x.shape().h != kInceptionSide || x.shape().w != kInceptionSide)
      x = resize2d(x, kInceptionSide, kInceptionSide, {ResizeMode::bilinear, ResizeCoords::half_pixel});
    for (const Mixed& block : blocks) {
      std::vector<Tensor> parts;
      for (const Branch& branch : block.branches) parts.push_back(run(branch, x, pools));
      x = parts.size() == 1 ? parts[0] : concat(parts, 3);
      if (!seen(block.name, x)) return;
    }
  };
  FeatureNetwork network(pools == InceptionPools::fid ? "inception-fid" : "inception",
                         {"Mixed_5d", "Mixed_6e", "Mixed_7c"}, dtype, forward);
  if (const std::int64_t classes = class_count(path); classes > 0) {
    ClassHead head{file.values("fc.weight", {classes, kDescriptor}), {}};
    head.bias.resize(static_cast<std::size_t>(classes), 0.0);
    if (pools == InceptionPools::torch) head.bias = file.values("fc.bias", {classes});
    network.set_class_head(std::move(head));
  }
  return network;
}

}  // namespace sumi
