// Copies a few values from the host to device memory without waiting and without a staging buffer:
// on CUDA devices they travel as launch arguments.
#pragma once

#include <cstring>

#include "kernels/base/exec.h"

namespace sumi::kernels {

namespace cuda {
void upload_scalars(const Exec& e, const std::uint64_t* words, std::size_t count, std::uint64_t* to);
}

// to[0, count) = words, in the order of exec's work; `to` is memory of its device, `words` of the
// host.
inline void upload_scalars(const Exec& e, const std::uint64_t* words, std::size_t count, std::uint64_t* to) {
  if (e.device.on_host())
    std::memcpy(to, words, count * sizeof(std::uint64_t));
  else
    cuda::upload_scalars(e, words, count, to);
}

}  // namespace sumi::kernels
