// A network's graph as the two files of ncnn.
#include "engine/export/ncnn_writer.h"
#include "engine/serialize/file.h"
#include "models/export/export_format.h"
#include "models/export/network_graph.h"

namespace sumi {

ExportReport write_ncnn(const ExportJob& job) {
  const NetworkGraph network = network_graph(job);
  const NcnnModel model = ncnn_model(network.graph);
  std::filesystem::path weights = job.output;
  weights.replace_extension(".bin");
  write_file_atomically(weights, model.bin);
  write_file_atomically(job.output, model.param);
  ExportReport report;
  report.nodes = model.layers;
  report.values = network.graph.constant_count();
  report.note = graph_note(network, "weights in " + weights.string());
  return report;
}

}  // namespace sumi
