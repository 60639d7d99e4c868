// sumi animate: stills that move.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <new>

#include "engine/error.h"
#include "tools/animate_arguments.h"
#include "tools/cli/cli.h"
#include "tools/cli/signals.h"
#include "tools/still_animation.h"

namespace sumi::cli {
namespace {

int run(AnimateArguments& args) {
  args.check();
  args.drawing.machine.apply();
  const auto complain = [](const std::string& line) { fmt::print(stderr, "sumi: {}\n", printable(line)); };
  const std::unique_ptr<StillDrawer> drawer = still_drawer(args, complain);
  catch_signals("nothing is written");
  const auto style = Progress::style_for(args.drawing.screen.quiet, args.drawing.screen.no_progress);
  bool all_well = true;
  for (const std::string& input : args.inputs) {
    try {
      if (!animate_still(args, *drawer, style, input, args.target(input))) return 128 + caught_signal();
    } catch (const std::bad_alloc&) {
      complain("[memory] out of memory; lower --size or --boil");
      all_well = false;
    } catch (const Error& error) {  // one still must not end the others
      complain(error.what());
      all_well = false;
    }
  }
  return all_well ? 0 : kFailed;
}

}  // namespace

Command add_animate(CLI::App& parent) {
  auto args = std::make_shared<AnimateArguments>();
  CLI::App& app = *parent.add_subcommand("animate", "Animate a still: camera, layers and redrawn lines.");
  args->add_options(app);
  return {&app, [args]() { return run(*args); }};
}

}  // namespace sumi::cli
