// Words carried by a launch: its arguments are copied when it is submitted, so the host can
// continue at once. One thread writes one word.
#include "kernels/upload_scalars.h"

#include <algorithm>

#include "kernels/base/launch.h"
#include "kernels/cuda/device/keywords.cuh"

namespace sumi::kernels::cuda {

// 512 bytes: an eighth of the argument space that every device supports
constexpr unsigned kWords = 64;
struct Words {
  std::uint64_t of[kWords];
};

__global__ void store_words(Words words, unsigned count, std::uint64_t* to) {
  if (threadIdx.x < count) to[threadIdx.x] = words.of[threadIdx.x];
}

void upload_scalars(const Exec& e, const std::uint64_t* words, std::size_t count, std::uint64_t* to) {
  for (std::size_t first = 0; first < count; first += kWords) {
    const auto part = static_cast<unsigned>(std::min<std::size_t>(kWords, count - first));
    Words carried{};
    std::copy_n(words + first, part, carried.of);
    launch(e, "store_words", store_words, {dim3(1), dim3(kWords)}, carried, part, to + first);
  }
}

}  // namespace sumi::kernels::cuda
