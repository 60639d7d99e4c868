// GANs that draw pictures from noise: one training procedure for every pair of networks.
#pragma once

#include "models/gan_losses.h"
#include "models/model.h"
#include "models/network_group.h"
#include "models/networks.h"

namespace sumi {

// One step (Radford 2015, as in the well-known example): d on real and on fake pictures, update d; then g
// through the updated d, on the same fakes.
class GanModel final : public Model {
 public:
  GanModel(const TrainOptions& options, std::unique_ptr<Sequential> g, std::unique_ptr<Sequential> d,
           const NetOptions& net);

  std::vector<Network> networks() override;
  std::vector<std::pair<std::string, Tensor>> last_batch() const override;
  SampleSheet samples() override;
  Tensor generate(const Tensor& noise, bool raw) override;
  Tensor noise(std::int64_t count, RandomStream& stream) const override;
  void save(CheckpointWriter& writer, bool full) override;
  void load(const CheckpointFile& file, bool full) override;
  std::map<std::string, std::uint64_t> counters() const override;
  void set_counters(const std::map<std::string, std::uint64_t>& positions) override;
  std::string first_nonfinite() const override;
  std::vector<std::string> never_updated() const override;

 protected:
  void set_rates(double factor) override;
  std::vector<Stat> run_step(const std::vector<Tensor>& real) override;

 private:
  NetOptions net_;
  std::unique_ptr<Sequential> g_, d_;
  std::unique_ptr<NetworkGroup> g_trained_, d_trained_;
  GanLoss loss_;
  double lr_g_, lr_d_;
  RandomStream noise_stream_;
  Tensor fixed_noise_, last_real_, last_noise_, last_fake_;
};

}  // namespace sumi
