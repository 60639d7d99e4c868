// What a run is started with. The rows of models/options/options.h say what each means.
#pragma once

#include <cstdint>
#include <string>

namespace sumi {

struct TrainOptions {
  std::string model;  // as `sumi models` lists them

  // data
  std::string data;
  std::string data_a, data_b;  // of the two domains; empty: data/trainA and data/trainB
  std::string outdir;
  std::string cache;  // folder of packed data sets; empty: the user's cache folder
  int size = 64, channels = 3, bits = 8;
  int load_size = 286, crop_size = 256;
  std::string preprocess = "resize_and_crop";
  bool no_flip = false, replacement = false;
  std::string styles;  // of the stylizer: see style_sources()
  std::string direction = "AtoB", task = "none";  // of pairs
  int factor = 2;
  double noise = 25;
  std::int64_t max_items = 0;
  std::string labels = "auto", classes;  // see LabelRule; the classes' names, filled in when a run begins
  int hold_out = 0;                      // one of so many pictures is kept from training; 0: none
  int workers = 2;

  // networks
  int nz = 100, ngf = 64, ndf = 64;
  int width = 16;                       // of the features' trunk
  std::string net_d, features = "own";  // see the rows below
  std::string net_g = "resnet_9blocks", norm = "instance", upsample = "transpose";
  int n_blocks = 0, n_layers_d = 3;
  bool no_dropout = true;
  std::string form;        // which of a model's networks; "" for models that have one
  double norm_keep = 0.9;  // of batch norm's running statistics, at each step
  std::string init_type = "normal";
  double init_gain = 0.02;
  std::string init;  // a checkpoint whose weights to start from

  // training
  int batch_size = 64;
  std::int64_t steps = 0;  // of the whole run; 0: as `epochs` says
  double epochs = 25, epochs_decay = 0;
  std::string optimizer = "adam";
  double lr = 2e-4, lr_g = 0, lr_d = 0;  // lr_g and lr_d: 0 means lr
  double beta1 = 0.5, beta2 = 0.999, weight_decay = 0;
  std::string lr_policy = "constant";
  std::string gan_mode = "vanilla", likelihood = "bernoulli";
  double lambda_a = 10, lambda_b = 10, lambda_identity = 0.5, lambda_autoencoder = 10, lambda_l1 = 100;
  int pool_size = 50;
  std::string style_preset = "hayao";
  double lambda_adv = -1, lambda_content = -1, lambda_style = -1, lambda_colour = -1, lambda_tv = -1;
  double init_epochs = 10, init_lr = 2e-4;
  double clip_grad = 0, ema = 0, sigma = 0.1, kl_weight = 1;
  int accumulate = 1;
  std::string freeze;
  bool fresh_noise = false, overfit_one_batch = false;

  // stability of adversarial training
  int n_critic = 1;
  double gp = 0, r1 = 0;
  int r1_every = 16;
  double clip_weights = 0;
  bool sn = false;
  double label_smooth = 0;
  std::string g_label = "real";
  double d_noise = 0;
  std::string diffaugment;
  double feature_matching = 0;
  int minibatch_discrimination = 0;
  double historical_averaging = 0;
  bool vbn = false;
  double diversity = 0;
  std::string latent = "normal";
  bool conditional = false;
  int categories = 0, continuous = 0;
  double lambda_info = 1;

  // output
  std::int64_t log_every = 10, sample_every = 200, save_every = 1000;
  bool save_every_epoch = false;
  int keep = 2;
  std::string dump_batches;

  // machine
  std::uint64_t seed = 0;
  std::string device = "cpu", precision = "auto", kernels = "auto";
  bool exact = false;
  int threads = 0;
  std::string plan;
  bool no_graph = false;
  bool check = false;
};

}  // namespace sumi
