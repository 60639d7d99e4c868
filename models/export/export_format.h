// The formats of sumi export: one table, one file per format.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/export/export_weights.h"
#include "models/model.h"

namespace sumi {

// What a format writes. The networks hold the values to write (load_exported_values).
struct ExportJob {
  std::filesystem::path output;
  Model& model;
  const TrainOptions& options;
  std::string net;  // the network's name if --net chose one; "": several networks, with names
  std::vector<Model::Network> networks;
  ExportPrecision precision = ExportPrecision::keep;
  int opset = 0;             // of ONNX; 0: the usual one
  bool simplify = false;     // fold norms into convolutions
  std::string version = {};  // sumi's
  std::string license = {};  // of the weights, as the user states it
};

// What was written.
struct ExportReport {
  std::int64_t tensors = 0, values = 0;  // of weights
  std::int64_t nodes = 0;                // of a graph
  std::string note = {};                 // about the graph: "any size from 8x8, multiples of 4"
};

struct ExportFormat {
  const char* name;     // "pth"
  const char* summary;  // "a file of torch.save"
  // Of file names, with a dot, the usual one first.
  std::vector<const char*> extensions;
  // Graphs hold the operations of one network; the others hold weights of any number of networks.
  bool is_graph;
  // Atomic. Throws Error for networks that the format cannot hold.
  ExportReport (*write)(const ExportJob& job);
};

// In the order of the help page.
const std::vector<ExportFormat>& export_formats();

// The format that `name` names, or the one that the output's extension does if `name` is "". A file
// without an extension is safetensors. Throws Error if the name is unknown, if the extension
// belongs to another format, or if no format has it.
const ExportFormat& export_format(const std::string& name, const std::filesystem::path& output);

ExportReport write_h5(const ExportJob& job);
ExportReport write_ncnn(const ExportJob& job);
ExportReport write_onnx(const ExportJob& job);
ExportReport write_pth(const ExportJob& job);
ExportReport write_safetensors(const ExportJob& job);

}  // namespace sumi
