#include "models/training/translator_step.h"

#include "models/training/micro_batches.h"

namespace sumi {

TranslatorStep translator_step(
    const TrainOptions& options, const std::vector<Tensor>& domains, const TranslatorNetworks& networks,
    const std::function<std::vector<DiscriminatorTrainer::DiscriminatorInput>(const TranslatorBatch& batch)>&
        shown,
    const std::function<std::vector<Tensor>(const TranslatorBatch& batch)>& losses) {
  const MicroBatches batches(options, domains);
  TranslatorStep step;
  Tape tape;
  std::vector<TranslatorBatch> parts;
  for (int update = shown ? 0 : batches.updates() - 1; update < batches.updates(); ++update) {
    parts.clear();
    std::vector<std::vector<DiscriminatorTrainer::DiscriminatorInput>> all;
    for (const std::vector<Tensor>& batch : batches.of(update)) {
      const Tensor drawn = batches.draw(update, [&] { return networks.g(batch.at(0)); });
      if (shown) all.push_back(shown({batch, drawn.detach()}));
      parts.push_back({batch, drawn});
    }
    if (shown) step.judged = networks.d.train(tape, all);
  }
  {
    const FreezeGuard frozen(networks.d.arena());  // its own gradients nobody needs now
    step.losses = networks.trained.train(tape, parts.size(), [&](std::size_t i) {
      if (parts.size() > 1) parts[i].drawn = networks.g(parts[i].domains[0]);
      return losses(parts[i]);
    });
  }
  step.last = {parts.back().domains, parts.back().drawn.detach()};
  return step;
}

}  // namespace sumi
