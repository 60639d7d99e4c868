#include "tests/tools/program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "engine/image/image.h"
#include "engine/serialize/safetensors.h"

namespace fs = std::filesystem;

namespace program {
namespace {

std::string program_path() {
  const char* path = std::getenv("SUMI");
  REQUIRE_MESSAGE(path != nullptr, "set SUMI to the program's path");
  return fs::absolute(path).string();
}

// The words of a line as the shell would split them, or none where it needs a shell: pipes,
// redirections.
std::vector<std::string> words_of(const std::string& line) {
  wordexp_t split;
  if (::wordexp(line.c_str(), &split, WRDE_NOCMD | WRDE_UNDEF) != 0) return {};
  std::vector<std::string> words(split.we_wordv, split.we_wordv + split.we_wordc);
  ::wordfree(&split);
  return words;
}

// In a child that is about to be the program: redirects to the folder's .out and .err, and goes
// there. Exits with 126 when it cannot.
void enter(const fs::path& folder) {
  const auto redirect = [](const fs::path& path, int to) {
    ::dup2(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), to);
  };
  redirect(folder / ".out", STDOUT_FILENO);
  redirect(folder / ".err", STDERR_FILENO);
  ::setenv("XDG_CACHE_HOME", (folder / ".cache").c_str(), 1);
  ::setenv("COLUMNS", "110", 1);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
}

// Starts the program in a process of its own; where the arguments need a shell, the shell is
// replaced by the program (exec), so the id is the program's. `memory` as of run().
pid_t start(const Folder& folder, const std::string& arguments, std::uint64_t memory) {
  const std::string path = program_path(), line = "exec '" + path + "' " + arguments;
  std::vector<std::string> words = words_of(arguments);
  if (words.empty())
    words = {"sh", "-c", line};
  else
    words.insert(words.begin(), path);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  enter(folder.path());
  const rlimit limit{memory, memory};
  if (memory > 0 && ::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(125);
  ::execv(words[0] == "sh" ? "/bin/sh" : path.c_str(), argv.data());
  ::_exit(127);
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

Result finish(const Folder& folder, pid_t child) {
  int status = 0;
  rusage used{};
  REQUIRE(::wait4(child, &status, 0, &used) == child);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, read(folder / ".out"), read(folder / ".err"),
          seconds(used.ru_utime) + seconds(used.ru_stime)};
}

}  // namespace

Result run(const Folder& folder, const std::string& arguments, std::uint64_t memory) {
  return finish(folder, start(folder, arguments, memory));
}

Result run_and_signal(const Folder& folder, const std::string& arguments, int signal,
                      const std::function<bool()>& ready) {
  const pid_t child = start(folder, arguments, 0);
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!ready() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, signal);
  return finish(folder, child);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

int count_lines(const std::string& text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

void write_images(const Folder& folder, const std::string& name, int count, int size) {
  fs::create_directories(folder / name);
  for (int i = 0; i < count; ++i) {
    sumi::Image8 picture(size, size, 3);
    for (std::size_t k = 0; k < picture.data.size(); ++k)
      picture.data[k] = static_cast<std::uint8_t>(k * static_cast<std::size_t>(7 + 3 * i) + k / 11);
    sumi::save_image((folder / name) / fmt::format("{:03}.png", i), picture);
  }
}

std::string differing_tensors(const fs::path& a, const fs::path& b) {
  const auto first = sumi::SafetensorsFile::open(a), second = sumi::SafetensorsFile::open(b);
  std::string names;
  for (const auto& [name, tensor] : first.tensors()) {
    const sumi::StoredTensor* other = second.find(name);
    if (!other || other->shape != tensor.shape || other->dtype != tensor.dtype ||
        std::memcmp(tensor.data, other->data, tensor.bytes) != 0)
      names += name + ",";
  }
  for (const auto& [name, tensor] : second.tensors())
    if (!first.find(name)) names += name + ",";
  return names;
}

void check_error(const Result& result, int code, const std::string& part) {
  CAPTURE(result.err);
  CHECK(result.code == code);
  CHECK(count_lines(result.err) == 1);
  CHECK(result.err.rfind("sumi: ", 0) == 0);
  CHECK_MESSAGE(has(result.err, part), "expected: ", part);
}

}  // namespace program
