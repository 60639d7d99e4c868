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

// How a parameter is laid out in PyTorch's state_dict, for export and import.
struct TorchLayout {
  enum class Kind : std::uint8_t { vector, conv, conv_transpose, dense };
  Kind kind = Kind::vector;
  // A dense layer that reads or writes a flattened picture: ours is flattened h w c, theirs c h w.
  Shape flat_in{1, 1, 1, 0}, flat_out{1, 1, 1, 0};  // c = 0: not a picture
};

// A named tensor of a network: "main.0.weight". Weights are KRSC, vectors 1x1x1xc.
struct Parameter {
  std::string name;
  Tensor value;
  TorchLayout layout;
};

// What a network costs on one input, from shapes alone.
struct Cost {
  std::int64_t macs = 0;            // multiply-adds of one forward pass
  std::int64_t saved_elements = 0;  // kept for the backward pass
};

// While it lives, this thread's new modules have shapes but no memory: enough for plan(), parameters() and
// their counts.
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
  // The shape of the result for an input of shape x, adding to `cost`. Throws as the ops would.
  virtual Shape plan(const Shape& x, Cost& cost) const = 0;

  // In order of definition, names dotted.
  std::vector<Parameter> parameters() const;
  std::vector<Parameter> buffers() const;  // running statistics: saved, not trained
  std::int64_t parameter_count() const;
  // Calls f for this module and for all within it.
  void apply(const std::function<void(Module&)>& f);
  // Batch norm and dropout behave differently in training (the default) and at inference.
  void set_training(bool on);
  // For a network as a whole: activations, and what its linear maps multiply, are of this dtype from now on, whatever the
  // parameters are of. What comes in is converted, and what is made of it is converted back.
  void set_activations(DType dtype) { activations_ = dtype; }
  // Whether, in training, what a sample becomes depends on the others of its batch: batch norm.
  virtual bool uses_batch_statistics() const;

  // The name in traces and error messages. A network's is given by the model that it belongs to ("g_ab").
  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }

 protected:
  virtual Tensor forward(const Tensor& x) = 0;
  Tensor add_parameter(const std::string& name, const Shape& shape, DType dtype, const Device& device,
                       const TorchLayout& layout);
  Tensor add_buffer(const std::string& name, const Shape& shape, double value, DType dtype,
                    const Device& device, const TorchLayout& layout = {});
  template <class M>
  M& add_child(std::unique_ptr<M> child) {
    M& reference = *child;
    children_.push_back(std::move(child));
    return reference;
  }
  const std::vector<std::unique_ptr<Module>>& children() const { return children_; }
  // f(x), with x converted and the result converted back as set_activations() says.
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

// A module with a norm over the batch, which a network can set in two ways for all of its norms.
class BatchNormed : public Module {
 public:
  using Module::Module;
  void set_reference(std::int64_t count) { reference_ = count; }
  void use_batch_stats_in_eval() { batch_stats_in_eval_ = true; }

 protected:
  // gamma norm(x) + beta: each sample is normalized by the mean and variance of the reference batch and itself together, the
  // reference by its own.
  Tensor virtual_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, double eps) const;
  // Whether running statistics are to be ignored now.
  bool uses_own_statistics() const { return !training() && batch_stats_in_eval_; }

 private:
  std::int64_t reference_ = 0;
  bool batch_stats_in_eval_ = false;
};
// Virtual batch norm (Salimans 2016): from now on the first `count` samples of each input are the reference batch, whose statistics
// normalize the others. Error at the first pass without one.
void set_reference(Module& network, std::int64_t count);
// Batch norm at inference goes by the statistics of its input, not by its running ones, which stay as they are.
void use_batch_stats_in_eval(Module& network);

// One layer: the block op with its parameters.
struct LayerSpec {
  enum class Norm : std::uint8_t { none, batch, instance, layer, virtual_batch };
  BlockOptions::Linear linear = BlockOptions::Linear::conv;
  std::int64_t in = 0, out = 0;  // channels or features
  int kernel = 1, stride = 1, pad = 0, output_padding = 0;
  int pad_end = -1;  // at the bottom and on the right, where that is not `pad`
  int groups = 1;    // of a convolution; `in` = `out` of them: depthwise
  bool bias = true;
  // The weight is divided by its largest singular value, after one step of power iteration for each pass in training
  // (Miyato 2018). Parameter and buffers have torch.nn.utils.spectral_norm's names: weight_orig, weight_u, weight_v.
  bool spectral = false;
  Norm norm = Norm::none;  // all but instance norm have gamma and beta
  double norm_eps = 1e-5;
  double norm_keep = 0.9;  // of the running statistics; PyTorch's momentum is 1 - norm_keep
  Unary act = Unary::identity;
  double alpha = 0;                                 // leaky_relu's slope
  PadGeom next_pad;                                 // of the result, for the next layer's convolution
  std::string name, norm_name;                      // "main.0" and "main.1"
  Shape flat_in{1, 1, 1, 0}, flat_out{1, 1, 1, 0};  // see TorchLayout
};

class Layer final : public BatchNormed {
 public:
  Layer(const LayerSpec& spec, DType dtype, const Device& device);
  Shape plan(const Shape& x, Cost& cost) const override;
  bool uses_batch_statistics() const override { return spec_.norm == LayerSpec::Norm::batch; }
  const LayerSpec& spec() const { return spec_; }
  using Module::operator();
  // With `residual` [as the result before next_pad] added behind the activation.
  Tensor operator()(const Tensor& x, const Tensor& residual);

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  Shape weight_shape() const;
  // `flat`: the picture or filter that the vector runs through (TorchLayout).
  Tensor add_singular_vector(const char* suffix, std::int64_t size, const Shape& flat = {1, 1, 1, 0});
  Tensor apply(const Tensor& x, const Tensor& residual);
  LayerSpec spec_;
  BlockOptions options_;
  BlockParams params_;
  RunningStats running_;
  Tensor u_, v_;  // of the spectral norm
};

// A batch norm by itself, where it does not follow a linear map directly: act(gamma norm(x) + beta). Elsewhere it is a part
// of its Layer.
class BatchNorm final : public BatchNormed {
 public:
  struct Spec {
    std::string name;  // "main.2"
    std::int64_t channels = 0;
    double eps = 1e-5, keep = 0.9;  // as a Layer's norm_eps and norm_keep
    Unary act = Unary::identity;
    double alpha = 0;         // leaky_relu's slope
    Shape flat{1, 1, 1, 0};   // the picture, where the channels are one flattened: see TorchLayout
    bool is_virtual = false;  // virtual batch norm: no running statistics
  };
  BatchNorm(const Spec& spec, DType dtype, const Device& device);
  Shape plan(const Shape& x, Cost& cost) const override;
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
  Shape plan(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  Shape to_;
};

// A border around h and w.
class Pad final : public Module {
 public:
  explicit Pad(const PadGeom& geom) : Module("pad"), geom_(geom) {}
  Shape plan(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  PadGeom geom_;
};

// Twice the height and width, and a border for the next layer's convolution.
class Upsample final : public Module {
 public:
  explicit Upsample(ResizeMode mode, const PadGeom& next_pad = {})
      : Module("upsample"), mode_(mode), next_pad_(next_pad) {}
  Shape plan(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  ResizeMode mode_;  // bilinear: half-pixel centers
  PadGeom next_pad_;
};

// How close each sample is to the others of its batch, appended to its features, so that a discriminator sees a generator
// that draws one picture only (Salimans 2016, section 3.2): x [n,h,w,c] -> [n,h,w,c+kernels], the same at every place.
// With M = f T of `kernels` rows of `dims` numbers a sample, where f [n,c] is x's mean over h and w, feature b of sample i
// is the sum over the other samples j of exp(-|M_ib - M_jb|_1).
class MinibatchDiscrimination final : public Module {
 public:
  MinibatchDiscrimination(std::int64_t channels, int kernels, int dims, DType dtype, const Device& device);
  Shape plan(const Shape& x, Cost& cost) const override;
  bool uses_batch_statistics() const override { return true; }

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  std::int64_t channels_, kernels_, dims_;
  Tensor t_;
};

// Zeroes each element with probability p while training. To train, it needs a stream of random numbers.
class Dropout final : public Module {
 public:
  explicit Dropout(double p) : Module("dropout"), p_(p) {}
  void set_stream(RandomStream& stream) { stream_ = &stream; }
  Shape plan(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;

 private:
  double p_;
  RandomStream* stream_ = nullptr;
};

// Gives every Dropout of a network the stream, which must outlive it.
void set_dropout_stream(Module& network, RandomStream& stream);

// One module after the other.
class Sequential final : public Module {
 public:
  using Module::Module;
  Sequential& add(const LayerSpec& spec, DType dtype, const Device& device);
  Sequential& add(std::unique_ptr<Module> module);
  std::size_t size() const { return children().size(); }
  // Modules [first, last) alone.
  Tensor run(const Tensor& x, std::size_t first, std::size_t last);
  Shape plan(const Shape& x, Cost& cost) const override;

 protected:
  Tensor forward(const Tensor& x) override;
};

// Weight initialization. Every parameter is written: weights by the rule, biases and betas 0, norm gammas
// N(1, gain) for normal and 1 else.
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
