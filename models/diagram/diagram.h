// Diagrams of a model: its networks, and the flow of data through one training step. They are
// generated from the model: its networks run once, and one step runs with narrow networks, on
// random images; the diagrams show what was recorded.
#pragma once

#include <string>

#include "engine/nn.h"
#include "models/diagram/dot_graph.h"
#include "models/options/options.h"

namespace sumi {

// The parts of a diagram.
struct DiagramPart {
  bool step = true;          // the step
  bool networks = true;      // networks
  std::string network = "";  // only this one; empty: all
};

// The diagram as text in Graphviz's DOT language. Throws Error for an unknown network, and for
// options of which no model can be made.
std::string model_diagram(const TrainOptions& options, const DiagramPart& part = {});

// Adds a cluster with the layers of a network, named by its parameters' dotted names; a sequence of
// layers that repeats is shown once. Shapes are [h,w,c] of one sample.
void add_network_diagram(DotGraph& graph, Module& network, const Shape& input);
// Adds a cluster for each update of a training step.
void add_step_diagram(DotGraph& graph, const TrainOptions& options);

// "64x64x3", or "100" where h = w = 1.
std::string sample_shape(const Shape& shape);
// "1,486,352".
std::string grouped(std::int64_t number);

}  // namespace sumi
