#include "tools/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "models/trainer.h"

namespace sumi::cli {
namespace {

std::atomic<int> caught{0};
std::atomic<const char*> first_words{""};

// Only calls that are allowed inside a signal handler.
void on_signal(int number) {
  if (caught.exchange(number) != 0) ::_exit(128 + number);
  stop_requested = true;
  for (const char* text : {"\nsumi: ", first_words.load(), " (once more: stop at once)\n"})
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

}  // namespace

void catch_signals(const char* first) {
  first_words = first;
  static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  // nohup sets SIGHUP to be ignored, and so it stays.
  struct sigaction old {};
  if (::sigaction(SIGHUP, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
    ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int caught_signal() {
  return caught;
}

}  // namespace sumi::cli
