// Errors. Every failure that a user can cause is one sumi::Error with one line of text.
#pragma once

#include <stdexcept>
#include <string>

#include "kernels/base/sanitize_text.h"

namespace sumi {

// what() is one line: "[where] what is wrong and how to fix it". Control characters are replaced,
// because quoted names may come from untrusted files.
struct Error : std::runtime_error {
  explicit Error(const std::string& what) : std::runtime_error(printable(what)) {}
};

// `where` is an operation ("conv2d") or a thing ("checkpoint run/3.safetensors").
[[noreturn]] inline void fail(const std::string& where, const std::string& what) {
  throw Error("[" + where + "] " + what);
}

}  // namespace sumi
