// Parses the body of one kernel: declarations, labels, instructions.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kernels/emu/ptx/lexer.h"
#include "kernels/emu/ptx/module.h"

namespace sumi::emu::ptx {

// The alignment and size that a declaration of a variable or parameter states.
struct Declared {
  std::string name;
  std::size_t bytes = 0, alignment = 1, element = 0;  // element: bytes of one
};
// After the state space: "[.align N] .TYPE name[count]".
Declared parse_declared(Lexer& lexer);

class BodyParser {
 public:
  // The lexer is at the opening brace; entry has its name and parameters.
  BodyParser(Lexer& lexer, Entry& entry, const std::vector<Declared>& module_shared)
      : lexer_(lexer), entry_(entry), module_shared_(module_shared) {}
  void parse();

 private:
  struct Registers {
    std::uint32_t first;  // place
    std::uint32_t count;  // 0: one register, of exactly this name
  };
  using Scope = std::unordered_map<std::string, Registers>;

  void parse_statement(const Token& first);
  void parse_registers();
  void parse_location();
  void declare_variable(Space space);
  void add_variable(Space space, const Declared& declared);
  void parse_guarded();
  void parse_instruction(const Token& name, Instruction i);
  void parse_operand(Instruction& i, char kind, int count);
  void parse_vector(Instruction& i, bool written, int count);
  void parse_address(Instruction& i);
  void put_operand(Instruction& i, std::uint32_t place);

  // A register, constant, special register or the address of a variable.
  std::uint32_t value_place(bool written);
  std::uint32_t constant_place(std::uint64_t bits, const std::string& name);
  bool find_register(std::string_view name, std::uint32_t& place) const;
  bool find_address(std::string_view name, std::uint64_t& address);
  std::uint32_t new_place(const std::string& name);

  Lexer& lexer_;
  Entry& entry_;
  const std::vector<Declared>& module_shared_;  // outside of kernels: part of those that use them
  std::vector<Scope> scopes_;
  std::unordered_map<std::string, std::uint32_t> labels_;
  std::vector<std::pair<std::uint32_t, Token>> jumps_;  // instruction, label
  std::unordered_map<std::uint64_t, std::uint32_t> constants_;
  std::unordered_map<std::string, std::uint32_t> specials_;
  std::uint32_t file_ = 0, source_line_ = 0;
};

}  // namespace sumi::emu::ptx
