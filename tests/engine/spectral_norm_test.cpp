// Spectral normalization as an op: PyTorch's values, and first and second derivatives with constant
// u and v.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

using gradcheck::compare;
using gradcheck::numbers;
using gradcheck::Tensors;
using gradcheck::tested;
using Values = std::vector<double>;

struct Known {
  Tensor w, u, v, r;
  Known(DType dtype, const Device& device)
      : w(Tensor::from(Values{0.5, -1, 2, 0.25, 1.5, 0.75, -0.5, 1, -2, 0.125, 1, -0.75}, Shape::matrix(3, 4),
                       dtype, device)),
        u(Tensor::from(Values{0.6, 0, 0.8}, Shape::vector(3), dtype, device)),
        v(Tensor::from(Values{0.5, 0.5, 0.5, 0.5}, Shape::vector(4), dtype, device)),
        r(Tensor::from(Values{1, 2, -1, 0.5, 0.25, -0.5, 1, 2, -1.5, 0.5, 0.75, 1}, Shape::matrix(3, 4),
                       dtype, device)) {
    w.set_requires_grad(true);
  }
};

TEST_CASE("spectral norm: one step gives the numbers of torch.nn.utils.spectral_norm") {
  for (const auto& [device, dtype, tolerance] :
       {std::tuple{gradcheck::ref, DType::f64, 1e-15}, {tested, DType::f32, 1e-6}}) {
    const Known k(dtype, device);
    Tape tape;
    const Tensor w = spectral_normalize(k.w, k.u, k.v, true);
    tape.backward(sum(mul(w, k.r)));
    compare("w / sigma", w.to_vector<double>(),
            {0.17187112119590553, -0.34374224239181106, 0.68748448478362212, 0.085935560597952765,
             0.51561336358771659, 0.25780668179385829, -0.17187112119590553, 0.34374224239181106,
             -0.68748448478362212, 0.042967780298976382, 0.34374224239181106, -0.25780668179385829},
            tolerance);
    compare("gradient", k.w.grad().to_vector<double>(),
            {0.38189375172795331, 0.70215814222059991, -0.40243687213972223, 0.18507741288918556,
             0.047401260198237177, -0.18669200596502691, 0.4030257814682966, 0.67414568849141288,
             -0.46585052532318322, 0.1910106743745722, 0.18124846907919157, 0.36096784025261108},
            tolerance);
    compare("u", k.u.to_vector<double>(), {0.51837198751511937, -0.52357304424604034, 0.67613737501972104},
            tolerance);
    compare("v", k.v.to_vector<double>(),
            {-0.5245305283129621, -0.2017425108896008, 0.80697004355840318, -0.18156825980064076}, tolerance);
  }
}

TEST_CASE("spectral norm: gradients through sigma") {
  for (const Shape& shape : {Shape{4, 1, 1, 5}, Shape{3, 2, 2, 3}}) {
    const Tensor u = numbers(Shape::vector(shape.n), 5, 0.5, 1),
                 v = numbers(Shape::vector(shape.h * shape.w * shape.c), 6, 0.5, 1);
    // All positive, so that sigma is far from zero.
    gradcheck::check("spectral_normalize " + shape.str(),
                     [&](const Tensors& x) { return spectral_normalize(x[0], u, v, false); },
                     {numbers(shape, 1, 0.2, 1)});
  }
}

TEST_CASE("spectral norm: a gradient is of the u and v of its own call") {
  Known once(DType::f64, gradcheck::ref), twice(DType::f64, gradcheck::ref);
  {
    Tape tape;
    tape.backward(sum(mul(spectral_normalize(once.w, once.u, once.v, true), once.r)));
  }
  {
    Tape tape;
    const Tensor first = spectral_normalize(twice.w, twice.u, twice.v, true);
    // d sees the fake image before it walks back
    spectral_normalize(twice.w, twice.u, twice.v, true);
    tape.backward(sum(mul(first, twice.r)));
  }
  CHECK(twice.u.to_vector<double>() != once.u.to_vector<double>());
  CHECK(twice.w.grad().to_vector<double>() == once.w.grad().to_vector<double>());
}

}  // namespace
}  // namespace sumi
