// Logic, shifts, and bits within words ("Logic and Shift Instructions", bfe, bfi, prmt and others).
#include <algorithm>
#include <bit>

#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

// Shifts by the width or more give zeros, or copies of the sign.
template <class T>
T shift_left(T a, U32 by) {
  return by >= 8 * sizeof(T) ? T{0} : static_cast<T>(a << by);
}
template <class T>
T shift_right(T a, U32 by) {
  return static_cast<T>(a >> std::min<U32>(by, 8 * sizeof(T) - 1)) >> (by >= 8 * sizeof(T) ? 1 : 0);
}

// The 32 high bits of hi:lo shifted left, or the 32 low ones of hi:lo shifted right.
template <bool left, bool wrap>
U32 funnel(U32 low, U32 high, U32 by) {
  const U32 n = wrap ? by & 31 : std::min<U32>(by, 32);
  const U64 both = U64{high} << 32 | low;
  return static_cast<U32>(left ? both << n >> 32 : both >> n);
}

U32 lop3(U32 a, U32 b, U32 c, U32 table) {
  U32 d = 0;
  for (int bit = 0; bit < 32; ++bit) {
    const U32 row = (a >> bit & 1) << 2 | (b >> bit & 1) << 1 | (c >> bit & 1);
    d |= (table >> row & 1) << bit;
  }
  return d;
}

// Four bytes chosen from the eight of a and b; the top bit of a choice copies that byte's sign.
U32 permute(U32 a, U32 b, U32 choices) {
  const U64 bytes = U64{b} << 32 | a;
  U32 d = 0;
  for (int n = 0; n < 4; ++n) {
    const U32 choice = choices >> 4 * n & 15;
    U32 byte = static_cast<U32>(bytes >> 8 * (choice & 7) & 255);
    if (choice & 8) byte = byte & 128 ? 255 : 0;
    d |= byte << 8 * n;
  }
  return d;
}

// A field of `length` bits from bit `position`. Bits beyond the word are the sign's, or zeros.
template <class T>
T extract(T a, U32 position, U32 length) {
  constexpr U32 kBits = 8 * sizeof(T);
  position &= 255, length &= 255;
  if (length == 0) return 0;
  const U32 last = std::min(position + length - 1, kBits - 1);
  const bool sign = std::is_signed_v<T> && (a >> last & 1) != 0;
  T field = 0;
  for (U32 n = 0; n < kBits; ++n) {
    const bool inside = n < length && position + n < kBits;
    if (inside ? (a >> (position + n) & 1) != 0 : sign) field = static_cast<T>(U64(field) | U64{1} << n);
  }
  return field;
}

template <class T>
T insert(T a, T b, U32 position, U32 length) {
  position &= 255, length &= 255;
  for (U32 n = 0; n < length && position + n < 8 * sizeof(T); ++n) {
    const T bit = T{1} << (position + n);
    b = (a >> n & 1) ? b | bit : b & ~bit;
  }
  return b;
}

template <class T>
void add_words(Forms& forms, const std::string& type) {
  const auto count = [](T a) { return static_cast<U32>(std::popcount(a)); };
  const auto zeros = [](T a) { return static_cast<U32>(std::countl_zero(a)); };
  const auto reversed = [](T a) {
    T d = 0;
    for (std::size_t n = 0; n < 8 * sizeof(T); ++n) d |= (a >> n & 1) << (8 * sizeof(T) - 1 - n);
    return d;
  };
  forms.add("popc." + type, "ds", unary_step<U32, T>(count));
  forms.add("clz." + type, "ds", unary_step<U32, T>(zeros));
  forms.add("brev." + type, "ds", unary_step<T, T>(reversed));
  forms.add("bfi." + type, "dssss", [](Thread& t, const Instruction& i) {
    t.put(i.at[0], insert(t.get<T>(i.at[1]), t.get<T>(i.at[2]), t.get<U32>(i.at[3]), t.get<U32>(i.at[4])));
  });
}

}  // namespace

void add_bit_forms(Forms& forms) {
  const auto logic = [&]<class T>(const std::string& type) {
    forms.add("and." + type, "dss", binary_step<T, T, T>([](T a, T b) { return static_cast<T>(a & b); }));
    forms.add("or." + type, "dss", binary_step<T, T, T>([](T a, T b) { return static_cast<T>(a | b); }));
    forms.add("xor." + type, "dss", binary_step<T, T, T>([](T a, T b) { return static_cast<T>(a ^ b); }));
  };
  logic.operator()<bool>("pred");
  forms.add("not.pred", "ds", unary_step<bool, bool>([](bool a) { return !a; }));
  for_types<std::uint16_t, U32, U64>([&]<class T>() {
    const std::string type = "b" + std::to_string(8 * sizeof(T));
    logic.operator()<T>(type);
    forms.add("not." + type, "ds", unary_step<T, T>([](T a) { return static_cast<T>(~a); }));
    forms.add("shl." + type, "dss", binary_step<T, T, U32>([](T a, U32 n) { return shift_left(a, n); }));
    forms.add("shr." + type, "dss", binary_step<T, T, U32>([](T a, U32 n) { return shift_right(a, n); }));
  });
  for_types<std::uint16_t, std::int16_t, U32, std::int32_t, U64, std::int64_t>([&]<class T>() {
    const std::string type = type_name<T>();
    forms.add("shr." + type, "dss", binary_step<T, T, U32>([](T a, U32 n) { return shift_right(a, n); }));
    if constexpr (sizeof(T) > 2)
      forms.add("bfe." + type, "dsss",
                ternary_step<T, T, U32, U32>([](T a, U32 p, U32 n) { return extract(a, p, n); }));
  });
  add_words<U32>(forms, "b32");
  add_words<U64>(forms, "b64");
  const auto add_funnel = [&]<bool left, bool wrap>(const char* name) {
    forms.add(name, "dsss", ternary_step<U32, U32, U32, U32>([](U32 a, U32 b, U32 n) {
                return funnel<left, wrap>(a, b, n);
              }));
  };
  add_funnel.operator()<true, true>("shf.l.wrap.b32");
  add_funnel.operator()<true, false>("shf.l.clamp.b32");
  add_funnel.operator()<false, true>("shf.r.wrap.b32");
  add_funnel.operator()<false, false>("shf.r.clamp.b32");
  forms.add("prmt.b32", "dsss",
            ternary_step<U32, U32, U32, U32>([](U32 a, U32 b, U32 c) { return permute(a, b, c); }));
  forms.add("lop3.b32", "dssss", [](Thread& t, const Instruction& i) {
    t.put(i.at[0], lop3(t.get<U32>(i.at[1]), t.get<U32>(i.at[2]), t.get<U32>(i.at[3]), t.get<U32>(i.at[4])));
  });
}

}  // namespace sumi::emu::ptx
