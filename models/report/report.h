// report.html: one self-contained page about one or several runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sumi {

// Curves that zoom, the sample timeline, options that differ from the defaults, warnings and
// checkpoints. The page loads nothing else and is smaller than 5 MB. Throws Error "[run PATH] ..."
// for a folder without a run.
std::string report_page(const std::vector<std::filesystem::path>& runs);

// Writes it, atomically.
void write_report(const std::vector<std::filesystem::path>& runs, const std::filesystem::path& output);

}  // namespace sumi
