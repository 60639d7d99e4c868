// Weights as torch.save writes them: one network's state_dict, or a dictionary of several.
#include "engine/serialize/torch_writer.h"
#include "models/export/export_format.h"
#include "models/export/export_summary.h"
#include "models/inference/exported.h"

namespace sumi {

ExportReport write_pth(const ExportJob& job) {
  TorchFile file;
  for (const Model::Network& network : job.networks)
    file.networks.emplace_back(job.net.empty() ? network.name : "",
                               state_dict(*network.module, job.precision));
  file.extra.emplace_back(kExportKey, exported_text(job));
  write_torch_file(job.output, file);
  std::vector<StateDict> networks;
  for (auto& [name, tensors] : file.networks) networks.push_back(std::move(tensors));
  return weights_report(networks);
}

}  // namespace sumi
