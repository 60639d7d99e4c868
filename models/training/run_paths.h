// Paths in a run's options: where they lead when the run is told of from another folder, and which ones cannot be.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/options/options.h"

namespace sumi {

// The key of options.json for the folder in which the run was started or last resumed: relative paths are relative to it.
constexpr const char* kStartedIn = "started-in";

// The folders that the relative paths of a run may be relative to, best first: the one that its options.json names, the one
// that follows from where the run lies (for a run that was moved with its data), and the current one. `outdir`: as the run's
// options have it.
std::vector<std::filesystem::path> base_folders(const std::filesystem::path& run, const std::string& outdir);

// Replaces relative paths of files and folders that are read by those in the first of `bases` where they exist. Paths that
// exist in the current folder first, or nowhere, stay as they are.
void resolve_paths(TrainOptions& options, const std::vector<std::filesystem::path>& bases);

// Throws Error naming the option that says where they are now unless the data of a resumed run are there.
void check_data_there(const TrainOptions& options);

// Throws Error when a run in --outdir would mix its own pictures with those that it learns from: the folder is one of the
// pictures' folders, or they lie among the run's samples. A folder inside the data that holds no pictures is possible: run
// directories are left out of data sets (engine/data/file_listing.h).
void check_outdir(const TrainOptions& options);

}  // namespace sumi
