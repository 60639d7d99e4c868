// Files of sumi export: PyTorch's names and layouts, and metadata that makes a model of them again.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/model.h"

namespace sumi {

struct ExportInfo {
  TrainOptions options;  // those of networks and pictures; no paths, nothing of the machine
  std::string net;       // the only network, whose name is in front of no tensor's; "": it is in front of all
  std::vector<std::string> networks;  // that the file holds
};

// The metadata entry kExportKey.
std::string export_text(const ExportInfo& info);

// Nothing for a file without that entry. Errors "[checkpoint PATH] ..." for what is no safetensors file and "[export PATH] ..."
// for an entry that makes no valid model.
std::optional<ExportInfo> export_info(const std::filesystem::path& path);

// A model for inference and the networks of it that have weights; the others are freshly initialized.
struct OpenedModel {
  std::unique_ptr<Model> model;
  TrainOptions options;
  std::vector<std::string> networks;

  // Those of the model's whose network has weights.
  std::vector<std::string> directions() const;
};

// A run directory (its newest checkpoint), a checkpoint, or a file of sumi export that holds a generator. Device and precision
// as of place_model().
OpenedModel open_model(const std::filesystem::path& file_or_run, const std::string& device = "",
                       const std::string& precision = "");

}  // namespace sumi
