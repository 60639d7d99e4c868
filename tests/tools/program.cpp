#include "tests/tools/program.h"

#include <doctest/doctest.h>
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

#include "engine/io/image.h"
#include "engine/safetensors.h"
#include "tests/tools/fork_server.h"

namespace fs = std::filesystem;

namespace program {
namespace {

std::string program_path() {
  const char* path = std::getenv("SUMI");
  REQUIRE_MESSAGE(path != nullptr, "set SUMI to the program's path");
  return fs::absolute(path).string();
}

// The words of a line as the shell would split them, or none where it needs a shell: pipes, redirections.
std::vector<std::string> words_of(const std::string& line) {
  wordexp_t split;
  if (::wordexp(line.c_str(), &split, WRDE_NOCMD | WRDE_UNDEF) != 0) return {};
  std::vector<std::string> words(split.we_wordv, split.we_wordv + split.we_wordc);
  ::wordfree(&split);
  return words;
}

// The shell is replaced by the program (exec), so the id is the program's.
Ended run_by_shell(const Folder& folder, const std::string& arguments, std::uint64_t memory) {
  const std::string line = "exec '" + program_path() + "' " + arguments;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    enter(folder.path());
    const rlimit limit{memory, memory};
    if (memory > 0 && ::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(125);
    ::execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  Ended ended;
  REQUIRE(::wait4(child, &ended.status, 0, &ended.used) == child);
  return ended;
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
}

Result result_of(const Folder& folder, const Ended& ended) {
  const int code = WIFEXITED(ended.status) ? WEXITSTATUS(ended.status) : 128 + WTERMSIG(ended.status);
  return {code, read(folder / ".out"), read(folder / ".err"),
          seconds(ended.used.ru_utime) + seconds(ended.used.ru_stime)};
}

}  // namespace

Folder::Folder() {
  ForkServer::instance();
}

Result run(const Folder& folder, const std::string& arguments, std::uint64_t memory) {
  const std::vector<std::string> words = words_of(arguments);
  if (memory > 0 || words.empty()) return result_of(folder, run_by_shell(folder, arguments, memory));
  ForkServer::instance().start(folder.path(), words);
  return result_of(folder, ForkServer::instance().finish());
}

Result run_and_signal(const Folder& folder, const std::string& arguments, int signal,
                      const std::function<bool()>& ready) {
  const pid_t child = ForkServer::instance().start(folder.path(), words_of(arguments));
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!ready() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(child, signal);
  return result_of(folder, ForkServer::instance().finish());
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

void write_pictures(const Folder& folder, const std::string& name, int count, int size) {
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
