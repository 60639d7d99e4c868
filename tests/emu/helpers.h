// Shared parts of the emulator's tests: arrays on the device, and errors as text.
#pragma once

#include <string>
#include <vector>

#include "kernels/emu/include/cuda_runtime.h"
#include "tests/support.h"

namespace test_emu {

using sumi::test::error_of, sumi::test::has;

template <class T>
class OnDevice {
 public:
  explicit OnDevice(std::size_t count) : count_(count) { cudaMalloc(&data_, count * sizeof(T)); }
  explicit OnDevice(const std::vector<T>& values) : OnDevice(values.size()) {
    cudaMemcpy(data_, values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
  }
  ~OnDevice() { cudaFree(data_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  T* get() const { return data_; }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    cudaMemcpy(values.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

// Launches on a stream, like kernels/base/launch.h.
template <class Body>
void run(const char* name, dim3 grid, dim3 block, Body body, cudaStream_t stream = nullptr) {
  sumi::emu::launch(stream, name, grid, block, body);
}

// Returns the error of one synchronized launch.
template <class Body>
std::string error_of_launch(const char* name, dim3 grid, dim3 block, Body body) {
  return error_of([&] {
    run(name, grid, block, body);
    cudaDeviceSynchronize();
  });
}

// One shared struct per kernel, like kernels/cuda/device/shared.cuh.
template <class T>
T& block_shared() {
  static const char key = 0;
  return *static_cast<T*>(sumi::emu::block_shared(sizeof(T), alignof(T), &key));
}

}  // namespace test_emu
