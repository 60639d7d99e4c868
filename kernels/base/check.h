// Errors. Every failure that a user can cause is one sumi::Error with one line of text.
#pragma once

#include <stdexcept>
#include <string>

namespace sumi {

// what() is one line: "[where] what is wrong and what to do about it".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// `where` is an operation ("conv2d") or a thing ("checkpoint run/3.safetensors").
[[noreturn]] inline void fail(const std::string& where, const std::string& what) {
  throw Error("[" + where + "] " + what);
}

}  // namespace sumi
