// Atomics. One fiber runs at a time and none is interrupted, so a plain read and write is atomic.
#pragma once

#include <concepts>

namespace sumi::emu {
template <class T>
concept AtomicInt = std::same_as<T, int> || std::same_as<T, unsigned> || std::same_as<T, unsigned long long>;
template <class T>
concept AtomicSum = AtomicInt<T> || std::same_as<T, float> || std::same_as<T, double>;
// Excludes the value's type from deduction: atomicAdd(&counter, 1) with an unsigned counter.
template <class T>
struct SameAs {
  using type = T;
};
}  // namespace sumi::emu

template <sumi::emu::AtomicSum T>
T atomicAdd(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  if constexpr (std::same_as<T, int>)
    *address = static_cast<int>(static_cast<unsigned>(old) + static_cast<unsigned>(value));
  else
    *address = old + value;
  return old;
}
// *address + 1, or 0 if that would be above `limit`.
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  const unsigned old = *address;
  *address = old >= limit ? 0 : old + 1;
  return old;
}
template <sumi::emu::AtomicInt T>
T atomicMax(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  if (old < value) *address = value;
  return old;
}
template <sumi::emu::AtomicInt T>
T atomicMin(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  if (value < old) *address = value;
  return old;
}
template <sumi::emu::AtomicInt T>
T atomicAnd(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  *address = old & value;
  return old;
}
template <sumi::emu::AtomicInt T>
T atomicOr(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  *address = old | value;
  return old;
}
template <sumi::emu::AtomicInt T>
T atomicCAS(T* address, typename sumi::emu::SameAs<T>::type compare,
            typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  if (old == compare) *address = value;
  return old;
}
template <class T>
requires sumi::emu::AtomicInt<T> || std::same_as<T, float> T
atomicExch(T* address, typename sumi::emu::SameAs<T>::type value) {
  const T old = *address;
  *address = value;
  return old;
}

inline void __threadfence() {}
inline void __threadfence_block() {}
