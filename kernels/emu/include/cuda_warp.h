// Thread indices, barriers and warp collectives, with CUDA's names.
#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

#include "kernels/emu/device_functions.h"
#include "kernels/emu/include/cuda_vector_types.h"

// Plain objects, so that debuggers print them. Set before a thread continues.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;
inline constexpr int warpSize = 32;

inline void __syncthreads(sumi::emu::Location where = sumi::emu::Location::current()) {
  sumi::emu::block_barrier("__syncthreads()", false, where);
}
inline int __syncthreads_count(int predicate, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::block_barrier("__syncthreads_count()", predicate != 0, where);
}
inline int __syncthreads_or(int predicate, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::block_barrier("__syncthreads_or()", predicate != 0, where) != 0;
}
inline int __syncthreads_and(int predicate, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::block_barrier("__syncthreads_and()", predicate != 0, where) == sumi::emu::block_threads();
}

namespace sumi::emu {

// The registers that a shuffle moves: one or two.
template <class T>
concept Register = std::is_arithmetic_v<T> &&(sizeof(T) == 4 || sizeof(T) == 8);

template <Register T>
std::uint64_t to_bits(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <Register T>
T from_bits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

// The LaneFunctions. A shuffle's argument holds operand and width; the width splits the warp into
// independent parts.
std::uint64_t shuffle_index(const Lanes& lanes, int lane);
std::uint64_t shuffle_up(const Lanes& lanes, int lane);
std::uint64_t shuffle_down(const Lanes& lanes, int lane);
std::uint64_t shuffle_xor(const Lanes& lanes, int lane);
std::uint64_t warp_ballot(const Lanes& lanes, int lane);
std::uint64_t warp_nothing(const Lanes& lanes, int lane);

inline std::uint32_t shuffle_argument(int operand, int width) {
  return static_cast<std::uint32_t>(operand & 0xFFFF) << 8 | static_cast<std::uint32_t>(width & 0xFF);
}

template <class T, class Op>
std::uint64_t warp_reduce(const Lanes& lanes, int) {
  T result{};
  bool first = true;
  for (int lane = 0; lane < 32; ++lane) {
    if (!(lanes.mask >> lane & 1)) continue;
    const T value = from_bits<T>(lanes.value[lane]);
    result = first ? value : Op()(result, value);
    first = false;
  }
  return to_bits(result);
}

struct Add {
  // In unsigned arithmetic: a device's int wraps around.
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) + static_cast<std::make_unsigned_t<T>>(b));
  }
};
struct Least {
  template <class T>
  T operator()(T a, T b) const {
    return b < a ? b : a;
  }
};
struct Greatest {
  template <class T>
  T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

}  // namespace sumi::emu

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu,
                       sumi::emu::Location where = sumi::emu::Location::current()) {
  sumi::emu::warp_collective("__syncwarp()", sumi::emu::warp_nothing, mask, 0, 0, where);
}

template <sumi::emu::Register T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(sumi::emu::warp_collective("__shfl_sync()", sumi::emu::shuffle_index, mask,
                                                            sumi::emu::to_bits(value),
                                                            sumi::emu::shuffle_argument(lane, width), where));
}

template <sumi::emu::Register T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(
      sumi::emu::warp_collective("__shfl_up_sync()", sumi::emu::shuffle_up, mask, sumi::emu::to_bits(value),
                                 sumi::emu::shuffle_argument(static_cast<int>(delta), width), where));
}

template <sumi::emu::Register T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(sumi::emu::warp_collective(
      "__shfl_down_sync()", sumi::emu::shuffle_down, mask, sumi::emu::to_bits(value),
      sumi::emu::shuffle_argument(static_cast<int>(delta), width), where));
}

template <sumi::emu::Register T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(
      sumi::emu::warp_collective("__shfl_xor_sync()", sumi::emu::shuffle_xor, mask, sumi::emu::to_bits(value),
                                 sumi::emu::shuffle_argument(lane_mask, width), where));
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              sumi::emu::Location where = sumi::emu::Location::current()) {
  return static_cast<unsigned>(
      sumi::emu::warp_collective("__ballot_sync()", sumi::emu::warp_ballot, mask, predicate != 0, 0, where));
}
inline int __any_sync(unsigned mask, int predicate,
                      sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::warp_collective("__any_sync()", sumi::emu::warp_ballot, mask, predicate != 0, 0, where) !=
         0;
}
inline int __all_sync(unsigned mask, int predicate,
                      sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::warp_collective("__all_sync()", sumi::emu::warp_ballot, mask, predicate != 0, 0, where) ==
         mask;
}

// The lanes that have not returned. Hardware may return fewer, so no kernel should rely on it.
inline unsigned __activemask() {
  return sumi::emu::live_lanes();
}

template <class T>
requires std::is_same_v<T, int> || std::is_same_v<T, unsigned> T
__reduce_add_sync(unsigned mask, T value, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(sumi::emu::warp_collective("__reduce_add_sync()",
                                                            sumi::emu::warp_reduce<T, sumi::emu::Add>, mask,
                                                            sumi::emu::to_bits(value), 0, where));
}
template <class T>
requires std::is_same_v<T, int> || std::is_same_v<T, unsigned> T
__reduce_min_sync(unsigned mask, T value, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(sumi::emu::warp_collective("__reduce_min_sync()",
                                                            sumi::emu::warp_reduce<T, sumi::emu::Least>, mask,
                                                            sumi::emu::to_bits(value), 0, where));
}
template <class T>
requires std::is_same_v<T, int> || std::is_same_v<T, unsigned> T
__reduce_max_sync(unsigned mask, T value, sumi::emu::Location where = sumi::emu::Location::current()) {
  return sumi::emu::from_bits<T>(sumi::emu::warp_collective("__reduce_max_sync()",
                                                            sumi::emu::warp_reduce<T, sumi::emu::Greatest>,
                                                            mask, sumi::emu::to_bits(value), 0, where));
}
