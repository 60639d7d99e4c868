// A directed graph with clusters, as text in Graphviz's DOT language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sumi {

class DotGraph {
 public:
  // Appearance of a node.
  enum class Kind : std::uint8_t { data, tensor, network, op, loss, update };

  // Adds a node, and returns its number. The label may have several lines.
  std::size_t add_node(Kind kind, const std::string& label, std::size_t cluster);
  // Adds an edge once; an edge from a node to itself is ignored.
  void add_edge(std::size_t from, std::size_t to);
  // Adds a frame with a title, and returns its number.
  std::size_t add_cluster(const std::string& title);

  const std::string& label(std::size_t node) const { return nodes_.at(node).label; }
  std::size_t size() const { return nodes_.size(); }
  const std::set<std::pair<std::size_t, std::size_t>>& edges() const { return edges_; }
  // The whole graph. The order of nodes and edges is that of their addition, so equal graphs have
  // equal texts.
  std::string text(const std::string& name) const;

  static constexpr std::size_t kNoCluster = static_cast<std::size_t>(-1);

 private:
  struct Node {
    Kind kind;
    std::string label;
    std::size_t cluster;
  };
  std::vector<Node> nodes_;
  std::vector<std::string> clusters_;
  std::set<std::pair<std::size_t, std::size_t>> edges_;
};

}  // namespace sumi
