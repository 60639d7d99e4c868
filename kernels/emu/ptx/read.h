// Reading PTX.
#pragma once

#include <memory>
#include <string>

#include "kernels/emu/ptx/module.h"

namespace sumi::emu::ptx {

// Parses a text. `path` is for messages. Throws sumi::Error "[PATH:LINE] ..." for anything that is
// no PTX, and for instructions and directives that the table does not have.
std::unique_ptr<Module> parse(std::string text, const std::string& path);
// Reads a file and parses it.
std::unique_ptr<Module> read_module(const std::string& path);

}  // namespace sumi::emu::ptx
