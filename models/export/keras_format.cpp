// Weights as Keras saves them in HDF5.
#include "engine/serialize/keras_writer.h"
#include "models/export/export_format.h"
#include "models/export/export_summary.h"
#include "models/inference/exported.h"

namespace sumi {

ExportReport write_h5(const ExportJob& job) {
  StateDict all;
  for (const Model::Network& network : job.networks)
    for (StateTensor& t : state_dict(*network.module, job.precision)) {
      if (job.net.empty()) t.name = network.name + "." + t.name;
      all.push_back(std::move(t));
    }
  write_keras_file(job.output, all, {{kExportKey, exported_text(job)}});
  return weights_report({std::move(all)});
}

}  // namespace sumi
