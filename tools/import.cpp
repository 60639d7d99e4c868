// sumi import: weights with PyTorch's names and layouts become a checkpoint.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/file.h"
#include "engine/torch_layout.h"
#include "kernels/base/check.h"
#include "models/model.h"
#include "tools/train_options.h"

namespace sumi::cli {
namespace {

using Show = OptionSet::Show;

struct Arguments {
  CLI::App* app = nullptr;
  std::string model, net, input, output;
  OptionSet options;
};

// Everything that does not fit, so that one error can name it all.
class Problems {
 public:
  void add(const std::string& text) {
    if (list_.size() < kShown) list_.push_back(text);
    ++count_;
  }
  void raise(const std::string& where) const {
    if (count_ == 0) return;
    std::string text =
        fmt::format("{} of its tensors do not fit the model: {}", count_, fmt::join(list_, "; "));
    if (count_ > list_.size()) text += fmt::format("; and {} more", count_ - list_.size());
    fail(where, text + " (check --model, --net, --size, --channels, --nz, --ngf and --ndf)");
  }

 private:
  static constexpr std::size_t kShown = 10;
  std::vector<std::string> list_;
  std::size_t count_ = 0;
};

using Foreign = std::map<std::string, ForeignTensor>;

// Names as the networks know them: "g.main.0.weight".
Foreign read_weights(const Arguments& args, const std::vector<Model::Network>& networks) {
  const auto tensors = read_foreign_tensors(args.input);
  // DataParallel puts "module." before every name.
  const std::string wrapper = "module.";
  const bool wrapped = std::all_of(tensors.begin(), tensors.end(),
                                   [&](const ForeignTensor& t) { return t.name.rfind(wrapper, 0) == 0; });
  const auto network_of = [&](const std::string& name) -> std::string {
    for (const Model::Network& n : networks)
      if (name.rfind(n.name + ".", 0) == 0) return n.name;
    return "";
  };
  Foreign result;
  bool prefixed = false;
  for (ForeignTensor t : tensors) {
    if (wrapped) t.name = t.name.substr(wrapper.size());
    if (t.name.ends_with("num_batches_tracked")) continue;
    prefixed = prefixed || !network_of(t.name).empty();
    result.emplace(t.name, std::move(t));
  }
  if (result.empty()) fail("import " + args.input, "holds no floating-point tensors; give a file of weights");
  if (args.net.empty()) {
    if (!prefixed)
      throw UsageError(
          command_name(args.app),
          fmt::format("the names in {} do not say which network they belong to; add --net g or --net d",
                      args.input));
    return result;
  }
  Foreign chosen;
  for (auto& [name, t] : result) {
    const std::string network = network_of(name);
    if (network.empty())
      chosen.emplace(args.net + "." + name, std::move(t));
    else if (network == args.net)  // of a file with both, one is taken
      chosen.emplace(name, std::move(t));
  }
  return chosen;
}

void assign(const Parameter& p, const std::string& name, Foreign& foreign, Problems& problems) {
  const auto found = foreign.find(name);
  if (found == foreign.end()) {
    problems.add(name + " is missing");
    return;
  }
  const auto want = torch_shape(p.value.shape(), p.layout);
  if (found->second.shape != want)
    problems.add(fmt::format("{} has shape [{}] instead of [{}]", name, fmt::join(found->second.shape, ", "),
                             fmt::join(want, ", ")));
  else
    p.value.assign(from_torch(found->second.values, p.value.shape(), p.layout));
  foreign.erase(found);
}

int run(const Arguments& args) {
  const std::string name = command_name(args.app);
  require_text(args.app, "--model", args.model, "which network the weights are for (sumi models lists them)");
  require_text(args.app, "--input", args.input, "-i takes a safetensors file of weights");
  require_text(args.app, "--output", args.output, "-o takes the checkpoint to write");
  TrainOptions options;
  try {
    options = default_options(args.model);
    args.options.apply(options);
    validate(options);
  } catch (const Error& error) {
    throw UsageError(name, error.what());
  }
  const AtomicFile probe(args.output);
  const std::unique_ptr<Model> model = make_model(options);
  const auto networks = model->networks();
  std::vector<std::string> known;
  for (const Model::Network& network : networks) known.push_back(network.name);
  if (!args.net.empty() && std::find(known.begin(), known.end(), args.net) == known.end())
    throw UsageError(name, fmt::format("{} has no network '{}'; there are: {}", args.model, args.net,
                                       fmt::join(known, ", ")));

  Foreign foreign = read_weights(args, networks);
  Problems problems;
  std::int64_t count = 0;
  for (const Model::Network& network : networks) {
    if (!args.net.empty() && network.name != args.net) continue;
    for (const auto& list : {network.module->parameters(), network.module->buffers()})
      for (const Parameter& p : list) {
        assign(p, network.name + "." + p.name, foreign, problems);
        ++count;
      }
  }
  for (const auto& [extra, tensor] : foreign) problems.add(extra + " is not in the model");
  problems.raise("import " + args.input);

  CheckpointWriter writer;
  model->save(writer, false);
  const nlohmann::ordered_json state{{"step", 0}, {"images", 0}, {"epoch", 0.0}};
  writer.write(args.output, {"networks", options.model, to_json(options).dump(), state.dump()});
  fmt::print("{}: {} tensors of {} taken{}\n", args.output, count, args.input,
             args.net.empty() ? "" : ", the other network freshly initialised");
  return 0;
}

}  // namespace

Command add_import(CLI::App& parent) {
  auto args = std::make_shared<Arguments>();
  CLI::App& app = *parent.add_subcommand("import", "Make a checkpoint of PyTorch's weights.");
  args->app = &app;
  set_help(app, "import --model NAME [--net NAME] -i FILE -o CHECKPOINT [options]",
           "  sumi import --model dcgan --net g -i netG.safetensors -o start.safetensors\n"
           "  sumi train dcgan --data pictures --outdir run --init start.safetensors\n",
           "Without --net the file must hold every network, with names like g.main.0.weight. With it the "
           "other network "
           "is initialised from --seed. Safetensors files are written in Python by "
           "safetensors.torch.save_file(net."
           "state_dict(), 'netG.safetensors').");
  add_text(app, "--model", args->model, "NAME", "gan or dcgan")->group("Weights");
  add_text(app, "--net", args->net, "NAME", "the network that the file holds: g or d")->group("Weights");
  add_text(app, "-i,--input", args->input, "FILE", "a safetensors file")->group("Weights");
  add_text(app, "-o,--output", args->output, "CHECKPOINT", "for generate, export and train --init")
      ->group("Weights");
  args->options.add(app, TrainOptions(), [](const OptionInfo& info) {
    const std::string name = info.name;
    for (const char* wanted :
         {"size", "channels", "nz", "ngf", "ndf", "init-type", "init-gain", "seed", "device", "precision"})
      if (name == wanted) return Show::yes;
    return Show::no;
  });
  // Each model has its own.
  for (CLI::Option* option : app.get_options()) option->default_str("");
  return {&app, [args]() { return run(*args); }};
}

}  // namespace sumi::cli
