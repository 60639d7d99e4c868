// One still made into a clip: layers peeled and drawn, then frames cut from them.
#pragma once

#include <filesystem>

#include "tools/animate_arguments.h"
#include "tools/cli/progress.h"
#include "tools/still_drawing.h"

namespace sumi::cli {

// Returns false where a signal stopped it; then nothing is written.
bool animate_still(const AnimateArguments& args, StillDrawer& drawer, Progress::Style style,
                   const std::filesystem::path& input, const std::filesystem::path& target);

}  // namespace sumi::cli
