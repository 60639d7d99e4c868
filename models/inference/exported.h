// Files written by sumi export: PyTorch's names and layouts, with metadata from which the model can
// be rebuilt.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/make_model.h"
#include "models/model.h"

namespace sumi {

struct ExportInfo {
  TrainOptions options;  // of networks and images; without paths and machine settings
  std::string net;       // the only network, whose name is not prefixed to tensor names; "": all are prefixed
  std::vector<std::string> networks;  // that the file holds
};

// The metadata entry kExportKey.
std::string export_text(const ExportInfo& info);

// Empty for a file without that entry, which is archive/extra/sumi.export in a .pth file. Throws
// Error "[checkpoint PATH] ..." for a damaged file and "[export PATH] ..." for an entry that does
// not describe a valid model.
std::optional<ExportInfo> export_info(const std::filesystem::path& path);

// A model for inference and the names of its networks that have weights; the others are freshly
// initialized.
struct OpenedModel {
  std::unique_ptr<Model> model;
  TrainOptions options;
  std::vector<std::string> networks;
  // For weights of another program, one line: what they were taken for.
  std::string recognized = {};

  // The model's directions whose network has weights.
  std::vector<std::string> directions() const;
};

// Returns true for a file of weights without sumi's metadata.
bool is_foreign(const std::filesystem::path& file);

// Opens a run directory (its newest checkpoint), a checkpoint, a file of sumi export that holds a
// generator, or a generator of another program (models/inference/recognize_weights.h), of which
// `net_key` names the part. Device and precision as for place_model().
OpenedModel open_model(const std::filesystem::path& file_or_run, const std::string& device = "",
                       const std::string& precision = "", const std::string& net_key = "");

}  // namespace sumi
