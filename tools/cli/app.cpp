#include "tools/cli/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "engine/error.h"
#include "tools/cli/cli.h"
#include "tools/cli/signals.h"

namespace sumi::cli {
namespace {

int complain(const std::string& line, int code) {
  std::fflush(stdout);
  fmt::print(stderr, "sumi: {}\n", printable(line));
  return code;
}

int usage_error(const std::string& what, const std::string& command) {
  return complain(fmt::format("{} (see {} --help)", what, command), kUsage);
}

int run_command(int argc, char** argv) {
  CLI::App app(
      "sumi trains generative adversarial networks (GANs), and turns photographs and clips into comics, "
      "anime and paintings. Its kernels, autograd and networks are written from scratch in C++.");
  set_help(app, "COMMAND [options]",
           "  sumi train dcgan --data images --outdir run       learn from a folder of images\n"
           "  sumi train --resume run --steps 20000             resume a run\n"
           "  sumi generate -m run -n 64 --seed 7 -o sheet.png  generate 64 images\n"
           "  sumi convert -i photo.jpg -o comic.png           a photograph as a comic\n  sumi convert -m "
           "run -i photos -o painted          translate images with a model\n",
           "`sumi COMMAND --help` lists a command's options. Exit codes: 0 done, 1 something failed, 2 wrong "
           "usage.");
  app.set_version_flag("-V,--version", "sumi " SUMI_VERSION, "show the version")->group("Help");
  std::vector<std::string> words = with_present_names({argv + std::min(argc, 1), argv + argc});
  const std::vector<Command> commands =
      add_commands(app, words.empty() ? std::vector<std::string>{""} : words);
  try {
    std::reverse(words.begin(), words.end());  // CLI11 expects the reverse order
    app.parse(std::move(words));
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return 0;
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    return usage_error(explain_parse_error(app, error), command_name(innermost(&app)));
  }
  for (const Command& command : commands)
    if (command.app->parsed()) return command.run();
  fmt::print("{}", app.help());
  return 0;
}

}  // namespace

int run_program(int argc, char** argv) {
  report_file_signals();
  try {
    const int code = run_command(argc, argv);
    // A full disk behind `> file` is a failure, too; a closed pipe (EPIPE) is not.
    errno = 0;
    if (std::fflush(stdout) != 0 && errno != EPIPE && code == 0)
      return complain("[output] cannot write to standard output", kFailed);
    return code;
  } catch (const UsageError& error) {
    return usage_error(error.what(), error.command);
  } catch (const Error& error) {
    return complain(error.what(), kFailed);
  } catch (const std::bad_alloc&) {
    return complain("[memory] out of memory; lower --batch-size or --size, or close other programs", kFailed);
  } catch (const std::exception& error) {
    return complain(std::string("[internal] ") + error.what(), kFailed);
  }
}

}  // namespace sumi::cli
