// A plan of convolutions as JSON: a file of its own (`sumi tune`), and a part of the state in a run's checkpoints.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "engine/runtime/conv_tuning.h"
#include "models/options/options.h"

namespace sumi {

struct StoredPlan {
  std::string kernels;  // compute_signature() of what it was measured on
  int threads = 0;      // with so many
  ConvPlan plan;
};

nlohmann::ordered_json to_json(const StoredPlan& stored);
// Error "[where] ...; cure" for what is no plan, whoever wrote it.
StoredPlan plan_from_json(const nlohmann::ordered_json& json, const std::string& where,
                          const std::string& cure);

// Errors name the file. Written atomically.
void write_plan(const std::filesystem::path& path, const StoredPlan& stored);
StoredPlan read_plan(const std::filesystem::path& path);

// What the options --kernels and --no-winograd and a plan, if there is one, allow.
ConvPolicy conv_policy(const TrainOptions& options, const std::optional<StoredPlan>& plan);

// What to say where this machine, or its number of threads, is not the one that was measured; else "".
std::string plan_warning(const StoredPlan& stored);

}  // namespace sumi
