// Which mask belongs to which image.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tools/convert_jobs.h"

namespace sumi::cli {

// Gives each job its mask. A file is the mask of all. A folder has the tree of the inputs' folder,
// and the mask of sub/a.jpg is the first there is of
//   sub/a.jpg, sub/a.EXT, sub/a_mask.EXT, sub/a-mask.EXT    EXT: any extension of images, in alphabetical order
// A job without a mask is named to `failed` and left out.
void assign_masks(std::vector<ConvertJob>& jobs, const std::string& mask,
                  const std::function<void(const std::string&)>& failed);

}  // namespace sumi::cli
