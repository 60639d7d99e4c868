// Networks: modules own parameters and call ops.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/ops.h"
#include "engine/random.h"

namespace sumi {

// A parameter's layout in PyTorch's state_dict, for export and import.
struct TorchLayout {
  enum class Kind : std::uint8_t { vector, conv, conv_transpose, dense };
  Kind kind = Kind::vector;
  // A dense layer that reads or writes a flattened image: flattened h w c here, c h w in PyTorch.
  // c = 0: not an image.
  Shape flat_in{1, 1, 1, 0}, flat_out{1, 1, 1, 0};
};

// A named tensor of a network: "main.0.weight". Weights are KRSC, vectors 1x1x1xc.
struct Parameter {
  std::string name;
  Tensor value;
  TorchLayout layout;
  double init_scale = 1;  // factor of the initial weight, beside InitOptions::gain; 0: zeros
};

// The cost of a network for one input, computed from shapes alone.
struct Cost {
  std::int64_t macs = 0;            // multiply-adds of one forward pass
  std::int64_t saved_elements = 0;  // saved for the backward pass
};

// While it lives, this thread's new modules have shapes but no memory (like PyTorch's meta device):
// enough for infer_shape(), parameters() and their counts.
class MetaDevice {
 public:
  MetaDevice();
  ~MetaDevice();
  MetaDevice(const MetaDevice&) = delete;
  MetaDevice& operator=(const MetaDevice&) = delete;

 private:
  bool old_;
};

class Module {
 public:
  explicit Module(std::string name = "") : name_(std::move(name)) {}
  virtual ~Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  Tensor operator()(const Tensor& x);
  // Returns the shape of the result for an input of shape x, and adds to `cost`. Throws the ops'
  // errors.
  virtual Shape infer_shape(const Shape& x, Cost& cost) const = 0;

  // In order of definition, with dotted names.
  std::vector<Parameter> parameters() const;
  std::vector<Parameter> buffers() const;  // running statistics: saved but not trained
  std::int64_t parameter_count() const;
  // Calls f for this module and for all modules inside it.
  void apply(const std::function<void(Module&)>& f);
  // Sets the mode of batch norm and dropout: training (the default) or inference.
  void set_training(bool on);
  // For a whole network: sets the dtype of activations and of the operands of linear maps,
  // independent of the parameters' dtype. The input is converted, and the result is converted back.
  void set_activations(DType dtype) { activations_ = dtype; }
  // Returns true if, in training, a sample's result depends on the other samples of its batch, as
  // with batch norm.
  virtual bool uses_batch_statistics() const;

  // The name in traces and error messages. The model sets the name of a network ("g_ab").
  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }

 protected:
  virtual Tensor forward(const Tensor& x) = 0;
  Tensor add_parameter(const std::string& name, const Shape& shape, DType dtype, const Device& device,
                       const TorchLayout& layout, double init_scale = 1);
  Tensor add_buffer(const std::string& name, const Shape& shape, double value, DType dtype,
                    const Device& device, const TorchLayout& layout = {});
  template <class M>
  M& add_child(std::unique_ptr<M> child) {
    M& reference = *child;
    children_.push_back(std::move(child));
    return reference;
  }
  const std::vector<std::unique_ptr<Module>>& children() const { return children_; }
  // Returns f(x), with x converted and the result converted back as set_activations() says.
  template <class F>
  Tensor in_activations(const Tensor& x, F&& f) const {
    return activations_ ? cast(f(cast(x, *activations_)), x.dtype()) : f(x);
  }
  bool training() const { return training_; }

 private:
  std::string name_;
  std::vector<Parameter> parameters_, buffers_;
  std::vector<std::unique_ptr<Module>> children_;
  bool training_ = true;
  std::optional<DType> activations_;
};

// A module with a norm over the batch. Two settings apply to all such norms of a network.
class BatchNormed : public Module {
 public:
  using Module::Module;
  void set_reference(std::int64_t count) { reference_ = count; }
  void use_batch_stats_in_eval() { batch_stats_in_eval_ = true; }

 protected:
  // gamma norm(x) + beta. Each sample is normalized by the mean and variance of the reference batch
  // and itself together, the reference batch by its own.
  Tensor virtual_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) const;
  // Returns true if running statistics are to be ignored now.
  bool uses_own_statistics() const { return !training() && batch_stats_in_eval_; }

 private:
  std::int64_t reference_ = 0;
  bool batch_stats_in_eval_ = false;
};
// Virtual batch norm (Salimans 2016): the first `count` samples of subsequent inputs are the
// reference batch, whose statistics normalize the others. Without one the next pass throws Error.
void set_reference(Module& network, std::int64_t count);
// At inference: batch norm uses the statistics of its input instead of the running ones, which are
// not changed.
void use_batch_stats_in_eval(Module& network);

// The specification of a FusedLayer: a linear map, a norm and an activation.
struct LayerSpec {
  enum class Norm : std::uint8_t { none, batch, instance, layer, virtual_batch, instance_affine };
  BlockOptions::MapKind map = BlockOptions::MapKind::conv;
  std::int64_t in = 0, out = 0;  // channels or features
  int kernel = 1, stride = 1, pad = 0, output_padding = 0;
  int kernel_width = 0;  // if different from `kernel`, the height; 0: the same
  int pad_end = -1;      // at the bottom and right, if different from `pad`
  int groups = 1;        // of a convolution, transposed or not; equal to `in` and `out`: depthwise
  bool bias = true;
  // Spectral normalization (Miyato 2018): the weight is divided by its largest singular value,
  // after one power iteration per training pass. Parameter and buffers have
  // torch.nn.utils.spectral_norm's names: weight_orig, weight_u, weight_v.
  bool spectral = false;
  Norm norm = Norm::none;  // all but instance norm have gamma and beta
  double norm_eps = 1e-5;
  double running_decay = 0.9;  // of the running statistics; PyTorch's momentum is 1 - running_decay
  Unary act = Unary::identity;
  double alpha = 0;                                 // leaky_relu's slope
  double init_scale = 1;                            // of the weight: see Parameter
  PadGeom next_pad;                                 // pads the result for the next layer
  std::string name, norm_name;                      // "main.0" and "main.1"
  Shape flat_in{1, 1, 1, 0}, flat_out{1, 1, 1, 0};  // see TorchLayout
};

class FusedLayer final : public BatchNormed {
 public:
  FusedLayer(const LayerSpec& spec, DType dtype, const Device& device);
  Shape infer_shape(const Shape& x, Cost& cost) const override;
  bool uses_batch_statistics() const override { return spec_.norm == LayerSpec::Norm::batch; }
  const LayerSpec& spec() const { return spec_; }
  using Module::operator();
  // With `residual` [the shape of the result before next_pad] added after the activation.
  Tensor operator()(const Tensor& x, const Tensor& residual);

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  Shape weight_shape() const;
  // `flat`: the image or filter that the vector represents (TorchLayout).
  Tensor add_singular_vector(const char* suffix, std::int64_t size, const Shape& flat = {1, 1, 1, 0});
  Tensor apply(const Tensor& x, const Tensor& residual);
  LayerSpec spec_;
  BlockOptions options_;
  BlockParams params_;
  RunningStats running_;
  Tensor u_, v_;  // of the spectral norm
};

// A separate batch norm, for where it does not directly follow a linear map: act(gamma norm(x) +
// beta). Elsewhere it is part of a FusedLayer.
class BatchNorm final : public BatchNormed {
 public:
  struct Spec {
    std::string name;  // "main.2"
    std::int64_t channels = 0;
    double eps = 1e-5, running_decay = 0.9;  // see LayerSpec
    Unary act = Unary::identity;
    double alpha = 0;         // leaky_relu's slope
    Shape flat{1, 1, 1, 0};   // the image, if the channels are a flattened one: see TorchLayout
    bool is_virtual = false;  // virtual batch norm: no running statistics
  };
  BatchNorm(const Spec& spec, DType dtype, const Device& device);
  Shape infer_shape(const Shape& x, Cost& cost) const override;
  bool uses_batch_statistics() const override { return !spec_.is_virtual; }

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  Spec spec_;
  Tensor gamma_, beta_;
  RunningStats running_;
};

// [n,...] -> [n,h,w,c] with the given sizes; h = w = 1 and c = 0 flattens.
class Reshape final : public Module {
 public:
  explicit Reshape(const Shape& to) : Module("reshape"), to_(to) {}
  Shape infer_shape(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  Shape to_;
};

// Padding of h and w.
class Pad final : public Module {
 public:
  explicit Pad(const PadGeom& geom) : Module("pad"), geom_(geom) {}
  Shape infer_shape(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  PadGeom geom_;
};

// Doubles height and width, with padding for the next layer's convolution.
class Upsample final : public Module {
 public:
  explicit Upsample(ResizeMode mode, const PadGeom& next_pad = {})
      : Module("upsample"), mode_(mode), next_pad_(next_pad) {}
  Shape infer_shape(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  ResizeMode mode_;  // bilinear: half-pixel centers
  PadGeom next_pad_;
};

// Minibatch discrimination (Salimans 2016, section 3.2): the similarity of each sample to the
// others of its batch, appended to its features, so that a discriminator detects mode collapse: x
// [n,h,w,c] -> [n,h,w,c+kernels], the same at every position. With M = f T, `kernels` rows of
// `dims` values per sample, where f [n,c] is x's mean over h and w, feature b of sample i is the
// sum over the other samples j of exp(-|M_ib - M_jb|_1).
class MinibatchDiscrimination final : public Module {
 public:
  MinibatchDiscrimination(std::int64_t channels, int kernels, int dims, DType dtype, const Device& device);
  Shape infer_shape(const Shape& x, Cost& cost) const override;
  bool uses_batch_statistics() const override { return true; }

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  std::int64_t channels_, kernels_, dims_;
  Tensor t_;
};

// Zeroes each element with probability p in training, which requires a random stream.
class Dropout final : public Module {
 public:
  explicit Dropout(double p) : Module("dropout"), p_(p) {}
  void set_stream(RandomStream& stream) { stream_ = &stream; }
  Shape infer_shape(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  double p_;
  RandomStream* stream_ = nullptr;
};

// Sets the random stream of every Dropout of a network; the stream must outlive the network.
void set_dropout_stream(Module& network, RandomStream& stream);

// Modules in sequence.
class Sequential final : public Module {
 public:
  using Module::Module;
  Sequential& add(const LayerSpec& spec, DType dtype, const Device& device);
  Sequential& add(std::unique_ptr<Module> module);
  std::size_t size() const { return children().size(); }
  // Runs modules [first, last) only.
  Tensor run(const Tensor& x, std::size_t first, std::size_t last);
  Shape infer_shape(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;
};

// Weight initialization. Every parameter is written: weights by the rule, biases and betas 0, norm
// gammas N(1, gain) for normal and 1 for the others. Weights are multiplied by their init_scale.
struct InitOptions {
  // normal          N(0, gain)                                      DCGAN, CycleGAN: gain 0.02
  // xavier          N(0, gain sqrt(2 / (fan_in + fan_out)))         Glorot and Bengio 2010
  // xavier-uniform  U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)) the same; Keras's default
  // kaiming         N(0, gain sqrt(2 / fan_in))                     He 2015
  // orthogonal      rows or columns orthonormal, times gain         Saxe 2013
  std::string type = "normal";
  double gain = 0.02;
};
void initialize(const Module& module, const InitOptions& options, RandomStream& stream);

}  // namespace sumi
