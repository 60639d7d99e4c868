// The layers that sumi-bench measures by default: of DCGAN-64 (Radford 2015; batch 128),
// CycleGAN-256 (Zhu 2017: resnet_9blocks and the 70x70 PatchGAN; batch 1 and 4) and AnimeGANv2 at
// 512 x 512 pixels.
#include <algorithm>

#include "bench/bench_case.h"
#include "kernels/base/problem_string.h"

namespace sumi::bench {
namespace {

struct NetRow {
  const char *net, *name, *problem;
};

// n is the published batch size. Reflection padding is a separate kernel: the sizes include it.
constexpr NetRow conv_rows[] = {
    {"dcgan64", "d1", "n128h64w64c3k64r4s4u2p1"},
    {"dcgan64", "d2", "n128h32w32c64k128r4s4u2p1"},
    {"dcgan64", "d3", "n128h16w16c128k256r4s4u2p1"},
    {"dcgan64", "d4", "n128h8w8c256k512r4s4u2p1"},
    {"dcgan64", "d5", "n128h4w4c512k1r4s4u1p0"},
    {"cyclegan256", "first 7x7", "n1h262w262c3k64r7s7u1p0"},
    {"cyclegan256", "down 1", "n1h256w256c64k128r3s3u2p1"},
    {"cyclegan256", "down 2", "n1h128w128c128k256r3s3u2p1"},
    {"cyclegan256", "block", "n1h66w66c256k256r3s3u1p0"},
    {"cyclegan256", "last 7x7", "n1h262w262c64k3r7s7u1p0"},
    {"cyclegan256", "patch 1", "n1h256w256c3k64r4s4u2p1"},
    {"cyclegan256", "patch 2", "n1h128w128c64k128r4s4u2p1"},
    {"cyclegan256", "patch 3", "n1h64w64c128k256r4s4u2p1"},
    {"cyclegan256", "patch 4", "n1h32w32c256k512r4s4u1p1"},
    {"cyclegan256", "patch 5", "n1h31w31c512k1r4s4u1p1"},
    {"animegan512", "first 7x7", "n1h518w518c3k32r7s7u1p0"},
    {"animegan512", "down 1", "n1h513w513c32k64r3s3u2p0"},
    {"animegan512", "3x3 at half", "n1h258w258c64k64r3s3u1p0"},
    {"animegan512", "down 2", "n1h257w257c64k128r3s3u2p0"},
    {"animegan512", "3x3 at quarter", "n1h130w130c128k128r3s3u1p0"},
    {"animegan512", "widen 1x1", "n1h128w128c256k512r1s1u1p0"},
    {"animegan512", "depthwise", "n1h130w130c512k512r3s3u1p0g512"},
    {"animegan512", "narrow 1x1", "n1h128w128c512k256r1s1u1p0"},
    {"animegan512", "3x3 at full", "n1h514w514c64k64r3s3u1p0"},
    {"animegan512", "last 7x7", "n1h518w518c64k32r7s7u1p0"},
    {"animegan512", "image 1x1", "n1h512w512c32k3r1s1u1p0"},
};
// c and h, w are the output's: the geometry is that of the corresponding convolution.
constexpr NetRow transpose_rows[] = {
    {"dcgan64", "g1", "n128h4w4c512k100r4s4u1p0"},
    {"dcgan64", "g2", "n128h8w8c256k512r4s4u2p1"},
    {"dcgan64", "g3", "n128h16w16c128k256r4s4u2p1"},
    {"dcgan64", "g4", "n128h32w32c64k128r4s4u2p1"},
    {"dcgan64", "g5", "n128h64w64c3k64r4s4u2p1"},
    {"cyclegan256", "up 1", "n1h128w128c128k256r3s3u2p1"},
    {"cyclegan256", "up 2", "n1h256w256c64k128r3s3u2p1"},
};
// A dense layer of batch m, with k inputs and n outputs.
constexpr NetRow dense_rows[] = {
    {"dcgan64", "noise to 4x4x512", "m128n8192k100"},
    {"dcgan64", "4x4x512 to score", "m128n1k8192"},
    {"square", "", "m1024n1024k1024"},
    {"square", "large", "m4096n4096k4096"},
};
// Activations n x h x w x c.
constexpr NetRow shape_rows[] = {
    {"dcgan64", "d1, g4", "128x32x32x64"},          {"dcgan64", "d2, g3", "128x16x16x128"},
    {"dcgan64", "d3, g2", "128x8x8x256"},           {"dcgan64", "d4, g1", "128x4x4x512"},
    {"cyclegan256", "first", "1x256x256x64"},       {"cyclegan256", "down 1", "1x128x128x128"},
    {"cyclegan256", "block", "1x64x64x256"},        {"animegan512", "at full", "1x512x512x64"},
    {"animegan512", "at quarter", "1x128x128x256"},
};

std::string with_batch(const std::string& op, const std::string& problem, std::int64_t batch) {
  const std::size_t first = op == "conv" || op == "conv_transpose" || op == "dense" ? 1 : 0;
  const std::size_t last = problem.find_first_not_of("0123456789", first);
  return problem.substr(0, first) + std::to_string(batch) + problem.substr(last);
}

template <std::size_t count>
void append(std::vector<Layer>& to, const NetRow (&rows)[count], const std::string& op,
            const Filter& filter) {
  const auto add = [&](const char* net, const NetRow& row, std::int64_t batch) {
    const auto& nets = filter.nets;
    if (!nets.empty() && std::find(nets.begin(), nets.end(), net) == nets.end()) return;
    const std::string problem = row.problem;
    to.push_back({net, row.name, batch > 0 ? with_batch(op, problem, batch) : problem});
  };
  for (const NetRow& row : rows) add(row.net, row, std::string(row.net) == "square" ? 0 : filter.batch);
  if (filter.batch > 0) return;
  for (const NetRow& row : rows)
    if (std::string(row.net) == "cyclegan256") add("cyclegan256b4", row, 4);
}

}  // namespace

const std::vector<std::string>& net_names() {
  static const std::vector<std::string> names{"dcgan64", "cyclegan256", "cyclegan256b4", "animegan512",
                                              "square"};
  return names;
}

std::vector<Layer> layers_of(const std::string& op, const Filter& filter) {
  std::vector<Layer> layers;
  if (op == "conv")
    append(layers, conv_rows, op, filter);
  else if (op == "conv_transpose")
    append(layers, transpose_rows, op, filter);
  else if (op == "dense")
    append(layers, dense_rows, op, filter);
  else
    append(layers, shape_rows, op, filter);
  return layers;
}

std::vector<Layer> problems_of(const std::string& op, const Filter& filter) {
  if (filter.problems.empty()) return layers_of(op, filter);
  std::vector<Layer> own;
  for (const std::string& text : filter.problems) own.push_back({"", "", text});
  return own;
}

bool wants_part(const Filter& filter, const std::string& part) {
  return filter.parts.empty() ||
         std::find(filter.parts.begin(), filter.parts.end(), part) != filter.parts.end();
}

Shape parse_shape(const std::string& where, const std::string& text) {
  Shape shape;
  std::size_t at = 0;
  for (int axis = 0; axis < 4; ++axis) {
    const std::size_t end = axis == 3 ? text.size() : text.find('x', at);
    const std::string word = end == std::string::npos || end < at ? "" : text.substr(at, end - at);
    if (word.empty() || word.size() > 8 || word.find_first_not_of("0123456789") != std::string::npos ||
        (shape[axis] = std::stoll(word)) < 1)
      fail(where, "'" + text + "' is no shape NxHxWxC, such as 16x64x64x3: '" + std::string(1, "NHWC"[axis]) +
                      "' is not a number above 0");
    at = end + 1;
  }
  check_count(where, "the shape", {shape.n, shape.h, shape.w, shape.c});
  return shape;
}

}  // namespace sumi::bench
