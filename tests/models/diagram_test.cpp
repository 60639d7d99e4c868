#include "models/diagram/diagram.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "models/anime_options.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"
#include "models/training/random_batch.h"
#include "models/training/step_cost.h"
#include "tests/models/tiny_vgg.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;

namespace {

TrainOptions small(const std::string& model, const std::filesystem::path& work) {
  TrainOptions o = default_options(model);
  o.size = o.crop_size = 16;
  o.ngf = o.ndf = 8;
  o.n_blocks = 4;  // enough to be drawn once
  o.n_layers_d = 1;
  o.batch_size = 2;
  o.threads = 1;
  o.group<AnimeOptions>().feature_network = write_tiny_vgg(work).string();
  if (model == "pix2pix") o.net_g = "resnet_6blocks";
  if (model == "gan-conv") o.size = 28;
  if (model == "classifier") o.classes = "a,b,c";
  return o;
}

struct Drawn {
  std::map<std::string, std::string> labels;            // by node
  std::map<std::string, std::string> clusters;          // title of each node's
  std::set<std::pair<std::string, std::string>> edges;  // of labels
  std::set<std::string> titles;

  explicit Drawn(const std::string& text) {
    const std::regex node("^ +(n\\d+) \\[.* label=\"(.*)\"\\]$"), edge("^  (n\\d+) -> (n\\d+)$");
    const std::regex title("^ +label=\"(.*)\" color=.*$");
    std::istringstream lines(text);
    std::string cluster;
    std::smatch m;
    for (std::string line; std::getline(lines, line);) {
      if (std::regex_match(line, m, title)) titles.insert(cluster = m[1]);
      if (line == "  }") cluster.clear();
      if (std::regex_match(line, m, node)) labels[m[1]] = m[2], clusters[m[1]] = cluster;
      if (std::regex_match(line, m, edge)) edges.insert({labels.at(m[1]), labels.at(m[2])});
    }
  }
  bool has_label(const std::string& start) const {
    return std::any_of(labels.begin(), labels.end(),
                       [&](const auto& l) { return l.second.starts_with(start); });
  }
};

std::int64_t number(std::string text) {
  std::erase(text, ',');
  return std::stoll(text);
}

// Sum of the parameters of a network's nodes, each as often as it stands for a layer.
std::int64_t parameters_in(const Drawn& drawn, const std::string& title) {
  const std::regex count("([\\d,]+) parameters"), times("\\((\\d+) times\\)");
  std::int64_t sum = 0;
  for (const auto& [node, cluster] : drawn.clusters) {
    std::smatch m, t;
    const std::string& label = drawn.labels.at(node);
    if (cluster != title || !std::regex_search(label, m, count)) continue;
    sum += number(m[1]) * (std::regex_search(label, t, times) ? std::stoll(t[1]) : 1);
  }
  return sum;
}

void check_networks(const Drawn& drawn, const TrainOptions& o) {
  for (const PlannedNetwork& network : plan_networks(o)) {
    CAPTURE(network.name);
    Cost cost;
    const std::string title = network.name + ": " + sample_shape(network.input) + " -> " +
                              sample_shape(network.module->infer_shape(network.input, cost)) + ", " +
                              grouped(network.module->parameter_count()) + " parameters";
    CHECK(drawn.titles.contains(title));
    CHECK(parameters_in(drawn, title) == network.module->parameter_count());
  }
}

void check_step(const Drawn& drawn, const TrainOptions& o) {
  for (const PlannedNetwork& network : plan_networks(o))
    CHECK_MESSAGE(drawn.has_label(network.name + "\\n" + grouped(network.module->parameter_count())),
                  network.name);
  const TrainOptions narrow = narrowed(o, 1, 1);
  const auto model = make_model(narrow);
  for (const auto& [name, value] : model->step(random_batch(*model, narrow), model->warm_up_epochs()))
    if (name.starts_with("loss")) {
      const auto into = std::count_if(drawn.edges.begin(), drawn.edges.end(), [&, n = name](const auto& e) {
        return e.second == n || e.second.starts_with(n + "\\n");
      });
      CHECK_MESSAGE((into > 0 || value == 0), name);
    }
  CHECK(drawn.has_label("update of "));
}

}  // namespace

TEST_CASE("diagram: every model's networks, parameters and losses are drawn") {
  const TempDir work;
  for (const ModelSpec* spec : model_specs()) {
    CAPTURE(std::string(spec->name));
    const TrainOptions o = small(spec->name, work.path);
    const std::string text = model_diagram(o);
    const Drawn drawn(text);
    check_networks(drawn, o);
    check_step(drawn, o);
    CHECK(model_diagram(o) == text);
  }
}

TEST_CASE("diagram: a GAN's step has two updates, and the generator's goes through the discriminator") {
  const TempDir work;
  const Drawn drawn(model_diagram(small("gan", work.path), {.networks = false}));
  const auto follows = [&](const std::string& a, const std::string& b) {
    return std::any_of(drawn.edges.begin(), drawn.edges.end(),
                       [&](const auto& e) { return e.first.starts_with(a) && e.second.starts_with(b); });
  };
  CHECK(drawn.titles == std::set<std::string>{"1. update of d", "2. update of g"});
  CHECK(follows("noise", "g\\n"));
  CHECK(follows("g\\n", "fake"));
  CHECK(follows("fake", "d\\n"));
  CHECK(follows("real", "d\\n"));
  CHECK(follows("d\\n", "loss_d"));
  CHECK(follows("d\\n", "loss_g"));
  CHECK(follows("loss_d", "update of d"));
  CHECK(follows("loss_g", "update of g"));
  CHECK_FALSE(follows("real", "g\\n"));
  CHECK_FALSE(follows("fake", "g\\n"));
}

TEST_CASE("diagram: equal blocks are drawn once, skips are edges, and an unknown network is an Error") {
  const TempDir work;
  const TrainOptions o = small("cyclegan", work.path);
  const Drawn drawn(model_diagram(o, {.step = false, .network = "g_ab"}));
  CHECK(drawn.titles.size() == 1);
  CHECK(std::any_of(drawn.labels.begin(), drawn.labels.end(),
                    [](const auto& l) { return l.second.find("times)") != std::string::npos; }));
  TrainOptions unet = small("pix2pix", work.path);
  unet.net_g = "unet_128";
  unet.crop_size = 128;
  const Drawn skips(model_diagram(unet, {.step = false, .network = "g"}));
  std::map<std::string, int> reads;  // of each node
  for (const auto& [from, to] : skips.edges) ++reads[to];
  CHECK(std::any_of(reads.begin(), reads.end(), [](const auto& r) { return r.second > 1; }));
  CHECK_THROWS_WITH_AS(model_diagram(o, {.step = false, .network = "x"}),
                       "[diagram] cyclegan has no network 'x'; use one of: g_ab, g_ba, d_a, d_b", Error);
}
