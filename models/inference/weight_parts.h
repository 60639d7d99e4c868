// The part of a weight file that holds one network.
#pragma once

#include <functional>
#include <string>

#include "engine/serialize/weight_file.h"

namespace sumi {

// Chooses the only part of the file for which `fits` returns true, and returns true; or else
// chooses the first part and returns false. `key` limits the search to the dictionary of that
// path or last part of a path ("netG_state_dict", "ema" of "models.ema"), or to the names with that
// prefix ("netG" of "netG.main.0.weight"). Without a key these prefixes are tried only if no
// dictionary fits. Throws Error "[weights PATH] ..." listing the keys, if none has that name and if
// several parts fit.
bool choose_part(WeightFile& file, const std::string& path, const std::string& key,
                 const std::function<bool()>& fits);

}  // namespace sumi
