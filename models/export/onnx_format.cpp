// A network's graph as ONNX.
#include <fmt/format.h>

#include "engine/export/onnx_writer.h"
#include "engine/serialize/file.h"
#include "models/export/export_format.h"
#include "models/export/export_summary.h"
#include "models/export/network_graph.h"

namespace sumi {

ExportReport write_onnx(const ExportJob& job) {
  const NetworkGraph network = network_graph(job);
  OnnxOptions options;
  if (job.opset != 0) options.opset = job.opset;
  options.name = job.options.model + "." + job.networks.at(0).name;
  options.producer_version = job.version;
  options.metadata = network.facts;
  options.vectors = {"style"};
  const OnnxModel model = onnx_model(network.graph, options);
  write_file_atomically(job.output, model.bytes);
  ExportReport report;
  report.nodes = model.nodes;
  report.values = network.graph.constant_count();
  report.note = graph_note(network, fmt::format("opset {}", options.opset));
  return report;
}

}  // namespace sumi
