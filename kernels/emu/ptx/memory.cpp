// Loads, stores, atomics, asynchronous copies ("Data Movement and Conversion Instructions").
#include <algorithm>
#include <cstring>

#include "kernels/emu/block.h"
#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

constexpr std::pair<const char*, Space> kSpaces[] = {
    {"", Space::generic},       {".global", Space::global},
    {".shared", Space::shared}, {".shared::cta", Space::shared},
    {".local", Space::local},   {".param", Space::param}};

// A vector is one access: its address is a multiple of its whole size.
template <bool sign>
void load(Thread& t, const Instruction& i) {
  const Form& form = *i.form;
  const std::size_t bytes = form.bytes, count = form.vector;
  const std::byte* from = t.memory(i, form.space, t.address(i, i.written), bytes * count, false);
  for (std::size_t n = 0; n < count; ++n) {
    std::uint64_t value = 0;
    std::memcpy(&value, from + n * bytes, bytes);
    if (sign) {
      const auto unused = static_cast<int>(64 - 8 * bytes);
      value = static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
    }
    t.put<std::uint64_t>(i.at[n], value);
  }
}

void store(Thread& t, const Instruction& i) {
  const Form& form = *i.form;
  const std::size_t bytes = form.bytes, count = form.vector;
  std::byte* to = t.memory(i, form.space, t.address(i, 0), bytes * count, true);
  for (std::size_t n = 0; n < count; ++n) {
    const auto value = t.get<std::uint64_t>(i.at[1 + n]);
    std::memcpy(to + n * bytes, &value, bytes);
  }
}

void add_loads_and_stores(Forms& forms) {
  const auto add = [&](const std::string& type, std::uint8_t bytes, bool sign) {
    for (const auto& [suffix, space] : kSpaces)
      for (const std::uint8_t count : {1, 2, 4}) {
        if (bytes * count > 16) continue;
        const std::string vector = count == 1 ? "" : std::to_string(count);
        const std::string name = suffix + (count == 1 ? "" : ".v" + vector) + "." + type;
        const Form form{vector + "dm", sign ? load<true> : load<false>, space, bytes, count};
        forms.add("ld" + name, form);
        if (space == Space::global) {
          forms.add("ldu" + name, form);
          forms.add("ld.const" + name.substr(std::string(".global").size()), form);
        }
        if (space != Space::param) forms.add("st" + name, {"m" + vector + "s", store, space, bytes, count});
      }
  };
  for (const std::uint8_t bytes : {1, 2, 4, 8}) {
    const std::string bits = std::to_string(8 * bytes);
    for (const char* kind : {"b", "u"}) add(kind + bits, bytes, false);
    add("s" + bits, bytes, true);
    if (bytes > 2) add("f" + bits, bytes, false);
  }
}

// Threads run one at a time, so a read, a computation and a write are atomic.
template <class T, bool result, class F>
Step atomic_step(F) {
  return [](Thread& t, const Instruction& i) {
    constexpr std::uint32_t first = result ? 1 : 0;
    std::byte* at = t.memory(i, i.form->space, t.address(i, first), sizeof(T), true);
    T before;
    std::memcpy(&before, at, sizeof(T));
    const T b = t.get<T>(i.at[first + 1]), c = i.operands > first + 2 ? t.get<T>(i.at[first + 2]) : T{};
    const T after = F{}(before, b, c);
    std::memcpy(at, &after, sizeof(T));
    if (result) t.put<T>(i.at[0], before);
  };
}

template <class T, class F>
void add_atomic(Forms& forms, const std::string& operation, const std::string& type, F f) {
  for (const auto& [suffix, space] : kSpaces) {
    if (space == Space::local || space == Space::param) continue;
    const bool three = operation == "cas";
    const std::string name = std::string(suffix) + "." + operation + "." + type;
    forms.add("atom" + name, {three ? "dmss" : "dms", atomic_step<T, true>(f), space, sizeof(T)});
    if (!three && operation != "exch")
      forms.add("red" + name, {"ms", atomic_step<T, false>(f), space, sizeof(T)});
  }
}

void add_atomics(Forms& forms) {
  for_types<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t, float, double>([&]<class T>() {
    const std::string type = type_name<T>();
    if constexpr (std::is_floating_point_v<T>) {
      add_atomic<T>(forms, "add", type, [](T a, T b, T) { return a + b; });
    } else {
      add_atomic<T>(forms, "add", type, [](T a, T b, T) {
        return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
      });
      add_atomic<T>(forms, "min", type, [](T a, T b, T) { return std::min(a, b); });
      add_atomic<T>(forms, "max", type, [](T a, T b, T) { return std::max(a, b); });
    }
  });
  for_types<std::uint32_t, std::uint64_t>([&]<class T>() {
    const std::string bits = "b" + std::to_string(8 * sizeof(T));
    add_atomic<T>(forms, "and", bits, [](T a, T b, T) { return a & b; });
    add_atomic<T>(forms, "or", bits, [](T a, T b, T) { return a | b; });
    add_atomic<T>(forms, "xor", bits, [](T a, T b, T) { return a ^ b; });
    add_atomic<T>(forms, "exch", bits, [](T, T b, T) { return b; });
    add_atomic<T>(forms, "cas", bits, [](T a, T b, T c) { return a == b ? c : a; });
  });
  using U32 = std::uint32_t;
  add_atomic<U32>(forms, "inc", "u32", [](U32 a, U32 b, U32) { return a >= b ? 0 : a + 1; });
  add_atomic<U32>(forms, "dec", "u32", [](U32 a, U32 b, U32) { return a == 0 || a > b ? b : a - 1; });
}

// cp.async [to], [from], size{, source size}: what the source lacks is filled with zeros. Nothing
// is copied before this thread waits (kernels/emu/block.h).
template <bool past_l1>
void copy_async(Thread& t, const Instruction& i) {
  alignas(16) static constexpr std::byte kZeros[16] = {};
  const auto size = t.get<std::uint32_t>(i.at[2]);
  if (past_l1 ? size != 16 : size != 4 && size != 8 && size != 16)
    t.fail_at(i, "a copy of " + std::to_string(size) + " bytes" +
                     (past_l1 ? ": past the L1 cache only 16 are possible" : ": 4, 8 or 16 are possible"));
  const std::uint32_t read = i.operands > 3 ? t.get<std::uint32_t>(i.at[3]) : size;
  if (read > size) t.fail_at(i, "a source of " + std::to_string(read) + " bytes for " + std::to_string(size));
  std::byte* to = t.memory(i, Space::shared, t.address(i, 0), size, true);
  const std::uint64_t source = t.address(i, 1, 1);
  // with no bytes to read the address must still be one
  const std::byte* from = t.memory(i, Space::global, source, size, false);
  auto& thread = Block::current->thread();
  if (read > 0) thread.copies.push_back({to, from, read, thread.groups});
  if (read < size) thread.copies.push_back({to + read, kZeros, size - read, thread.groups});
}

void add_copies(Forms& forms) {
  for (const char* hint : {"", ".L2::64B", ".L2::128B", ".L2::256B"})
    for (const char* shared : {".shared", ".shared::cta"}) {
      forms.add(std::string("cp.async.ca") + shared + ".global" + hint, "mms?s", copy_async<false>);
      forms.add(std::string("cp.async.cg") + shared + ".global" + hint, "mms?s", copy_async<true>);
    }
  forms.add("cp.async.commit_group", "", [](Thread&, const Instruction&) { async_commit(); });
  forms.add("cp.async.wait_group", "s", [](Thread& t, const Instruction& i) {
    async_wait(static_cast<int>(t.get<std::uint32_t>(i.at[0])));
  });
  // everything, committed or not
  forms.add("cp.async.wait_all", "", [](Thread&, const Instruction&) {
    async_commit();
    async_wait(0);
  });
}

}  // namespace

void add_memory_forms(Forms& forms) {
  add_loads_and_stores(forms);
  add_atomics(forms);
  add_copies(forms);
  const Step nothing = [](Thread&, const Instruction&) {};
  // all memory is coherent here
  for (const char* name : {"membar.cta", "membar.gl", "membar.sys", "fence.acq_rel.cta", "fence.acq_rel.gpu",
                           "fence.sc.cta", "fence.sc.gpu"})
    forms.add(name, "", nothing);
  forms.add("prefetch.global.L1", "m", nothing);
  forms.add("prefetch.global.L2", "m", nothing);
}

}  // namespace sumi::emu::ptx
