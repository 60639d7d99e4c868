#include "kernels/emu/ptx/forms.h"

#include "kernels/emu/block.h"

namespace sumi::emu::ptx {
namespace {

void add_control_forms(Forms& forms) {
  const Step jump = [](Thread& t, const Instruction& i) { t.jump(i.target); };
  forms.add("bra", "l", jump);
  forms.add("bra.uni", "l", jump);
  const Step finish = [](Thread& t, const Instruction&) { t.finish(); };
  forms.add("ret", "", finish);
  forms.add("exit", "", finish);
  forms.add("trap", "", [](Thread& t, const Instruction& i) { t.fail_at(i, "the kernel gave up"); });
}

}  // namespace

const Forms& Forms::get() {
  static const Forms forms = [] {
    Forms all;
    for (auto add :
         {add_control_forms, add_integer_forms, add_bit_forms, add_float_forms, add_conversion_forms,
          add_select_forms, add_memory_forms, add_warp_forms, add_matrix_forms})
      add(all);
    return all;
  }();
  return forms;
}

const std::pair<const std::string, Form>* Forms::find(const std::string& name) const {
  const auto found = table_.find(name);
  return found == table_.end() ? nullptr : &*found;
}

}  // namespace sumi::emu::ptx
