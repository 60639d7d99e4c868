// g++ -fsanitize=thread inserts a call before each read and write of memory, after its scalar
// optimizations: these are the called functions (gcc/sanitizer.def). They count accesses instead of
// searching for races; ThreadSanitizer's own library is not linked.
#include "kernels/emu/access_scope.h"

using sumi::emu::note_access;

#define SUMI_HOOK(size)                                       \
  void __tsan_read##size(void* p) {                           \
    note_access(p, size, false, __builtin_return_address(0)); \
  }                                                           \
  void __tsan_write##size(void* p) {                          \
    note_access(p, size, true, __builtin_return_address(0));  \
  }                                                           \
  void __tsan_unaligned_read##size(void* p) {                 \
    note_access(p, size, false, __builtin_return_address(0)); \
  }                                                           \
  void __tsan_unaligned_write##size(void* p) {                \
    note_access(p, size, true, __builtin_return_address(0));  \
  }

extern "C" {
SUMI_HOOK(1)
SUMI_HOOK(2)
SUMI_HOOK(4)
SUMI_HOOK(8)
SUMI_HOOK(16)
void __tsan_read_range(void* p, std::size_t size) {
  note_access(p, size, false, __builtin_return_address(0));
}
void __tsan_write_range(void* p, std::size_t size) {
  note_access(p, size, true, __builtin_return_address(0));
}
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
// For guards of static objects and locks in the code around the kernels.
unsigned char __tsan_atomic8_load(const volatile unsigned char* p, int) {
  return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}
void __tsan_atomic8_store(volatile unsigned char* p, unsigned char v, int) {
  __atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}
int __tsan_atomic32_load(const volatile int* p, int) {
  return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}
int __tsan_atomic32_fetch_add(volatile int* p, int v, int) {
  return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}
}
