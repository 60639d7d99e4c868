// Two CUDA kernels on the emulated device, small enough to walk through in a debugger
// (docs/learn/step-a-kernel.md): the naive convolution, and the matrix product by tiles, which has barriers.
#include <cstdio>
#include <exception>

#include "engine/ops.h"
#include "engine/runtime/device.h"

using namespace sumi;

namespace {

void print(const char* name, const Tensor& t) {
  std::printf("%s %s\n", name, t.shape().str().c_str());
  const auto values = t.to_vector<float>();
  const auto row = static_cast<std::size_t>(t.shape().w * t.shape().c);
  for (std::size_t i = 0; i < values.size(); ++i)
    std::printf("%5g%s", values[i], i % row == row - 1 ? "\n" : "");
}

std::vector<float> counting(int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 7));
  return values;
}

}  // namespace

int main() try {
  const Device device = parse_device("emu");
  const NoGrad no_grad;
  const Tensor x = Tensor::from(counting(16), {1, 4, 4, 1}, DType::f32, device);
  const Tensor w =
      Tensor::from(std::vector<float>{0, 1, 0, 1, -4, 1, 0, 1, 0}, {1, 3, 3, 1}, DType::f32, device);
  print("convolution", conv2d(x, w, {}, ConvOptions::same_pads(1, 1)));

  const Tensor a = Tensor::from(counting(12), {3, 1, 1, 4}, DType::f32, device);
  const Tensor b = Tensor::from(counting(8), {4, 1, 1, 2}, DType::f32, device);
  print("product", matmul(a, b));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
