// Floating-point arithmetic ("Floating Point Instructions", "Half Precision Floating Point
// Instructions"). Results are correctly rounded; so are those of the approx. instructions, for
// which PTX allows an error. Denormal numbers are kept unless a name says ftz.
#include <algorithm>
#include <cfenv>
#include <cmath>

#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

constexpr int kToNearest = FE_TONEAREST, kToZero = FE_TOWARDZERO, kDown = FE_DOWNWARD, kUp = FE_UPWARD;

template <class T>
T flushed(T v) {
  return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(T{0}, v) : v;
}

// NaN becomes zero.
template <class T>
T saturated(T v) {
  return v > 0 ? std::min(v, T{1}) : T{0};
}

// The number if one operand is NaN, and -0 below +0.
template <class T>
T smaller(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return a < b || (a == b && std::signbit(a)) ? a : b;
}
template <class T>
T larger(T a, T b) {
  if (std::isnan(a)) return b;
  if (std::isnan(b)) return a;
  return a > b || (a == b && !std::signbit(a)) ? a : b;
}

// f(T...) in a rounding mode. Operands come from memory, so the compiler cannot compute it earlier.
template <class T, int mode, bool flush, bool saturate, int operands, class F>
Step rounded_step(F) {
  return [](Thread& t, const Instruction& i) {
    T v[3] = {};
    for (int n = 0; n < operands; ++n) {
      v[n] = t.get<T>(i.at[1 + n]);
      if (flush) v[n] = flushed(v[n]);
    }
    volatile T result;
    if constexpr (mode == kToNearest) {
      result = F{}(v[0], v[1], v[2]);
    } else {
      const RoundingScope rounding(mode);
      volatile T a = v[0], b = v[1], c = v[2];
      result = F{}(a, b, c);
    }
    T kept = result;
    if (flush) kept = flushed(kept);
    if (saturate) kept = saturated(kept);
    t.put<T>(i.at[0], kept);
  };
}

// NAME.MODE[.ftz][.sat].TYPE for all modes.
template <class T, int operands, class F>
void add_rounded(Forms& forms, const std::string& name, F f) {
  constexpr const char* kKinds[] = {"d", "ds", "dss", "dsss"};
  const auto add = [&]<int mode>(const std::string& suffix) {
    const char* kinds = kKinds[operands];
    const std::string type = std::string(".") + type_name<T>();
    forms.add(name + suffix + type, kinds, rounded_step<T, mode, false, false, operands>(f));
    if constexpr (sizeof(T) == 4) {
      forms.add(name + suffix + ".ftz" + type, kinds, rounded_step<T, mode, true, false, operands>(f));
      forms.add(name + suffix + ".sat" + type, kinds, rounded_step<T, mode, false, true, operands>(f));
      forms.add(name + suffix + ".ftz.sat" + type, kinds, rounded_step<T, mode, true, true, operands>(f));
    }
  };
  add.template operator()<kToNearest>(".rn");
  add.template operator()<kToZero>(".rz");
  add.template operator()<kDown>(".rm");
  add.template operator()<kUp>(".rp");
  if (name == "add" || name == "sub" || name == "mul") add.template operator()<kToNearest>("");
}

// Functions without rounding, and approximate ones. With ftz in f32.
template <class T, class F>
void add_unary(Forms& forms, const std::string& name, F) {
  const auto step = unary_step<T, T>(F{});
  forms.add(name + "." + type_name<T>(), "ds", step);
  if constexpr (sizeof(T) == 4)
    forms.add(name + ".ftz.f32", "ds", unary_step<T, T>([](T v) { return flushed(F{}(flushed(v))); }));
}
template <class F>
void add_approximate(Forms& forms, const std::string& name, F) {
  add_unary<float>(forms, name, [](float v) { return static_cast<float>(F{}(static_cast<double>(v))); });
}

template <class T>
void add_type(Forms& forms) {
  add_rounded<T, 2>(forms, "add", [](T a, T b, T) { return a + b; });
  add_rounded<T, 2>(forms, "sub", [](T a, T b, T) { return a - b; });
  add_rounded<T, 2>(forms, "mul", [](T a, T b, T) { return a * b; });
  add_rounded<T, 2>(forms, "div", [](T a, T b, T) { return a / b; });
  add_rounded<T, 1>(forms, "rcp", [](T a, T, T) { return T{1} / a; });
  add_rounded<T, 1>(forms, "sqrt", [](T a, T, T) { return std::sqrt(a); });
  add_rounded<T, 3>(forms, "fma", [](T a, T b, T c) { return std::fma(a, b, c); });
  add_unary<T>(forms, "neg", [](T v) { return -v; });
  add_unary<T>(forms, "abs", [](T v) { return std::abs(v); });
  const std::string type = type_name<T>();
  forms.add("min." + type, "dss", binary_step<T, T, T>([](T a, T b) { return smaller(a, b); }));
  forms.add("max." + type, "dss", binary_step<T, T, T>([](T a, T b) { return larger(a, b); }));
  // of a, the sign; of b, the value
  forms.add("copysign." + type, "dss", binary_step<T, T, T>([](T a, T b) { return std::copysign(b, a); }));
}

template <class T>
T narrow(double value) {
  if constexpr (std::is_same_v<T, F16>)
    return to_f16(value);
  else
    return to_bf16(value);
}

// One result or, in the x2 types, one for each half of a word.
template <class T, bool pair, int operands, class F>
Step half_step(F) {
  return [](Thread& t, const Instruction& i) {
    std::uint32_t result = 0;
    for (int half = 0; half < (pair ? 2 : 1); ++half) {
      double v[3] = {};
      for (int n = 0; n < operands; ++n)
        v[n] = to_double(T{static_cast<std::uint16_t>(t.get<std::uint32_t>(i.at[1 + n]) >> 16 * half)});
      result |= static_cast<std::uint32_t>(narrow<T>(F{}(v[0], v[1], v[2])).bits) << 16 * half;
    }
    t.put(i.at[0], result);
  };
}

// Sums, products and fma of these types are exact in double or nearly so: a double rounding could
// only differ for a sum that is within 2^-53 of a tie.
template <class T>
void add_half_type(Forms& forms) {
  const auto add = [&]<int operands>(const std::string& name, const char* kinds, auto f) {
    forms.add(name + "." + type_name<T>(), kinds, half_step<T, false, operands>(f));
    forms.add(name + "." + type_name<T>() + "x2", kinds, half_step<T, true, operands>(f));
  };
  for (const char* rounding : {"", ".rn"}) {
    add.template operator()<2>(std::string("add") + rounding, "dss",
                               [](double a, double b, double) { return a + b; });
    add.template operator()<2>(std::string("sub") + rounding, "dss",
                               [](double a, double b, double) { return a - b; });
    add.template operator()<2>(std::string("mul") + rounding, "dss",
                               [](double a, double b, double) { return a * b; });
  }
  add.template operator()<3>("fma.rn", "dsss",
                             [](double a, double b, double c) { return std::fma(a, b, c); });
  add.template operator()<1>("neg", "ds", [](double a, double, double) { return -a; });
  add.template operator()<1>("abs", "ds", [](double a, double, double) { return std::abs(a); });
  add.template operator()<2>("min", "dss", [](double a, double b, double) { return smaller(a, b); });
  add.template operator()<2>("max", "dss", [](double a, double b, double) { return larger(a, b); });
}

}  // namespace

void add_float_forms(Forms& forms) {
  add_type<float>(forms);
  add_type<double>(forms);
  add_half_type<F16>(forms);
  add_half_type<Bf16>(forms);
  add_approximate(forms, "ex2.approx", [](double v) { return std::exp2(v); });
  add_approximate(forms, "lg2.approx", [](double v) { return std::log2(v); });
  add_approximate(forms, "rcp.approx", [](double v) { return 1 / v; });
  add_approximate(forms, "rsqrt.approx", [](double v) { return 1 / std::sqrt(v); });
  add_approximate(forms, "sqrt.approx", [](double v) { return std::sqrt(v); });
  add_approximate(forms, "sin.approx", [](double v) { return std::sin(v); });
  add_approximate(forms, "cos.approx", [](double v) { return std::cos(v); });
  add_approximate(forms, "tanh.approx", [](double v) { return std::tanh(v); });
  const auto divide = [](float a, float b) {
    return static_cast<float>(static_cast<double>(a) / static_cast<double>(b));
  };
  const auto divide_flushed = [](float a, float b) { return flushed(flushed(a) / flushed(b)); };
  for (const char* name : {"div.full", "div.approx"}) {
    forms.add(std::string(name) + ".f32", "dss", binary_step<float, float, float>(divide));
    forms.add(std::string(name) + ".ftz.f32", "dss", binary_step<float, float, float>(divide_flushed));
  }
}

}  // namespace sumi::emu::ptx
