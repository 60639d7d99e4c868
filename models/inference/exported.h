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

// Empty for a file without that entry. Throws Error "[checkpoint PATH] ..." if the file is not
// safetensors and "[export PATH] ..." for an entry that does not describe a valid model.
std::optional<ExportInfo> export_info(const std::filesystem::path& path);

// A model for inference and the names of its networks that have weights; the others are freshly
// initialized.
struct OpenedModel {
  std::unique_ptr<Model> model;
  TrainOptions options;
  std::vector<std::string> networks;

  // The model's directions whose network has weights.
  std::vector<std::string> directions() const;
};

// Opens a run directory (its newest checkpoint), a checkpoint, or a file of sumi export that holds
// a generator. Device and precision as for place_model().
OpenedModel open_model(const std::filesystem::path& file_or_run, const std::string& device = "",
                       const std::string& precision = "");

}  // namespace sumi
