#include "models/export/export_summary.h"

#include "models/inference/exported.h"

namespace sumi {

std::string exported_text(const ExportJob& job) {
  std::vector<std::string> names;
  for (const Model::Network& network : job.networks) names.push_back(network.name);
  return export_text({job.options, job.net, names});
}

ExportReport weights_report(const std::vector<StateDict>& networks) {
  ExportReport report;
  for (const StateDict& network : networks)
    for (const StateTensor& t : network) {
      ++report.tensors;
      std::int64_t count = t.name.ends_with("num_batches_tracked") ? 0 : 1;
      for (const std::int64_t size : t.shape) count *= size;
      report.values += count;
    }
  return report;
}

}  // namespace sumi
