// Integer arithmetic ("Integer Arithmetic Instructions"). Sums and products are computed without a
// sign and wrap.
#include <bit>

#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

template <class T>
using Wide =
    std::conditional_t<sizeof(T) == 2, std::conditional_t<std::is_signed_v<T>, std::int32_t, std::uint32_t>,
                       std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;
__extension__ using Signed128 = __int128;
__extension__ using Unsigned128 = unsigned __int128;

// Arithmetic in 64 bits, so that nothing overflows that C++ leaves undefined; put<T>() keeps the
// low bits.
template <class T>
std::uint64_t bits(T value) {
  return static_cast<std::uint64_t>(value);
}

template <class T>
T high_of_product(T a, T b) {
  if constexpr (std::is_signed_v<T>)
    return static_cast<T>(static_cast<Signed128>(a) * b >> 8 * sizeof(T));
  else
    return static_cast<T>(static_cast<Unsigned128>(a) * b >> 8 * sizeof(T));
}

// Division by zero is unspecified in PTX: kernels must not depend on it.
template <class T, bool remainder>
void divide(Thread& t, const Instruction& i) {
  const T a = t.get<T>(i.at[1]), b = t.get<T>(i.at[2]);
  if (b == 0) t.fail_at(i, "a division by zero");
  if (b == static_cast<T>(-1) && std::is_signed_v<T>)  // the lowest number has no negative
    return t.put<T>(i.at[0], remainder ? T{0} : static_cast<T>(0 - bits(a)));
  t.put<T>(i.at[0], static_cast<T>(remainder ? a % b : a / b));
}

template <class T>
void add_products(Forms& forms, const std::string& type) {
  const auto low = [](T a, T b) { return static_cast<T>(bits(a) * bits(b)); };
  const auto low_and_add = [](T a, T b, T c) { return static_cast<T>(bits(a) * bits(b) + bits(c)); };
  const auto high = [](T a, T b) { return high_of_product(a, b); };
  const auto high_and_add = [](T a, T b, T c) {
    return static_cast<T>(bits(high_of_product(a, b)) + bits(c));
  };
  forms.add("mul.lo." + type, "dss", binary_step<T, T, T>(low));
  forms.add("mul.hi." + type, "dss", binary_step<T, T, T>(high));
  forms.add("mad.lo." + type, "dsss", ternary_step<T, T, T, T>(low_and_add));
  forms.add("mad.hi." + type, "dsss", ternary_step<T, T, T, T>(high_and_add));
  if constexpr (sizeof(T) < 8) {
    using W = Wide<T>;
    const auto wide = [](T a, T b) { return static_cast<W>(static_cast<W>(a) * static_cast<W>(b)); };
    const auto wide_and_add = [](T a, T b, W c) {
      return static_cast<W>(bits(static_cast<W>(a) * static_cast<W>(b)) + bits(c));
    };
    forms.add("mul.wide." + type, "dss", binary_step<W, T, T>(wide));
    forms.add("mad.wide." + type, "dsss", ternary_step<W, T, T, W>(wide_and_add));
  }
}

}  // namespace

void add_integer_forms(Forms& forms) {
  for_types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>(
      [&]<class T>() {
        const std::string type = type_name<T>();
        forms.add("add." + type, "dss",
                  binary_step<T, T, T>([](T a, T b) { return static_cast<T>(bits(a) + bits(b)); }));
        forms.add("sub." + type, "dss",
                  binary_step<T, T, T>([](T a, T b) { return static_cast<T>(bits(a) - bits(b)); }));
        forms.add("min." + type, "dss", binary_step<T, T, T>([](T a, T b) { return a < b ? a : b; }));
        forms.add("max." + type, "dss", binary_step<T, T, T>([](T a, T b) { return a < b ? b : a; }));
        forms.add("div." + type, "dss", divide<T, false>);
        forms.add("rem." + type, "dss", divide<T, true>);
        add_products<T>(forms, type);
        if constexpr (std::is_signed_v<T>) {
          forms.add("neg." + type, "ds", unary_step<T, T>([](T a) { return static_cast<T>(0 - bits(a)); }));
          forms.add("abs." + type, "ds",
                    unary_step<T, T>([](T a) { return a < 0 ? static_cast<T>(0 - bits(a)) : a; }));
        }
      });
}

}  // namespace sumi::emu::ptx
