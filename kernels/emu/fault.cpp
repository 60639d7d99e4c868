// Diagnosis of invalid accesses: the host accessed device memory, or a kernel accessed an invalid
// address.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "kernels/emu/block.h"
#include "kernels/emu/heap.h"

namespace sumi::emu {
namespace {

struct sigaction handed_on_to;  // the previous handler

void write_line(const char* text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

void on_fault(int signal, siginfo_t* info, void*) {
  static bool said = false;
  if (!said) {
    said = true;
    char memory[160], line[400];
    Heap::get().describe(info->si_addr, memory, sizeof memory);
    if (Block::current) {
      const Block& block = *Block::current;
      const bool overflow = Block::fibers().in_guard_page(info->si_addr);
      std::snprintf(line, sizeof line, "[emu] %s, %s: %s %s\n", block.str().c_str(),
                    block.thread_str(block.current_thread()).c_str(),
                    overflow ? "its stack overflowed; local arrays are too large" : "touched",
                    overflow ? ""
                    : Heap::get().contains(info->si_addr)
                        ? memory
                        : "memory that is neither the device's nor the host's");
      write_line(line);
    } else if (Heap::get().contains(info->si_addr)) {
      std::snprintf(line, sizeof line, "[emu] the host touched %s; copy it with cudaMemcpy\n", memory);
      write_line(line);
    }
    // returning repeats the access, and the previous handler receives it
    sigaction(signal, &handed_on_to, nullptr);
    return;
  }
  struct sigaction plain {};
  plain.sa_handler = SIG_DFL;
  sigaction(signal, &plain, nullptr);
  raise(signal);
}

}  // namespace

void install_fault_handler() {
  // A thread whose stack overflowed needs another one for the handler.
  static thread_local char other_stack[32 << 10];
  stack_t stack{};
  if (sigaltstack(nullptr, &stack) == 0 && (stack.ss_flags & SS_DISABLE)) {
    stack.ss_sp = other_stack;
    stack.ss_size = sizeof other_stack;
    stack.ss_flags = 0;
    sigaltstack(&stack, nullptr);
  }
  struct sigaction now {};
  sigaction(SIGSEGV, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault) return;
  handed_on_to = now;
  struct sigaction ours {};
  ours.sa_sigaction = on_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &ours, nullptr);
}

}  // namespace sumi::emu

#ifdef __SANITIZE_ADDRESS__
// Called by ASan when it has found an error, before it ends the program.
extern "C" void __asan_on_error() {
  if (!sumi::emu::Block::current) return;
  const sumi::emu::Block& block = *sumi::emu::Block::current;
  std::fprintf(stderr, "[emu] %s, %s: AddressSanitizer stopped it here\n", block.str().c_str(),
               block.thread_str(block.current_thread()).c_str());
}
#endif
