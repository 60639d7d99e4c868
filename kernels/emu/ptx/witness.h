// The witness: kernels that run from the PTX that nvcc compiled, in place of their C++ form. What
// the compiler made of a kernel, its inline assembly and its address arithmetic are so executed
// where there is no GPU.
//
// A launch is matched by the mangled name of its function, which is the name of the PTX kernel: the
// program must export its symbols (ENABLE_EXPORTS in CMake). The arguments are laid out as the
// launch states them, and the kernel's .param declarations must agree.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/emu/emu.h"
#include "kernels/emu/ptx/module.h"
#include "kernels/emu/ptx/thread.h"

namespace sumi::emu::ptx {

class Modules {
 public:
  // Reads one file, or every .ptx of a folder. Throws sumi::Error: a file that cannot be parsed, or
  // a folder without any.
  void read(const std::string& path);
  void add(std::unique_ptr<Module> module);
  // Returns null if no module has a kernel of this mangled name.
  const Entry* find(const std::string& name) const;
  // By name. Of a template that several modules instantiate, the one of the first.
  const std::map<std::string, const Entry*>& entries() const { return entries_; }

 private:
  std::vector<std::unique_ptr<Module>> modules_;
  std::map<std::string, const Entry*> entries_;
};

// While it lives, launches with arguments run from `modules`; one of a kernel that they do not have
// is an error. A launch of which more than `most_steps` instructions of that kernel have run before
// is run in C++ (0: no limit), so that a long test stays short. One scope at a time.
class WitnessScope {
 public:
  explicit WitnessScope(const Modules& modules, std::uint64_t most_steps = 0, Watch watch = {});
  ~WitnessScope();
  WitnessScope(const WitnessScope&) = delete;
  WitnessScope& operator=(const WitnessScope&) = delete;
};

// The body of each thread of a launch of `entry`. Throws sumi::Error if the arguments or the block
// do not fit.
std::function<void()> thread_body(const Entry& entry, const dim3& block, const Arguments& arguments,
                                  const Watch* watch = nullptr);

// For launch(): the PTX form of a launch, or nothing outside of a scope.
std::function<void()> other_form(const char* name, const dim3& block, const Arguments& arguments);

}  // namespace sumi::emu::ptx
