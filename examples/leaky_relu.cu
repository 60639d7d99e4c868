// The kernel of examples/step_ptx.cpp: LeakyReLU, one thread per element. Its PTX, leaky_relu.ptx, is
// the output of
//   nvcc --ptx -arch=compute_80 -lineinfo examples/leaky_relu.cu -o examples/leaky_relu.ptx
extern "C" __global__ void leaky_relu(int count, float slope, const float* x, float* y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const float v = x[i];
  y[i] = v > 0 ? v : slope * v;
}
