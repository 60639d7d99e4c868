// Weights as torch.save writes them: one network's state_dict, or a dictionary of several.
#include "engine/serialize/torch_writer.h"
#include "models/export/export_format.h"
#include "models/export/export_summary.h"
#include "models/inference/exported.h"

namespace sumi {

ExportReport write_pth(const ExportJob& job) {
  TorchFile file;
  std::vector<StateDict> networks;
  for (const Model::Network& network : job.networks) {
    networks.push_back(state_dict(*network.module, job.precision));
    file.networks.emplace_back(job.net.empty() ? network.name : "", networks.back());
  }
  file.extra.emplace_back(kExportKey, exported_text(job));
  write_torch_file(job.output, file);
  return weights_report(networks);
}

}  // namespace sumi
