// The instruction table: the full name of an instruction, suffixes included, and what it does. A
// name that is not in the table is unknown, so no suffix is ignored by mistake.
#pragma once

#include <string>
#include <unordered_map>

#include "kernels/emu/ptx/module.h"
#include "kernels/emu/ptx/thread.h"

namespace sumi::emu::ptx {

class Forms {
 public:
  static const Forms& get();

  // Returns null for an unknown name. The pointers stay valid.
  const std::pair<const std::string, Form>* find(const std::string& name) const;
  void add(const std::string& name, const char* operands, Step step) { table_[name] = {operands, step}; }
  void add(const std::string& name, Form form) { table_[name] = std::move(form); }

 private:
  std::unordered_map<std::string, Form> table_;
};

void add_integer_forms(Forms& forms);
void add_bit_forms(Forms& forms);
void add_float_forms(Forms& forms);
void add_conversion_forms(Forms& forms);
void add_select_forms(Forms& forms);
void add_memory_forms(Forms& forms);
void add_warp_forms(Forms& forms);
void add_matrix_forms(Forms& forms);

// Steps from functions without state: d = f(a), f(a, b), f(a, b, c), in the types of f's template
// arguments.
template <class D, class A, class F>
Step unary_step(F) {
  return [](Thread& t, const Instruction& i) { t.put<D>(i.at[0], F{}(t.get<A>(i.at[1]))); };
}
template <class D, class A, class B, class F>
Step binary_step(F) {
  return
      [](Thread& t, const Instruction& i) { t.put<D>(i.at[0], F{}(t.get<A>(i.at[1]), t.get<B>(i.at[2]))); };
}
template <class D, class A, class B, class C, class F>
Step ternary_step(F) {
  return [](Thread& t, const Instruction& i) {
    t.put<D>(i.at[0], F{}(t.get<A>(i.at[1]), t.get<B>(i.at[2]), t.get<C>(i.at[3])));
  };
}

}  // namespace sumi::emu::ptx
