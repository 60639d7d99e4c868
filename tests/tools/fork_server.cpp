#include "tests/tools/fork_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "kernels/base/check.h"
#include "tools/run_program.h"

namespace fs = std::filesystem;

namespace program {
namespace {

constexpr std::size_t kMostBytes = 65536;  // of a message; the socket keeps messages whole

template <class T>
void answer(int channel, const T& value) {
  if (::send(channel, &value, sizeof value, MSG_NOSIGNAL) != sizeof value) ::_exit(1);
}
template <class T>
T answered(int channel) {
  T value;
  if (::recv(channel, &value, sizeof value, 0) != sizeof value)
    sumi::fail("fork server", "it is gone; run one test by itself to see what ended it");
  return value;
}

// words[0] is the folder, the rest are arguments.
[[noreturn]] void be_program(std::vector<std::string> words) {
  enter(words[0]);
  words[0] = "sumi";
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int code = sumi::cli::run_program(static_cast<int>(words.size()), argv.data());
  std::fflush(nullptr);
  ::_exit(
      code);  // exit() would have libraries wait for threads that they started when they were loaded and that a fork has not
}

// Until the tests close their end.
[[noreturn]] void serve(int channel) {
  std::array<char, kMostBytes> message;
  for (;;) {
    const ssize_t size = ::recv(channel, message.data(), message.size(), 0);
    if (size <= 0) ::_exit(0);
    std::vector<std::string> words;
    for (const char* word = message.data(); word < message.data() + size; word += words.back().size() + 1)
      words.emplace_back(word);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(channel);
      be_program(std::move(words));
    }
    answer(channel, child);
    Ended ended;
    if (::wait4(child, &ended.status, 0, &ended.used) != child) ::_exit(1);
    answer(channel, ended);
  }
}

}  // namespace

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

ForkServer& ForkServer::instance() {
  static ForkServer server;
  return server;
}

ForkServer::ForkServer() {
  std::cout.flush();
  std::fflush(nullptr);  // what waits to be written would be written by both
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    sumi::fail("fork server", "no socket");
  const pid_t server = ::fork();
  if (server < 0) sumi::fail("fork server", "no process");
  ::close(ends[server == 0 ? 0 : 1]);
  if (server == 0) serve(ends[1]);
  channel_ = ends[0];
}

pid_t ForkServer::start(const fs::path& folder, const std::vector<std::string>& arguments) {
  std::string message = folder.string() + '\0';
  for (const std::string& argument : arguments) message += argument + '\0';
  if (message.size() > kMostBytes || ::send(channel_, message.data(), message.size(), MSG_NOSIGNAL) < 0)
    sumi::fail("fork server", "cannot be asked for a run");
  return answered<pid_t>(channel_);
}

Ended ForkServer::finish() {
  return answered<Ended>(channel_);
}

}  // namespace program
