// Weights as safetensors, with PyTorch's names and layouts.
#include <cstdint>

#include "engine/serialize/safetensors.h"
#include "models/export/export_format.h"
#include "models/export/export_summary.h"
#include "models/inference/exported.h"

namespace sumi {

ExportReport write_safetensors(const ExportJob& job) {
  SafetensorsWriter writer;
  std::vector<StateDict> networks;  // holds the memory until the file is written
  for (const Model::Network& network : job.networks)
    networks.push_back(state_dict(*network.module, job.precision));
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string prefix = job.net.empty() ? job.networks[i].name + "." : "";
    for (const StateTensor& t : networks[i])
      writer.add(prefix + t.name, t.dtype, t.shape, t.bytes.data(), t.bytes.size());
  }
  writer.set_metadata("format", "pt");
  writer.set_metadata(kExportKey, exported_text(job));
  writer.write(job.output);
  return weights_report(networks);
}

}  // namespace sumi
