// The handler's immediate answer to a signal, in a separate process.
#include "tools/cli/signals.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <string>

#include "tests/tools/program.h"
#include "tools/cli/progress.h"

namespace {

// The text that `work` writes to stderr, and its exit status.
std::pair<std::string, int> in_child(const std::function<void()>& work) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    work();
    ::_exit(7);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {text, WEXITSTATUS(status)};
}

}  // namespace

TEST_CASE("signals: the first is answered with a text, the second ends the program") {
  auto [text, code] = in_child([] {
    sumi::cli::catch_signals("finishing this image");
    std::raise(SIGINT);
  });
  CHECK(code == 7);
  CHECK(text == "\nsumi: finishing this image; press Ctrl-C again to stop at once\n");
  std::tie(text, code) = in_child([] {
    sumi::cli::catch_signals("a");
    for (int i = 0; i < 20; ++i) sumi::cli::set_stop_words(std::string(200, static_cast<char>('a' + i)));
    std::raise(SIGTERM);
    std::raise(SIGINT);
  });
  CHECK(code == 130);
  CHECK(text == "\nsumi: " + std::string(127, 't') + "; press Ctrl-C again to stop at once\n");
}

TEST_CASE("signals: with long steps the text says how long the current one takes") {
  for (const auto& [seconds_left, words] :
       {std::pair{252.0, "finishing this step, which takes about 2m 06s, then saving"},
        {2.0, "finishing this step, then saving"}}) {
    const double left = seconds_left;
    const auto [text, code] = in_child([left] {
      sumi::cli::catch_signals("stopping when the work in hand is done");
      sumi::cli::Progress progress(sumi::cli::Progress::Style::quiet);
      progress.progress({8, 10, 8, 0, 1, 1, left, nullptr});
      std::raise(SIGINT);
    });
    CHECK(code == 7);
    CHECK(program::has(text, std::string("\nsumi: ") + words + "; press Ctrl-C again"));
  }
}
