// Comparisons and choices (setp, selp, slct).
#include <cmath>
#include <utility>

#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

// The comparisons. Floating ones are false for NaN, except ne's: equ and its like are true for it.
struct Equal {
  template <class T>
  bool operator()(T a, T b) const {
    return a == b;
  }
};
struct NotEqual {  // of numbers: false for NaN, unlike C++'s
  template <class T>
  bool operator()(T a, T b) const {
    return a < b || a > b;
  }
};
struct Less {
  template <class T>
  bool operator()(T a, T b) const {
    return a < b;
  }
};
struct LessEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a <= b;
  }
};
struct Greater {
  template <class T>
  bool operator()(T a, T b) const {
    return a > b;
  }
};
struct GreaterEqual {
  template <class T>
  bool operator()(T a, T b) const {
    return a >= b;
  }
};
template <class Compare>
struct OrNaN {
  template <class T>
  bool operator()(T a, T b) const {
    return std::isnan(a) || std::isnan(b) || Compare{}(a, b);
  }
};
struct Numbers {
  template <class T>
  bool operator()(T a, T b) const {
    return !std::isnan(a) && !std::isnan(b);
  }
};
struct AnyNaN {
  template <class T>
  bool operator()(T a, T b) const {
    return std::isnan(a) || std::isnan(b);
  }
};

// Form::mode of setp.CMP.BOOL d|p, a, b, c: d is the comparison combined with c, p its opposite so
// combined.
enum Combine : std::uint8_t { alone, with_and, with_or, with_xor };
bool combined(std::uint8_t how, bool a, bool b) {
  return how == with_and ? a && b : how == with_or ? a || b : how == with_xor ? a != b : a;
}

template <class T, class Compare>
void compare(Thread& t, const Instruction& i) {
  const bool holds = Compare{}(t.get<T>(i.at[2]), t.get<T>(i.at[3]));
  const bool other = i.form->mode != alone && t.get<bool>(i.at[4]);
  t.put<bool>(i.at[0], combined(i.form->mode, holds, other));
  t.put<bool>(i.at[1], combined(i.form->mode, !holds, other));
}

template <class T, class Compare>
void add_comparison(Forms& forms, const std::string& name, const std::string& type) {
  const auto add = [&](const char* suffix, const char* operands, Combine how) {
    Form form{operands, compare<T, Compare>};
    form.mode = how;
    forms.add("setp." + name + suffix + "." + type, std::move(form));
  };
  add("", "pss", alone);
  add(".and", "psss", with_and);
  add(".or", "psss", with_or);
  add(".xor", "psss", with_xor);
}

template <class T>
void add_order(Forms& forms, const std::string& type) {
  add_comparison<T, Equal>(forms, "eq", type);
  add_comparison<T, NotEqual>(forms, "ne", type);
  add_comparison<T, Less>(forms, "lt", type);
  add_comparison<T, LessEqual>(forms, "le", type);
  add_comparison<T, Greater>(forms, "gt", type);
  add_comparison<T, GreaterEqual>(forms, "ge", type);
}

}  // namespace

void add_select_forms(Forms& forms) {
  for_types<std::uint16_t, std::uint32_t, std::uint64_t>([&]<class T>() {
    const std::string type = type_name<T>(), bits = "b" + std::to_string(8 * sizeof(T));
    add_order<T>(forms, type);
    add_comparison<T, Less>(forms, "lo", type);
    add_comparison<T, LessEqual>(forms, "ls", type);
    add_comparison<T, Greater>(forms, "hi", type);
    add_comparison<T, GreaterEqual>(forms, "hs", type);
    add_comparison<T, Equal>(forms, "eq", bits);
    add_comparison<T, NotEqual>(forms, "ne", bits);
  });
  for_types<std::int16_t, std::int32_t, std::int64_t>(
      [&]<class T>() { add_order<T>(forms, type_name<T>()); });
  for_types<float, double>([&]<class T>() {
    const std::string type = type_name<T>();
    add_order<T>(forms, type);
    add_comparison<T, OrNaN<Equal>>(forms, "equ", type);
    add_comparison<T, OrNaN<NotEqual>>(forms, "neu", type);
    add_comparison<T, OrNaN<Less>>(forms, "ltu", type);
    add_comparison<T, OrNaN<LessEqual>>(forms, "leu", type);
    add_comparison<T, OrNaN<Greater>>(forms, "gtu", type);
    add_comparison<T, OrNaN<GreaterEqual>>(forms, "geu", type);
    add_comparison<T, Numbers>(forms, "num", type);
    add_comparison<T, AnyNaN>(forms, "nan", type);
  });

  const Step choose = [](Thread& t, const Instruction& i) {
    t.put<std::uint64_t>(i.at[0], t.get<std::uint64_t>(i.at[t.get<bool>(i.at[3]) ? 1 : 2]));
  };
  for (const char* type : {"b16", "b32", "b64", "u16", "u32", "u64", "s16", "s32", "s64", "f32", "f64"})
    forms.add(std::string("selp.") + type, "dsss", choose);
  const auto by_sign = []<class T>() -> Step {
    return [](Thread& t, const Instruction& i) {
      t.put<std::uint64_t>(i.at[0], t.get<std::uint64_t>(i.at[t.get<T>(i.at[3]) >= 0 ? 1 : 2]));
    };
  };
  for (const char* type : {"b32", "b64", "u32", "u64", "s32", "s64", "f32", "f64"}) {
    forms.add(std::string("slct.") + type + ".s32", "dsss", by_sign.operator()<std::int32_t>());
    forms.add(std::string("slct.") + type + ".f32", "dsss", by_sign.operator()<float>());
  }
}

}  // namespace sumi::emu::ptx
