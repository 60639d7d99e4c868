#include "kernels/emu/ptx/module.h"

namespace sumi::emu::ptx {
namespace {

std::string file_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

std::string Module::str(const Instruction& instruction) const {
  std::string where = file_name(path) + ":" + std::to_string(instruction.line);
  const auto file = files.find(instruction.file);
  if (file != files.end())
    where += " (" + file_name(file->second) + ":" + std::to_string(instruction.source_line) + ")";
  return where + ", " + *instruction.name;
}

}  // namespace sumi::emu::ptx
