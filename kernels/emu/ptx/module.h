// PTX as nvcc emits it, parsed for execution: every instruction has its function, its operands are
// places in a thread's array of values, and its branch target is an index.
//
// Language: "Parallel Thread Execution ISA", version 9.0, for the parts that kernels use. Whatever
// else a text contains is an error that names its line: nothing is skipped that could change a
// result.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sumi::emu::ptx {

class Thread;
struct Instruction;
// Executes one instruction for one thread. Throws sumi::Error.
using Step = void (*)(Thread&, const Instruction&);

// State spaces. An address of a space begins at 0 there, except in the global one, whose addresses
// are the host's. Generic addresses are those plus a window (memory.h).
enum class Space : std::uint8_t { generic, global, shared, local, param };

// A row of the instruction table (forms.h).
struct Form {
  // One letter per operand: d written, s read, m an address in brackets, l a label, p a value and
  // an optional predicate, "d|p", both written. A digit before d or s means a vector in braces of
  // that many elements; D and S are a value or a vector. What follows a ? may be missing.
  std::string operands;
  Step step = nullptr;
  Space space = Space::generic;
  std::uint8_t bytes = 0;   // of one element in memory
  std::uint8_t vector = 1;  // elements
  std::uint8_t mode = 0;    // the step's own
};

struct Instruction {
  static constexpr std::size_t kMostOperands = 16;
  static constexpr std::uint32_t kNoGuard = 0xFFFFFFFFu;

  Step step = nullptr;
  const Form* form = nullptr;
  const std::string* name = nullptr;       // with all its suffixes
  std::uint32_t at[kMostOperands] = {};    // places of the operands, elements of vectors in order
  std::int64_t offset[2] = {};             // of the addresses in brackets, in order
  std::uint32_t target = 0;                // of a branch
  std::uint32_t guard = kNoGuard;          // place of the predicate
  bool unless = false;                     // runs where the predicate is false
  std::uint8_t operands = 0, written = 0;  // used elements of at[], and how many are written
  std::uint8_t addresses = 0;
  std::uint32_t line = 0;                   // of the PTX text, from 1
  std::uint32_t file = 0, source_line = 0;  // of the CUDA source (.loc); file 0: unknown
};

struct Parameter {
  std::string name;
  std::size_t offset, bytes, alignment;
};

// A variable in shared or local memory.
struct Variable {
  std::string name;
  Space space;
  std::size_t offset, bytes, alignment;
};

// Registers with a value from the launch: %tid.x and the like.
enum class Special : std::uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  lanemask_eq,
  lanemask_le,
  lanemask_lt,
  lanemask_ge,
  lanemask_gt
};

struct Module;

// A kernel. Places: registers first, then constants and special registers, which nothing writes.
struct Entry {
  const Module* module = nullptr;
  std::string name;  // mangled
  std::uint32_t line = 0;
  std::vector<Parameter> parameters;
  std::size_t parameter_bytes = 0;
  std::vector<Variable> variables;
  std::size_t shared_bytes = 0, shared_alignment = 16, local_bytes = 0;
  std::uint64_t most_threads = 1024;  // .maxntid
  std::vector<Instruction> code;
  std::uint32_t places = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> constants;
  std::vector<std::pair<std::uint32_t, Special>> specials;
  std::vector<std::string> place_names;  // "%r7"; constants as written
  // Statistics: whether each instruction has run, and how many have.
  mutable std::vector<bool> executed;
  mutable std::uint64_t steps = 0;
};

// A variable outside of kernels, in global or constant memory. Its address is the host's, and what
// kernels write stays.
struct Global {
  std::vector<std::uint64_t> words;
  std::size_t bytes;

  std::uint64_t address() const { return reinterpret_cast<std::uint64_t>(words.data()); }
};

struct Module {
  std::string path;
  std::string text;
  std::vector<std::string_view> lines;  // of it, from index 0
  std::map<std::uint32_t, std::string> files;
  std::map<std::string, Global, std::less<>> globals;
  std::map<std::string, std::unique_ptr<Entry>> entries;

  // "unary.ptx:25 (unary.cuh:27), add.f32": for messages.
  std::string str(const Instruction& instruction) const;
};

}  // namespace sumi::emu::ptx
