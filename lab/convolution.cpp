// One convolution: y = conv(x, w), and from the gradient dy of any loss the gradients dx and dw.
#include <memory>

#include "engine/error.h"
#include "engine/ops.h"
#include "lab/session.h"

namespace sumi::lab {
namespace {

constexpr double kMostStride = 4, kMostPad = 4, kMostDilation = 4;

class Convolution final : public Session {
 public:
  void set(const std::string& key, const std::string& value) override {
    if (key == "stride")
      options_.stride = static_cast<int>(number_in(key, value, 1, kMostStride));
    else if (key == "dilation")
      options_.dilation = static_cast<int>(number_in(key, value, 1, kMostDilation));
    else if (key == "pad")
      options_.pad_top = options_.pad_bottom = options_.pad_left = options_.pad_right =
          static_cast<int>(number_in(key, value, 0, kMostPad));
    else
      fail_unknown("setting", key);
  }

  // x [n,h,w,c], w [k,r,s,c], dy of y's shape; without dy its elements are 1.
  void put(const std::string& name, const Tensor& values) override {
    if (name != "x" && name != "w" && name != "dy") fail_unknown("tensor", name);
    (name == "x" ? x_ : name == "w" ? w_ : dy_) = values;
  }

  // "run": the forward pass and the backward pass.
  int run(const std::string& action) override {
    if (action != "run") fail_unknown("action", action);
    if (!x_ || !w_) fail("convolution", "needs x and w");
    Tape tape;
    const Tensor x = x_.clone(), w = w_.clone();
    x.set_requires_grad(true);
    w.set_requires_grad(true);
    const Tensor y = conv2d(x, w, {}, options_);
    if (dy_ && !(dy_.shape() == y.shape())) dy_ = {};  // of another geometry
    const Tensor dy = dy_ ? dy_ : Tensor::full(y.shape(), 1, y.dtype(), y.device());
    tape.backward(y, 0, dy);
    y_ = y.detach();
    used_ = dy;
    dx_ = x.grad();
    dw_ = w.grad();
    return 0;
  }

  Tensor get(const std::string& name) override {
    const Tensor found = name == "y"    ? y_
                         : name == "dy" ? used_
                         : name == "dx" ? dx_
                         : name == "dw" ? dw_
                                        : Tensor{};
    if (!found) fail_unknown("result", name);
    return found;
  }

 private:
  ConvOptions options_;
  Tensor x_, w_, dy_, y_, used_, dx_, dw_;
};

}  // namespace

std::unique_ptr<Session> open_convolution() {
  return std::make_unique<Convolution>();
}

}  // namespace sumi::lab
