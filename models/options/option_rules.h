// Options that a run would take and do nothing with, because of what other options say, and those that its model has not.
#pragma once

#include <functional>
#include <string>

#include "models/options/options.h"

namespace sumi {

// Throws Error naming the first option that was given and cannot have an effect, and why: "--r1-every" without "--r1". `given`
// says what the user asked for; what only the recipe says may be idle. For valid options.
void check_idle(const TrainOptions& options, const std::function<bool(const std::string& name)>& given);

// Why the option can have no effect beside the others, as above: "--r1 is 0: there is no such penalty"; "" where it has one, or the
// model does not have it. What idles is not shown as a run's setting.
std::string unused_reason(const TrainOptions& options, const OptionInfo& info);

// Why the model does not have an option that others have: "its generator has no batch norm", or "it is of cyclegan, pix2pix".
std::string unsupported_reason(const OptionInfo& info, const std::string& model);

}  // namespace sumi
