// Conversions and moves (cvt, cvta, mov).
#include <cfenv>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

// Rounding by the suffix of a name: to an integral value, and to a floating type. The low bits of
// Form::mode are a row.
struct Rounding {
  const char *integral, *fraction;
  int mode;
};
constexpr Rounding kRoundings[] = {{".rni", ".rn", FE_TONEAREST},
                                   {".rzi", ".rz", FE_TOWARDZERO},
                                   {".rmi", ".rm", FE_DOWNWARD},
                                   {".rpi", ".rp", FE_UPWARD}};

double integral(const Instruction& i, double value) {
  switch (kRoundings[i.form->mode & 3].mode) {
    case FE_TOWARDZERO:
      return std::trunc(value);
    case FE_DOWNWARD:
      return std::floor(value);
    case FE_UPWARD:
      return std::ceil(value);
    default:
      return std::nearbyint(value);
  }
}

// To the nearest integer of the type if the value is beyond it. NaN is 0, or the bit of the sign
// alone where one of the types has 64 bits.
template <class D, class A>
D clamped(double value) {
  using L = std::numeric_limits<D>;
  if (std::isnan(value))
    return sizeof(A) == 8 || sizeof(D) == 8 ? static_cast<D>(std::uint64_t{1} << (8 * sizeof(D) - 1)) : D{0};
  if (value <= static_cast<double>(L::min())) return L::min();
  if (value >= std::ldexp(1.0, L::digits)) return L::max();
  return static_cast<D>(value);
}

template <class F>
F as_float(double value) {
  if constexpr (std::is_same_v<F, Bf16>) return to_bf16(value);
  if constexpr (std::is_same_v<F, F16>) return to_f16(value);
  if constexpr (std::is_floating_point_v<F>) return static_cast<F>(value);
}

double flushed_f32(double v) {
  return std::abs(v) < 0x1p-126 ? std::copysign(0.0, v) : v;
}
constexpr std::uint8_t kFlush = 4;  // in Form::mode: the name has .ftz
double saturated(double v) {
  return v > 0 ? std::min(v, 1.0) : 0.0;
}

template <class D, class A>
void round_to_integer(Thread& t, const Instruction& i) {
  double value = to_double(t.get<A>(i.at[1]));
  if (i.form->mode & kFlush) value = flushed_f32(value);
  t.put<D>(i.at[0], clamped<D, A>(integral(i, value)));
}
template <class F>
void round_in_type(Thread& t, const Instruction& i) {
  t.put<F>(i.at[0], static_cast<F>(integral(i, static_cast<double>(t.get<F>(i.at[1])))));
}
// To a floating type that may lack the bits.
template <class D, class A>
void round_to_float(Thread& t, const Instruction& i) {
  const RoundingScope rounding(kRoundings[i.form->mode & 3].mode);
  volatile A a = t.get<A>(i.at[1]);
  volatile D d = static_cast<D>(a);
  t.put<D>(i.at[0], d);
}

// Every rounding of cvt.D.A.
template <class D, class A>
void add_rounded(Forms& forms) {
  const std::string types = std::string(".") + type_name<D>() + "." + type_name<A>();
  for (std::uint8_t row = 0; row < std::size(kRoundings); ++row) {
    const auto add = [&](const std::string& suffix, Step step, std::uint8_t flush = 0) {
      forms.add("cvt" + suffix + types,
                {"ds", step, Space::generic, 0, 1, static_cast<std::uint8_t>(row | flush)});
    };
    const std::string whole = kRoundings[row].integral, part = kRoundings[row].fraction;
    if constexpr (std::is_same_v<D, A>) {
      add(whole, round_in_type<D>);
    } else if constexpr (std::is_integral_v<D>) {  // always saturates
      add(whole, round_to_integer<D, A>);
      add(whole + ".sat", round_to_integer<D, A>);
      add(whole + ".ftz", round_to_integer<D, A>, kFlush);
    } else {
      add(part, round_to_float<D, A>);
    }
  }
}

// An integer to one that does not hold all its values: the low bits, or with .sat the nearest.
template <class D, class A>
void add_integers(Forms& forms) {
  const std::string types = std::string(".") + type_name<D>() + "." + type_name<A>();
  forms.add("cvt" + types, "ds", unary_step<D, A>([](A a) { return static_cast<D>(a); }));
  forms.add("cvt.sat" + types, "ds", unary_step<D, A>([](A a) {
              using L = std::numeric_limits<D>;
              if (std::cmp_less(a, L::min())) return L::min();
              return std::cmp_greater(a, L::max()) ? L::max() : static_cast<D>(a);
            }));
}

// mov of bits, and between a register and a vector of its parts, the low one first.
template <int width>
void move_bits(Thread& t, const Instruction& i) {
  const int to = i.written, from = i.operands - i.written;
  std::uint64_t all = 0;
  for (int n = 0; n < from; ++n) {
    const int part = width / from;
    const std::uint64_t mask = part == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << part) - 1;
    all |= (t.get<std::uint64_t>(i.at[to + n]) & mask) << part * n;
  }
  for (int n = 0; n < to; ++n) {
    const int part = width / to;
    const std::uint64_t mask = part == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << part) - 1;
    t.put<std::uint64_t>(i.at[n], all >> part * n & mask);
  }
}

// To 11 significant bits, ties away from zero. The 13 bits below are unspecified in PTX; a pattern
// there shows whether a kernel reads them.
std::uint32_t to_tf32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  constexpr std::uint32_t kBelow = 0x1FFF, kPattern = 0x0AAA;
  if (std::isnan(value)) return 0x7FFFFFFF;
  if (std::isinf(value)) return bits;
  return ((bits + 0x1000) & ~kBelow) | kPattern;
}

template <std::uint64_t window>
void add_window(Forms& forms, const std::string& space) {
  const Step to_generic =
      unary_step<std::uint64_t, std::uint64_t>([](std::uint64_t a) { return a + window; });
  const Step to_space = unary_step<std::uint64_t, std::uint64_t>([](std::uint64_t a) { return a - window; });
  forms.add("cvta." + space + ".u64", "ds", to_generic);
  forms.add("cvta.to." + space + ".u64", "ds", to_space);
}

void add_16_bits(Forms& forms) {
  const auto narrow = [&]<class T>() {
    const std::string type = type_name<T>();
    forms.add("cvt.rn." + type + ".f32", "ds",
              unary_step<T, float>([](float a) { return as_float<T>(to_double(a)); }));
    forms.add("cvt.f32." + type, "ds",
              unary_step<float, T>([](T a) { return static_cast<float>(to_double(a)); }));
    // the first operand is the upper half
    forms.add("cvt.rn." + type + "x2.f32", "dss",
              binary_step<std::uint32_t, float, float>([](float a, float b) {
                const T high = as_float<T>(to_double(a)), low = as_float<T>(to_double(b));
                return static_cast<std::uint32_t>(high.bits) << 16 | low.bits;
              }));
  };
  narrow.operator()<F16>();
  narrow.operator()<Bf16>();
}

}  // namespace

void add_conversion_forms(Forms& forms) {
  const auto all_integers = [](auto&& f) {
    for_types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
              std::uint64_t, std::int64_t>(f);
  };
  all_integers([&]<class D>() { all_integers([&]<class A>() { add_integers<D, A>(forms); }); });
  for_types<float, double>([&]<class F>() {
    all_integers([&]<class I>() {
      add_rounded<F, I>(forms);
      add_rounded<I, F>(forms);
    });
    add_rounded<F, F>(forms);
  });
  add_rounded<float, double>(forms);
  forms.add("cvt.f64.f32", "ds", unary_step<double, float>([](float a) { return static_cast<double>(a); }));
  forms.add("cvt.sat.f32.f32", "ds",
            unary_step<float, float>([](float a) { return static_cast<float>(saturated(to_double(a))); }));
  forms.add("cvt.ftz.f32.f32", "ds",
            unary_step<float, float>([](float a) { return static_cast<float>(flushed_f32(to_double(a))); }));
  forms.add("cvt.rna.tf32.f32", "ds", unary_step<std::uint32_t, float>([](float a) { return to_tf32(a); }));
  add_16_bits(forms);

  add_window<0>(forms, "global");
  add_window<kSharedWindow>(forms, "shared");
  add_window<kLocalWindow>(forms, "local");
  add_window<kParamWindow>(forms, "param");

  forms.add("mov.pred", "ds", unary_step<bool, bool>([](bool a) { return a; }));
  for (const char* type : {"u16", "s16", "b16"}) forms.add(std::string("mov.") + type, "ds", move_bits<16>);
  for (const char* type : {"u32", "s32", "f32"}) forms.add(std::string("mov.") + type, "ds", move_bits<32>);
  for (const char* type : {"u64", "s64", "f64"}) forms.add(std::string("mov.") + type, "ds", move_bits<64>);
  forms.add("mov.b32", "DS", move_bits<32>);
  forms.add("mov.b64", "DS", move_bits<64>);
}

}  // namespace sumi::emu::ptx
