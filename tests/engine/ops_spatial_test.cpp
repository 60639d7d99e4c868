// First and second derivatives of padding, resizing, pooling and dropout. Each is (nearly) linear
// in x; squaring the result makes the second derivative nonzero.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::check;
using gradcheck::numbers;
using gradcheck::Tensors;

void check_squared(const std::string& name, const gradcheck::Function& f, const Tensors& inputs) {
  check(name, f, inputs);
  check(
      name + " squared", [&](const Tensors& t) { return square(f(t)); }, inputs);
}

TEST_CASE("ops: gradients of padding") {
  const Tensor x = numbers({2, 3, 4, 2}, 1);
  for (const PadMode mode : {PadMode::zero, PadMode::reflect, PadMode::replicate})
    for (const PadGeom& g :
         {PadGeom{mode, 1, 1, 1, 1}, PadGeom{mode, 2, 0, 1, 3}, PadGeom{mode, 0, 2, 3, 0}}) {
      const std::string name =
          fmt::format("mode {}, {} {} {} {}", static_cast<int>(mode), g.top, g.bottom, g.left, g.right);
      check_squared("pad2d " + name, [&](const Tensors& t) { return pad2d(t[0], g); }, {x});
      check_squared("pad2d_grad " + name, [&](const Tensors& t) { return pad2d_grad(t[0], g, x.shape()); },
                    {numbers(g.padded(x.shape()), 2)});
    }
}

TEST_CASE("ops: gradients of resizing") {
  const Tensor x = numbers({1, 3, 4, 2}, 1);
  for (const ResizeMode mode : {ResizeMode::nearest, ResizeMode::bilinear})
    for (const ResizeCoords coords :
         {ResizeCoords::half_pixel, ResizeCoords::align_corners, ResizeCoords::asymmetric})
      for (const auto& [h, w] : {std::pair{6, 8}, {5, 3}, {1, 7}}) {
        const ResizeGeom g{mode, coords};
        const std::string name = fmt::format("mode {}, coords {}, to {}x{}", static_cast<int>(mode),
                                             static_cast<int>(coords), h, w);
        check_squared("resize2d " + name,
                      [&, h = h, w = w](const Tensors& t) { return resize2d(t[0], h, w, g); }, {x});
        check_squared("resize2d_grad " + name,
                      [&](const Tensors& t) { return resize2d_grad(t[0], x.shape(), g); },
                      {numbers({1, h, w, 2}, 2)});
      }
}

TEST_CASE("ops: gradients of resizing with a border") {
  const Tensor x = numbers({2, 3, 4, 2}, 1);
  for (const PadMode mode : {PadMode::zero, PadMode::reflect, PadMode::replicate}) {
    const PadGeom pad{mode, 1, 2, 0, 1};
    const ResizeGeom g{ResizeMode::bilinear, ResizeCoords::half_pixel};
    check_squared("resize2d with a border", [&](const Tensors& t) { return resize2d(t[0], 6, 8, g, pad); },
                  {x});
    const NoGrad no_grad;
    CHECK(resize2d(x, 6, 8, g, pad).to_vector<double>() ==
          pad2d(resize2d(x, 6, 8, g), pad).to_vector<double>());
  }
}

TEST_CASE("ops: gradients of pooling") {
  const Tensor x = numbers({2, 5, 6, 2}, 1);
  for (const PoolGeom& g : {PoolGeom{2, 2}, PoolGeom{3, 2}, PoolGeom{2, 1}, PoolGeom{2, 3}}) {
    const std::string name = fmt::format("{} every {}", g.size, g.stride);
    check_squared("avg_pool2d " + name, [&](const Tensors& t) { return avg_pool2d(t[0], g); }, {x});
    check_squared("max_pool2d " + name, [&](const Tensors& t) { return max_pool2d(t[0], g); }, {x});
  }
}

TEST_CASE("ops: gradients of dropout") {
  // A fresh stream at each call, so that every evaluation drops the same elements.
  check_squared("dropout",
                [](const Tensors& t) {
                  RandomStream stream(3, 1);
                  return dropout(t[0], 0.3, stream);
                },
                {numbers({2, 3, 3, 2}, 1)});
  RandomStream stream(3, 1);
  const Tensor ones = Tensor::full({10, 10, 10, 10}, 1, DType::f64, gradcheck::ref);
  const Tensor y = dropout(ones, 0.3, stream);
  CHECK(stream.position() == 10000);
  int kept = 0;
  for (const double v : y.to_vector<double>()) {
    CHECK((v == 0 || std::abs(v - 1 / 0.7) < 1e-6));  // the factor is rounded to f32
    kept += v != 0;
  }
  CHECK(std::abs(kept - 7000) < 200);
  CHECK(gradcheck::error_of([&] { dropout(ones, 1, stream); }) ==
        "[dropout] the probability must lie in [0, 1)");
}

}  // namespace
}  // namespace sumi
