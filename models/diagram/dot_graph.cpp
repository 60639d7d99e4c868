#include "models/diagram/dot_graph.h"

#include <fmt/format.h>

namespace sumi {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

const char* style_of(DotGraph::Kind kind) {
  using Kind = DotGraph::Kind;
  switch (kind) {
    case Kind::data:
      return "shape=cylinder fillcolor=\"#e8f0fe\"";
    case Kind::tensor:
      return "shape=ellipse fillcolor=\"#ffffff\"";
    case Kind::network:
      return "shape=box style=\"filled,rounded\" fillcolor=\"#dff0d8\"";
    case Kind::op:
      return "shape=box fillcolor=\"#f7f7f7\"";
    case Kind::loss:
      return "shape=hexagon fillcolor=\"#fdebd0\"";
    default:
      return "shape=box style=\"filled,bold\" fillcolor=\"#f5d6d6\"";
  }
}

}  // namespace

std::size_t DotGraph::add_node(Kind kind, const std::string& label, std::size_t cluster) {
  nodes_.push_back({kind, label, cluster});
  return nodes_.size() - 1;
}

void DotGraph::add_edge(std::size_t from, std::size_t to) {
  if (from != to) edges_.insert({from, to});
}

std::size_t DotGraph::add_cluster(const std::string& title) {
  clusters_.push_back(title);
  return clusters_.size() - 1;
}

std::string DotGraph::text(const std::string& name) const {
  std::string out = fmt::format("digraph {} {{\n", quoted(name));
  out += "  graph [fontname=\"DejaVu Sans\" fontsize=11 nodesep=0.25 ranksep=0.3 bgcolor=\"#ffffff\"]\n";
  out += "  node [fontname=\"DejaVu Sans\" fontsize=10 style=filled margin=\"0.1,0.04\" height=0.3]\n";
  out += "  edge [arrowsize=0.7 color=\"#555555\"]\n";
  const auto add_nodes = [&](std::size_t cluster, const char* indent) {
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].cluster == cluster)
        out += fmt::format("{}n{} [{} label={}]\n", indent, i, style_of(nodes_[i].kind),
                           quoted(nodes_[i].label));
  };
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    out += fmt::format("  subgraph cluster_{} {{\n    label={} color=\"#aaaaaa\" style=rounded\n", i,
                       quoted(clusters_[i]));
    add_nodes(i, "    ");
    out += "  }\n";
  }
  add_nodes(kNoCluster, "  ");
  for (const auto& [from, to] : edges_) out += fmt::format("  n{} -> n{}\n", from, to);
  return out + "}\n";
}

}  // namespace sumi
