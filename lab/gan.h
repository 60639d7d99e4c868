// A GAN that learns points or small pictures, one phase of a training step at a time. Losses,
// penalties, optimizers and discriminator training are those of sumi train (models/training).
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/nn.h"
#include "engine/optim.h"
#include "lab/session.h"
#include "models/objectives/latent.h"
#include "models/training/discriminator_trainer.h"

namespace sumi::lab {

// Settings that TrainOptions does not have.
struct GanSettings {
  std::string network = "points";  // or pictures
  std::string d_norm = "batch";    // of the picture discriminator: batch, layer, none
  int layers = 2;                  // hidden layers of points' networks; their width is ngf and ndf
  int history = 0;                 // steps that "back" can undo
  bool show_ema = false;           // samples are drawn with the EMA of the weights
  std::int64_t shown = 64;         // samples
};

// The networks of a session: dense ones for points, convolutions for pictures.
std::unique_ptr<Module> lab_generator(const TrainOptions& o, const GanSettings& s);
std::unique_ptr<Module> lab_discriminator(const TrainOptions& o, const GanSettings& s);

class GanSession final : public Session {
 public:
  GanSession();
  ~GanSession() override;

  // Settings have the names of sumi train's options with _ for -. A change of the network or of the
  // seed restarts; one of a loss, a penalty or an optimizer keeps the weights and restarts the
  // optimizers' moments; rates, n_critic and batch_size take effect at once.
  void set(const std::string& key, const std::string& value) override;
  // data   real points [N,1,1,2] or pictures [N,size,size,channels] in [-1,1]
  // latent points of the latent space [m,1,1,nz]
  // points where the discriminator is evaluated [m,1,1,2]
  void put(const std::string& name, const Tensor& values) override;
  // phase  the next phase of a training step: draw, backward of D, update of D (n_critic times these),
  //        backward through D to G, update of G
  // step   all phases up to the end of the step
  // back   the state before the last step, or before the phases of a step that is not complete
  // restart  new weights from the seed
  int run(const std::string& action) override;
  // samples   G(fixed noise) [shown,...];  mapped  G(latent);  field  D(points), a probability for the
  //           losses that have one, else the raw output
  // pull      -dL_G/dx at the samples, times their number: where the loss wants them to go
  // real, fake, noise, fake_gradient, real_scores, fake_scores   of the current step
  // g, d, g_gradient, d_gradient   all parameters, in the order of describe("g"), describe("d")
  // status    step, phase, critic update, loss_d, penalty, loss_g, d_real, d_fake, undoable steps
  Tensor get(const std::string& name) override;
  std::string describe(const std::string& name) override;

 private:
  enum class Phase : std::uint8_t { draw, d_backward, d_update, g_backward, g_update };
  enum class Stale : std::uint8_t { none, trainers, networks };
  struct Snapshot {
    std::vector<Tensor> tensors;
    std::map<std::string, std::uint64_t> counters;
    std::array<std::uint64_t, 3> positions;
    std::int64_t step;
    std::array<double, 5> status;
  };
  struct Row;
  static const std::vector<Row>& rows();

  void refresh();
  void build_networks();
  void build_trainers();
  void advance();
  void draw();
  void backward_d();
  void update_d();
  void backward_g();
  void update_g();
  void forget_step();
  Tensor real_batch();
  Snapshot snapshot();
  void restore(const Snapshot& kept);
  Tensor generated(const Tensor& z);
  Tensor judged(const Tensor& x);
  Tensor pull();
  Tensor status() const;
  Tensor gradient(ParamArena& arena) const;

  TrainOptions options_;
  GanSettings settings_;
  Stale stale_ = Stale::networks;
  std::unique_ptr<Module> g_, d_;
  std::optional<TrainableNetworks> generator_;
  std::optional<DiscriminatorTrainer> discriminator_;
  std::optional<RandomStream> noise_, choice_;
  std::optional<Latent> latent_;
  Tensor fixed_noise_, latent_points_, points_, data_;
  std::vector<float> data_values_;

  // The step in progress.
  std::optional<Tape> tape_;
  Phase phase_ = Phase::draw;
  int critic_ = 0;
  Tensor real_, z_, fake_, fake_gradient_;
  DiscriminatorStats stats_;

  std::int64_t step_ = 0;
  std::array<double, 5> status_{};  // loss_d, penalty, loss_g, d_real, d_fake
  std::deque<Snapshot> undo_;
};

}  // namespace sumi::lab
