// sumi comic: pages of panels, from images.
#include <filesystem>
#include <memory>

#include "tools/cli/cli.h"
#include "tools/page_arguments.h"
#include "tools/page_maker.h"

namespace sumi::cli {

Command add_comic(CLI::App& parent) {
  auto args = std::make_shared<PageArguments>();
  CLI::App& app =
      *parent.add_subcommand("comic", "Make comic pages from images or a clip, with captions and balloons.");
  args->add_options(app);
  return {&app, [args]() {
            args->check();
            return make_pages(*args);
          }};
}

}  // namespace sumi::cli
