// A plan of convolution algorithms as JSON: a file of its own (`sumi tune`), and part of the state
// in a run's checkpoints.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "engine/runtime/conv_tuning.h"
#include "models/options/options.h"

namespace sumi {

struct StoredPlan {
  std::string kernels;  // compute_signature() of the machine that it was measured on
  int threads = 0;      // number of threads in the measurement
  ConvPlan plan;
};

nlohmann::ordered_json to_json(const StoredPlan& stored);
// Throws Error "[where] ...; cure" for invalid JSON; the input is untrusted.
StoredPlan plan_from_json(const nlohmann::ordered_json& json, const std::string& where,
                          const std::string& cure);

// Writes atomically. Errors name the file.
void write_plan(const std::filesystem::path& path, const StoredPlan& stored);
StoredPlan read_plan(const std::filesystem::path& path);

// The policy for --conv-backend and --no-winograd, with the plan if there is one.
ConvPolicy conv_policy(const TrainOptions& options, const std::optional<StoredPlan>& plan);

// A warning if the plan was measured on another machine or with another number of threads; else "".
std::string plan_warning(const StoredPlan& stored);

}  // namespace sumi
