// Uses the kernels of an installed sumi package without its engine: y = 2x + 1.
#include <cstdio>
#include <vector>

#include "kernels/elementwise.h"

int main() {
  const std::vector<float> x{0, 1, 2, 3};
  std::vector<float> y(x.size());
  const sumi::Shape shape = sumi::Shape::vector(4);
  const sumi::Exec exec{};  // the CPU

  sumi::kernels::affine(exec, sumi::View{x.data(), sumi::DType::f32, shape}, 2, 1,
                        sumi::MutView{y.data(), sumi::DType::f32, shape}, sumi::Write::overwrite);

  const bool right = y == std::vector<float>{1, 3, 5, 7};
  std::printf("2x + 1 = %g %g %g %g: %s\n", y[0], y[1], y[2], y[3], right ? "right" : "wrong");
  return right ? 0 : 1;
}
