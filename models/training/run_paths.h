// Paths in a run's options: resolution from another folder, and checks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/options/options.h"

namespace sumi {

// Key in options.json for the folder in which the run was started or last resumed; relative paths
// refer to it.
constexpr const char* kStartedIn = "started-in";

// Base folders for a run's relative paths, best first: the one that its options.json names, the one
// that follows from the run's location (for a run that was moved together with its data), and the
// current one. `outdir`: as in the run's options.
std::vector<std::filesystem::path> base_folders(const std::filesystem::path& run, const std::string& outdir);

// Replaces relative input paths by those in the first of `bases` where they exist. Paths that exist
// relative to the current folder, or nowhere, are kept.
void resolve_paths(TrainOptions& options, const std::vector<std::filesystem::path>& bases);

// Throws Error if the data of a resumed run is missing, naming the option for its new location.
void check_data_there(const TrainOptions& options);

// Throws Error if a run in --outdir would mix its own images with its training data: the folder is
// one of the data folders, or the data lies among the run's samples. A folder inside the data that
// holds no images is allowed, because data sets exclude run directories
// (engine/data/file_listing.h).
void check_outdir(const TrainOptions& options);

}  // namespace sumi
