#include "tools/cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <iterator>

#include "engine/serialize/file.h"
#include "models/training/trainer.h"

namespace sumi::cli {
namespace {

std::atomic<int> caught{0};

// Handlers may not allocate: the texts are in these buffers, and a new one is written to another
// buffer before the pointer is changed. There are enough buffers that no handler reads one that is
// being rewritten.
char texts[8][128];
std::size_t next_text = 0;
std::atomic<const char*> stop_words{""};

// Async-signal-safe: the handlers make no other calls.
void say(std::initializer_list<const char*> texts) {
  for (const char* text : texts)
    if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

void on_signal(int number) {
  if (caught.exchange(number) != 0) ::_exit(128 + number);
  stop_requested = true;
  say({"\nsumi: ", stop_words.load(), "; press Ctrl-C again to stop at once\n"});
}

void on_lost_page(int number, siginfo_t* info, void*) {
  const char* path = mapped_file_at(info->si_addr);
  if (path == nullptr) {  // not a file of sumi: a bug
    ::signal(number, SIG_DFL);
    return;
  }
  say({"sumi: [read ", path,
       "] the file was cut off, or its disk failed, while it was read; copy it again\n"});
  ::_exit(1);
}

}  // namespace

void report_file_signals() {
  ::signal(SIGXFSZ, SIG_IGN);
  struct sigaction action {};
  action.sa_sigaction = on_lost_page;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

void set_stop_words(const std::string& words) {
  if (words == stop_words.load()) return;
  char* const text = texts[next_text++ % std::size(texts)];
  text[words.copy(text, sizeof texts[0] - 1)] = 0;
  stop_words = text;
}

void catch_signals(const std::string& words) {
  set_stop_words(words);
  static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
                std::atomic<const char*>::is_always_lock_free);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  // nohup ignores SIGHUP, which is kept.
  struct sigaction old {};
  if (::sigaction(SIGHUP, nullptr, &old) == 0 && old.sa_handler != SIG_IGN)
    ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int caught_signal() {
  return caught;
}

}  // namespace sumi::cli
