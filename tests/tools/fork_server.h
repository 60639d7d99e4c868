// Runs the program's code without starting the program: the loader takes a third of a second for the 260 libraries behind
// OpenImageIO, and these tests make hundreds of runs. A process that has loaded them, and done nothing else, forks for each.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace program {

struct Ended {
  int status = 0;  // as wait4's
  rusage used{};
};

class ForkServer {
 public:
  // Of this process, made at the first call: before anything that leaves threads or locks behind, which a fork would copy.
  static ForkServer& instance();

  // run_program({"sumi", arguments...}) in a process of its own, whose working directory is `folder`, with stdout and stderr in its
  // .out and .err. One run at a time: finish() comes before the next start(). Throws Error when the server is gone.
  pid_t start(const std::filesystem::path& folder, const std::vector<std::string>& arguments);
  Ended finish();

 private:
  ForkServer();
  int channel_ = -1;
};

// In a child that is about to be the program: redirects to the folder's .out and .err, and goes there. Exits with 126 when it cannot.
void enter(const std::filesystem::path& folder);

}  // namespace program
