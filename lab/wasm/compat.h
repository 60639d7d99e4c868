// Included before every source: what the C++ library of Emscripten 3.1.6 lacks.
#pragma once

#include <memory>
#include <type_traits>
#include <version>

#ifndef __cpp_lib_bit_cast

namespace std {
template <class To, class From>
constexpr To bit_cast(const From& from) noexcept {
  static_assert(sizeof(To) == sizeof(From) && is_trivially_copyable_v<To> && is_trivially_copyable_v<From>);
  return __builtin_bit_cast(To, from);
}
}  // namespace std

#endif

#ifndef __cpp_lib_smart_ptr_for_overwrite
namespace std {
template <class Array>
unique_ptr<Array> make_unique_for_overwrite(size_t count) {
  return unique_ptr<Array>(new remove_extent_t<Array>[count]);
}
}  // namespace std
#endif
