#include "kernels/emu/ptx/parser.h"

#include <algorithm>

#include "kernels/base/check.h"
#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

constexpr std::pair<const char*, Special> kSpecials[] = {{"%tid.x", Special::tid_x},
                                                         {"%tid.y", Special::tid_y},
                                                         {"%tid.z", Special::tid_z},
                                                         {"%ntid.x", Special::ntid_x},
                                                         {"%ntid.y", Special::ntid_y},
                                                         {"%ntid.z", Special::ntid_z},
                                                         {"%ctaid.x", Special::ctaid_x},
                                                         {"%ctaid.y", Special::ctaid_y},
                                                         {"%ctaid.z", Special::ctaid_z},
                                                         {"%nctaid.x", Special::nctaid_x},
                                                         {"%nctaid.y", Special::nctaid_y},
                                                         {"%nctaid.z", Special::nctaid_z},
                                                         {"%laneid", Special::laneid},
                                                         {"%warpid", Special::warpid},
                                                         {"%lanemask_eq", Special::lanemask_eq},
                                                         {"%lanemask_le", Special::lanemask_le},
                                                         {"%lanemask_lt", Special::lanemask_lt},
                                                         {"%lanemask_ge", Special::lanemask_ge},
                                                         {"%lanemask_gt", Special::lanemask_gt}};

// Variables are this far apart, so that an access beyond one does not land in another.
constexpr std::size_t kGap = 64;
constexpr std::size_t kMostRegisters = 1 << 20, kMostBytes = 1 << 20;

std::size_t round_up(std::size_t n, std::size_t to) {
  return (n + to - 1) / to * to;
}

// Suffixes of loads and stores that say how caches and other threads see the access: here all
// memory is one, and threads run in turn.
std::string without_cache_suffixes(std::string_view name) {
  const std::string_view verb = name.substr(0, name.find('.'));
  if (verb != "ld" && verb != "ldu" && verb != "st" && verb != "atom" && verb != "red")
    return std::string(name);
  static constexpr std::string_view kIgnored[] = {"volatile",
                                                  "relaxed",
                                                  "weak",
                                                  "cta",
                                                  "gpu",
                                                  "sys",
                                                  "nc",
                                                  "ca",
                                                  "cg",
                                                  "cs",
                                                  "lu",
                                                  "cv",
                                                  "wb",
                                                  "wt",
                                                  "L1::evict_last",
                                                  "L1::evict_first",
                                                  "L1::evict_normal",
                                                  "L1::no_allocate",
                                                  "L2::64B",
                                                  "L2::128B",
                                                  "L2::256B"};
  std::string kept;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (begin == 0 || std::find(std::begin(kIgnored), std::end(kIgnored), part) == std::end(kIgnored))
      kept += (begin ? "." : "") + std::string(part);
    begin = end + 1;
  }
  return kept;
}

}  // namespace

Declared parse_declared(Lexer& lexer) {
  Declared d;
  if (lexer.accept(".align")) d.alignment = lexer.number("an alignment");
  const Token type = lexer.word("a type");
  std::uint64_t bits = 0;
  if (type.text.size() < 3 || !read_integer(type.text.substr(2), bits) || bits % 8 != 0 || bits > 64)
    lexer.fail_at(type.line, "no type of a variable: " + type.str());
  d.bytes = d.element = bits / 8;
  d.alignment = std::max(d.alignment, d.bytes);
  d.name = lexer.word("a name").text;
  while (lexer.accept("[")) {
    if (!lexer.next().is("]")) {
      const std::uint64_t count = lexer.number("a size");
      if (count > kMostBytes) lexer.fail_here("a variable of more than a megabyte");
      d.bytes *= count;
    } else {
      d.bytes = 0;
    }
    lexer.expect("]");
  }
  if (d.alignment > 4096 || (d.alignment & (d.alignment - 1)) != 0 || d.bytes > kMostBytes)
    lexer.fail_here("no alignment or size of a variable");
  return d;
}

void BodyParser::parse() {
  do {
    if (lexer_.next().kind == Token::Kind::end) lexer_.fail_here("a kernel without an end");
    if (lexer_.accept("{"))
      scopes_.emplace_back();
    else if (lexer_.accept("}"))
      scopes_.pop_back();
    else if (lexer_.accept("@"))
      parse_guarded();
    else
      parse_statement(lexer_.word("a statement"));
  } while (!scopes_.empty());
  for (const auto& [instruction, label] : jumps_) {
    const auto found = labels_.find(std::string(label.text));
    if (found == labels_.end()) lexer_.fail_at(label.line, "there is no label " + label.str());
    entry_.code[instruction].target = found->second;
  }
  entry_.executed.assign(entry_.code.size(), false);
}

void BodyParser::parse_statement(const Token& first) {
  if (first.is(".reg")) return parse_registers();
  if (first.is(".loc")) return parse_location();
  if (first.is(".shared")) return declare_variable(Space::shared);
  if (first.is(".local")) return declare_variable(Space::local);
  if (first.is(".pragma")) {  // hints to the assembler
    while (!lexer_.accept(";")) {
      if (lexer_.next().kind == Token::Kind::end) lexer_.fail_here("a kernel without an end");
      lexer_.take();
    }
    return;
  }
  if (first.text[0] == '.') lexer_.fail_at(first.line, "an unknown directive, " + first.str());
  if (!lexer_.accept(":")) return parse_instruction(first, {});
  if (!labels_.emplace(std::string(first.text), static_cast<std::uint32_t>(entry_.code.size())).second)
    lexer_.fail_at(first.line, "a second label " + first.str());
}

std::uint32_t BodyParser::new_place(const std::string& name) {
  entry_.place_names.push_back(name);
  return entry_.places++;
}

// ".reg .b32 %r<34>;" declares %r0 to %r33; ".reg .pred p, q;" declares single registers.
void BodyParser::parse_registers() {
  lexer_.word("a type");
  do {
    const Token name = lexer_.word("a register");
    std::uint64_t count = 0;
    if (lexer_.accept("<")) {
      count = lexer_.number("a number of registers");
      lexer_.expect(">");
      if (count == 0 || entry_.places + count > kMostRegisters)
        lexer_.fail_at(name.line, "too many registers");
    }
    const Registers registers{entry_.places, static_cast<std::uint32_t>(count)};
    if (scopes_.empty() || !scopes_.back().emplace(std::string(name.text), registers).second)
      lexer_.fail_at(name.line, "a second declaration of " + name.str());
    for (std::uint64_t r = 0; r < std::max<std::uint64_t>(count, 1); ++r)
      new_place(std::string(name.text) + (count ? std::to_string(r) : ""));
  } while (lexer_.accept(","));
  lexer_.expect(";");
}

// ".loc FILE LINE COLUMN[, function_name LABEL[+N]][, inlined_at FILE LINE COLUMN]"
void BodyParser::parse_location() {
  file_ = static_cast<std::uint32_t>(lexer_.number("a file's number"));
  source_line_ = static_cast<std::uint32_t>(lexer_.number("a line"));
  lexer_.number("a column");
  while (lexer_.accept(",")) {
    if (lexer_.accept("function_name")) {
      lexer_.word("a label");
      if (lexer_.accept("+")) lexer_.number("an offset");
    } else {
      lexer_.expect("inlined_at");
      for (int n = 0; n < 3; ++n) lexer_.number("a place");
    }
  }
}

void BodyParser::declare_variable(Space space) {
  const Declared d = parse_declared(lexer_);
  lexer_.expect(";");
  add_variable(space, d);
}

void BodyParser::add_variable(Space space, const Declared& d) {
  if (d.bytes == 0)
    lexer_.fail_here("a variable without a size, " + d.name + ": launches state no dynamic shared memory");
  std::size_t& end = space == Space::shared ? entry_.shared_bytes : entry_.local_bytes;
  if (end == 0) end = kReservedShared;
  const std::size_t offset = round_up(end, d.alignment);
  entry_.variables.push_back({d.name, space, offset, d.bytes, d.alignment});
  end = offset + d.bytes + kGap;
  if (space == Space::shared) entry_.shared_alignment = std::max(entry_.shared_alignment, d.alignment);
}

bool BodyParser::find_register(std::string_view name, std::uint32_t& place) const {
  std::size_t digits = name.size();
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') --digits;
  std::uint64_t number = 0;
  const std::size_t count = name.size() - digits;
  const bool numbered = count > 0 && count < 8 && (name[digits] != '0' || count == 1) &&
                        read_integer(name.substr(digits), number);
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto single = scope->find(std::string(name));
    if (single != scope->end() && single->second.count == 0) return place = single->second.first, true;
    if (!numbered) continue;
    const auto row = scope->find(std::string(name.substr(0, digits)));
    if (row != scope->end() && number < row->second.count)
      return place = row->second.first + static_cast<std::uint32_t>(number), true;
  }
  return false;
}

bool BodyParser::find_address(std::string_view name, std::uint64_t& address) {
  for (const Variable& v : entry_.variables)
    if (v.name == name) return address = v.offset, true;
  for (const Parameter& p : entry_.parameters)
    if (p.name == name) return address = p.offset, true;
  const auto global = entry_.module->globals.find(name);
  if (global != entry_.module->globals.end()) return address = global->second.address(), true;
  for (const Declared& d : module_shared_) {
    if (d.name != name) continue;
    add_variable(Space::shared, d);
    return address = entry_.variables.back().offset, true;
  }
  return false;
}

std::uint32_t BodyParser::constant_place(std::uint64_t bits, const std::string& name) {
  const auto [found, fresh] = constants_.emplace(bits, 0);
  if (fresh) {
    found->second = new_place(name);
    entry_.constants.emplace_back(found->second, bits);
  }
  return found->second;
}

std::uint32_t BodyParser::value_place(bool written) {
  const bool negative = lexer_.accept("-");
  const Token token = lexer_.word("an operand");
  const std::string name(token.text);
  std::uint32_t place = 0;
  std::uint64_t bits = 0;
  if (!negative && name == "_" && written) return new_place("_");
  if (!negative && find_register(name, place)) return place;
  if (written) lexer_.fail_at(token.line, "no register to write: " + token.str());
  if (negative ? read_integer(name, bits) : read_constant(name, bits))
    return constant_place(negative ? 0 - bits : bits, (negative ? "-" : "") + name);
  if (negative) lexer_.fail_at(token.line, "no number: " + token.str());
  if (name == "WARP_SZ") return constant_place(32, name);
  if (find_address(name, bits)) return constant_place(bits, name);
  for (const auto& [text, special] : kSpecials) {
    if (name != text) continue;
    const auto [found, fresh] = specials_.emplace(name, 0);
    if (fresh) {
      found->second = new_place(name);
      entry_.specials.emplace_back(found->second, special);
    }
    return found->second;
  }
  lexer_.fail_at(token.line, "an unknown operand, " + token.str());
}

void BodyParser::put_operand(Instruction& i, std::uint32_t place) {
  if (i.operands == Instruction::kMostOperands) lexer_.fail_at(i.line, "too many operands of " + *i.name);
  i.at[i.operands++] = place;
}

// "[register+offset]", "[variable+offset]" or "[offset]"
void BodyParser::parse_address(Instruction& i) {
  std::int64_t& offset = i.offset[i.addresses++];
  lexer_.expect("[");
  put_operand(i, value_place(false));
  if (lexer_.accept("+")) {
    const bool negative = lexer_.accept("-");
    const std::uint64_t distance = lexer_.number("an offset");
    offset = static_cast<std::int64_t>(negative ? 0 - distance : distance);
  } else if (lexer_.accept("-")) {
    offset = static_cast<std::int64_t>(0 - lexer_.number("an offset"));
  }
  lexer_.expect("]");
}

void BodyParser::parse_vector(Instruction& i, bool written, int count) {
  int given = 0;
  do {
    lexer_.expect(given == 0 ? "{" : ",");
    put_operand(i, value_place(written));
    ++given;
  } while (!lexer_.next().is("}"));
  if (count > 0 && given != count)
    lexer_.fail_at(i.line, "a vector of " + std::to_string(given) + " elements");
  lexer_.expect("}");
}

void BodyParser::parse_operand(Instruction& i, char kind, int count) {
  const bool written = kind == 'd' || kind == 'D' || kind == 'p';
  if (kind == 'l') {
    jumps_.emplace_back(static_cast<std::uint32_t>(entry_.code.size()), lexer_.word("a label"));
  } else if (kind == 'm') {
    parse_address(i);
  } else if (count > 0 || ((kind == 'D' || kind == 'S') && lexer_.next().is("{"))) {
    parse_vector(i, written, count);
  } else {
    put_operand(i, value_place(written));
    if (kind == 'p') put_operand(i, lexer_.accept("|") ? value_place(true) : new_place("_"));
  }
  if (written) i.written = i.operands;
}

void BodyParser::parse_guarded() {
  Instruction i;
  i.unless = lexer_.accept("!");
  const Token name = lexer_.word("a predicate");
  if (!find_register(name.text, i.guard)) lexer_.fail_at(name.line, "an unknown predicate, " + name.str());
  parse_instruction(lexer_.word("an instruction"), i);
}

void BodyParser::parse_instruction(const Token& name, Instruction i) {
  i.line = name.line;
  i.file = file_;
  i.source_line = source_line_;
  const auto* row = Forms::get().find(without_cache_suffixes(name.text));
  if (!row) lexer_.fail_at(name.line, "an unknown instruction, " + name.str());
  i.name = &row->first;
  i.form = &row->second;
  i.step = i.form->step;
  int count = 0;
  bool comma = false, optional = false;
  for (const char kind : i.form->operands) {
    if (kind == '?') optional = true;
    if (kind >= '0' && kind <= '9') count = kind - '0';
    if (kind < 'A') continue;
    if (optional && lexer_.next().is(";")) break;
    if (comma) lexer_.expect(",");
    parse_operand(i, kind, count);
    comma = true;
    count = 0;
  }
  if (!lexer_.accept(";"))
    lexer_.fail_at(name.line,
                   "another number of operands than " + *i.name + " has here: " + lexer_.next().str());
  entry_.code.push_back(i);
}

}  // namespace sumi::emu::ptx
