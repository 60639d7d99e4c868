// CycleGAN (Zhu 2017): two generators learn to translate between two domains of unpaired pictures.
#pragma once

#include "models/model.h"
#include "models/networks/translation_networks.h"
#include "models/objectives/image_pool.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/trainable_networks.h"

namespace sumi {

// g_ab draws A as B, g_ba draws B as A; d_a judges domain A, d_b domain B. One step, for a in A and b in B:
//   generators, with l the GAN loss, target "real":
//     l(d_b(g_ab(a))) + lambda_a |g_ba(g_ab(a)) - a| + lambda_b lambda_identity |g_ab(b) - b|   and with a, b
//     exchanged
//   discriminators, on pictures made before the generators' update, through the image pools:
//     (l(d_a(a), real) + l(d_a(pool(g_ba(b))), fake)) / 2, d_b likewise
// |.| is the mean over all elements. With --n-critic the discriminators have their other updates first, on pictures of their
// own.
class CycleGanModel final : public Model {
 public:
  explicit CycleGanModel(const TrainOptions& options);

  std::vector<Network> networks() override;
  int domains() const override { return 2; }
  std::vector<std::pair<std::string, Tensor>> debug_tensors() const override;
  SampleGrid samples() override;
  void set_sample_images(const std::vector<std::vector<Tensor>>& pictures) override;
  std::vector<std::string> directions() const override { return {"AtoB", "BtoA"}; }
  Translator translator(const std::string& direction) const override;
  Tensor translate(const Tensor& pictures, const std::string& direction, bool raw) override;
  void save(CheckpointWriter& writer, bool full) override;
  void load(const CheckpointFile& file, bool full) override;
  std::map<std::string, std::uint64_t> counters() const override;
  void set_counters(const std::map<std::string, std::uint64_t>& counters) override;

 protected:
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  // One domain's side of the step: `away` leads out of it, `home` into it.
  struct Side {
    Module *away, *home;           // of domain A: g_ab, g_ba
    DiscriminatorTrainer* critic;  // d_b, which judges what `away` draws
    double lambda_cycle;           // of |home(away(real)) - real|
    double lambda_identity;        // of |away(other) - other|
    double share;                  // of a batch in the gradients
  };
  struct GeneratorLosses {
    Tensor gan, cycle, identity;
    Tensor fake;  // in the other domain
    // The losses of one more batch, and what was drawn of it.
    void add(const GeneratorLosses& next);
  };
  GeneratorLosses generators_step(Tape& tape, const Side& side, const Tensor& real,
                                  const Tensor& other) const;

  // One update of the discriminators, by batches [batch][domain] and what was drawn for each. Their losses, a and b.
  struct Drawn {
    Tensor a, b;
  };
  std::pair<Tensor, Tensor> train_d(Tape& tape, const std::vector<std::vector<Tensor>>& batches,
                                    const std::vector<Drawn>& drawn);

  TrainOptions options_;
  RandomStream dropout_stream_;
  TranslationNetOptions net_;
  std::unique_ptr<Module> g_ab_, g_ba_;
  std::unique_ptr<TrainableNetworks> g_;
  std::unique_ptr<DiscriminatorTrainer> d_a_, d_b_;
  ImagePool pool_a_, pool_b_;  // of pictures drawn in A, in B
  std::vector<std::pair<std::string, Tensor>> last_batch_;
  std::vector<std::vector<Tensor>> sample_pictures_;
};

}  // namespace sumi
