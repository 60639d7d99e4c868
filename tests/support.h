// Shared parts of all tests: a temporary folder, the text of an error, a test case in a process of
// its own.
#pragma once

#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "kernels/base/check.h"

namespace sumi::test {

// A new folder, removed with its contents at the end.
struct TempDir {
  std::filesystem::path path;

  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "sumi-test-XXXXXX").string();
    if (!mkdtemp(name.data())) fail(name, "the test could not make this folder");
    path = name;
  }
  ~TempDir() {
    std::error_code ec;
    std::filesystem::remove_all(path, ec);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
};

// Returns the message of the Error that f throws, or "".
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Returns the output of this program running the (skipped) case `name` with that environment: "A=1
// B=2".
inline std::string output_of_case(const std::string& name, const std::string& environment) {
  char program[PATH_MAX] = {};  // resolved here: in the shell the link would name the shell
  if (!realpath("/proc/self/exe", program)) fail(name, "the test program does not find itself");
  const std::string command =
      environment + " '" + program + "' --no-skip --test-case='" + name + "' --no-intro 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) fail(name, "cannot be started once more");
  std::string text;
  for (int c; (c = std::fgetc(pipe)) != EOF;) text.push_back(static_cast<char>(c));
  pclose(pipe);
  return text;
}

inline void put(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace sumi::test
