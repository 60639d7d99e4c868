// The outer parts of a PTX text: versions, files, variables, the heads of kernels.
#include "kernels/emu/ptx/read.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "kernels/base/check.h"
#include "kernels/emu/ptx/parser.h"

namespace sumi::emu::ptx {
namespace {

class ModuleParser {
 public:
  ModuleParser(std::string_view text, Module& module) : lexer_(text, module.path), module_(module) {}

  void parse() {
    lexer_.expect(".version");
    const Token version = lexer_.word("a version");
    if (version.text.find('.') == std::string_view::npos)
      lexer_.fail_at(version.line, "no version: " + version.str());
    while (lexer_.next().kind != Token::Kind::end) parse_part(lexer_.word("a directive"));
  }

 private:
  void parse_part(const Token& part) {
    if (part.is(".target")) {
      do lexer_.word("a target");
      while (lexer_.accept(","));
    } else if (part.is(".address_size")) {
      if (lexer_.number("64") != 64) lexer_.fail_at(part.line, "addresses are not of 64 bits");
    } else if (part.is(".file")) {
      parse_file();
    } else if (part.is(".section")) {  // for debuggers
      lexer_.word("a section");
      lexer_.skip_braces();
    } else if (part.is(".visible") || part.is(".weak") || part.is(".extern")) {
      // of no concern within one text
    } else if (part.is(".shared")) {
      shared_.push_back(parse_declared(lexer_));
      lexer_.expect(";");
    } else if (part.is(".global") || part.is(".const")) {
      parse_global();
    } else if (part.is(".entry")) {
      parse_entry();
    } else {
      lexer_.fail_at(part.line, "an unknown directive, " + part.str());
    }
  }

  // ".file NUMBER "NAME"[, time, size]"
  void parse_file() {
    const auto number = static_cast<std::uint32_t>(lexer_.number("a file's number"));
    if (lexer_.next().kind != Token::Kind::text) lexer_.fail_here("expected a file's name");
    module_.files[number] = lexer_.take().text;
    while (lexer_.accept(",")) lexer_.number("a number");
  }

  // "[.align N] .TYPE name[count] [= {values}];", zero without values
  void parse_global() {
    const Declared d = parse_declared(lexer_);
    if (d.bytes == 0 || d.alignment > 16) lexer_.fail_here("no size or alignment of " + d.name);
    Global& global = module_.globals[d.name];
    if (global.bytes != 0) lexer_.fail_here("a second variable " + d.name);
    global.words.resize((d.bytes + 7) / 8);
    global.bytes = d.bytes;
    if (lexer_.accept("=")) {
      const bool list = lexer_.accept("{");
      std::size_t at = 0;
      do {
        std::uint64_t bits = 0;
        const Token value = lexer_.word("a value");
        if (!read_constant(value.text, bits)) lexer_.fail_at(value.line, "no number: " + value.str());
        if (at + d.element > d.bytes) lexer_.fail_at(value.line, "too many values of " + d.name);
        std::memcpy(reinterpret_cast<std::byte*>(global.words.data()) + at, &bits, d.element);
        at += d.element;
      } while (list && lexer_.accept(","));
      if (list) lexer_.expect("}");
    }
    lexer_.expect(";");
  }

  void parse_entry() {
    const Token name = lexer_.word("a kernel's name");
    auto entry = std::make_unique<Entry>();
    entry->module = &module_;
    entry->name = name.text;
    entry->line = name.line;
    if (lexer_.accept("(")) parse_parameters(*entry);
    while (!lexer_.next().is("{")) parse_limit(*entry);
    BodyParser(lexer_, *entry, shared_).parse();
    if (!module_.entries.emplace(entry->name, std::move(entry)).second)
      lexer_.fail_at(name.line, "a second kernel " + name.str());
  }

  void parse_parameters(Entry& entry) {
    while (!lexer_.accept(")")) {
      if (!entry.parameters.empty()) lexer_.expect(",");
      lexer_.expect(".param");
      const Declared d = parse_declared(lexer_);
      const std::size_t offset = (entry.parameter_bytes + d.alignment - 1) / d.alignment * d.alignment;
      entry.parameters.push_back({d.name, offset, d.bytes, d.alignment});
      entry.parameter_bytes = offset + d.bytes;
    }
  }

  void parse_limit(Entry& entry) {
    const Token limit = lexer_.word("a directive");
    if (!limit.is(".maxntid") && !limit.is(".minnctapersm") && !limit.is(".maxnreg"))
      lexer_.fail_at(limit.line, "an unknown directive of a kernel, " + limit.str());
    std::uint64_t product = 1;
    do product *= lexer_.number("a number");
    while (lexer_.accept(","));
    if (limit.is(".maxntid")) entry.most_threads = product;
  }

  Lexer lexer_;
  Module& module_;
  std::vector<Declared> shared_;
};

}  // namespace

std::unique_ptr<Module> parse(std::string text, const std::string& path) {
  auto module = std::make_unique<Module>();
  module->path = path;
  module->text = std::move(text);
  for (std::size_t begin = 0; begin < module->text.size();) {
    const std::size_t end = std::min(module->text.find('\n', begin), module->text.size());
    module->lines.push_back(std::string_view(module->text).substr(begin, end - begin));
    begin = end + 1;
  }
  ModuleParser(module->text, *module).parse();
  return module;
}

std::unique_ptr<Module> read_module(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) fail(path, "cannot be read");
  return parse(text.str(), path);
}

}  // namespace sumi::emu::ptx
