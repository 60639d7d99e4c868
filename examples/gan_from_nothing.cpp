// Lesson 0 (docs/learn/0-from-nothing.md): a GAN from an empty file, in six steps. The file compiles and runs
// after each of them: `example_gan_from_nothing N` runs step N. Steps 1 to 5 use the standard library alone.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

std::mt19937 dice(3);
float normal() {
  static std::normal_distribution<float> bell;
  return bell(dice);
}

// ---- Step 1: a number. The loss (w - 3)^2 has the slope 2 (w - 3); a small step against the slope lowers it.
bool step_1() {
  double w = 0;
  for (int i = 0; i < 20; ++i) w -= 0.2 * (2 * (w - 3));
  std::printf("w = %.4f\n", w);
  return std::abs(w - 3) < 1e-3;
}

// ---- Step 2: a tensor. Rows of numbers; a row is one sample. `grad` and `back` wait for step 3.
struct Node {
  int rows, cols;
  std::vector<float> value, grad;
  std::function<void()> back;
};
using Tensor = std::shared_ptr<Node>;
std::vector<Tensor> tape;  // every result, in the order of computation

Tensor leaf(int rows, int cols) {
  const std::size_t count = static_cast<std::size_t>(rows * cols);
  return std::make_shared<Node>(Node{rows, cols, std::vector<float>(count), std::vector<float>(count), {}});
}
Tensor result(int rows, int cols) {
  tape.push_back(leaf(rows, cols));
  return tape.back();
}
Tensor random_tensor(int rows, int cols, float scale) {
  Tensor t = leaf(rows, cols);
  for (float& v : t->value) v = scale * normal();
  return t;
}
// y = a b: the product of matrices. `add` accumulates rows times columns with any of the two transposed.
void add(const float* a, int a_row, int a_step, const float* b, int b_row, int b_col, float* y, int n, int k,
         int m) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < k; ++j)
      for (int c = 0; c < m; ++c) y[i * m + c] += a[i * a_row + j * a_step] * b[j * b_row + c * b_col];
}
Tensor matmul(const Tensor& a, const Tensor& b) {
  const int n = a->rows, k = a->cols, m = b->cols;
  Tensor y = result(n, m);
  add(a->value.data(), k, 1, b->value.data(), m, 1, y->value.data(), n, k, m);
  y->back = [a, b, y = y.get(), n, k, m] {  // step 3: da = dy b^T, db = a^T dy
    add(y->grad.data(), m, 1, b->value.data(), 1, m, a->grad.data(), n, m, k);
    add(a->value.data(), 1, k, y->grad.data(), m, 1, b->grad.data(), k, n, m);
  };
  return y;
}
bool step_2() {
  Tensor a = leaf(1, 2), b = leaf(2, 1);
  a->value = {1, 2}, b->value = {3, 4};
  std::printf("(1 2) (3 4)^T = %g\n", static_cast<double>(matmul(a, b)->value[0]));
  return tape.back()->value[0] == 11;
}

// ---- Step 3: a gradient. Each op leaves a recipe that turns dy into the gradients of its operands; backward()
// walks the tape from the end. Two more ops: the bias and kink of a layer, and the loss of a yes-or-no question.
Tensor bias_leaky(const Tensor& x, const Tensor& b, float slope) {
  Tensor y = result(x->rows, x->cols);
  for (std::size_t i = 0; i < y->value.size(); ++i) {
    const float v = x->value[i] + b->value[i % b->value.size()];
    y->value[i] = v > 0 ? v : slope * v;
  }
  y->back = [x, b, y = y.get(), slope] {
    for (std::size_t i = 0; i < y->value.size(); ++i) {
      const float d = y->grad[i] * (y->value[i] > 0 ? 1 : slope);
      x->grad[i] += d;
      b->grad[i % b->value.size()] += d;
    }
  };
  return y;
}
// The mean of -log p for answers a, p = sigmoid(a) where the truth is 1, and 1 - sigmoid(a) where it is 0.
Tensor yes_no_loss(const Tensor& a, float truth) {
  Tensor y = result(1, 1);
  const float n = static_cast<float>(a->rows);
  for (const float v : a->value)
    y->value[0] += (std::log1p(std::exp(-std::abs(v))) + std::max(v, 0.f) - truth * v) / n;
  y->back = [a, y = y.get(), truth, n] {
    for (std::size_t i = 0; i < a->value.size(); ++i)
      a->grad[i] += y->grad[0] * (1 / (1 + std::exp(-a->value[i])) - truth) / n;
  };
  return y;
}
void backward(const Tensor& loss) {
  loss->grad[0] = 1;
  for (auto node = tape.rbegin(); node != tape.rend(); ++node) (*node)->back();
  tape.clear();
}
bool step_3() {
  Tensor x = random_tensor(4, 3, 1), w = random_tensor(3, 1, 1), b = leaf(1, 1);
  const auto loss = [&] { return yes_no_loss(bias_leaky(matmul(x, w), b, 0.2f), 0); };
  backward(loss());
  const float by_tape = w->grad[0], before = loss()->value[0], h = 1e-2f;
  w->value[0] += h;
  const float by_trying = (loss()->value[0] - before) / h;
  std::printf("dL/dw by the tape %.4f, by trying %.4f\n", static_cast<double>(by_tape),
              static_cast<double>(by_trying));
  return std::abs(by_tape - by_trying) < 0.02f;
}

// ---- Step 4: a network. Layers of the ops above, and Adam, which moves every weight against its gradient.
struct Network {
  std::vector<Tensor> weights;  // matrix, bias, matrix, bias, ...
  std::vector<std::vector<float>> m, s;
  int steps = 0;
  explicit Network(const std::vector<int>& sizes) {
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
      weights.push_back(random_tensor(sizes[i], sizes[i + 1], std::sqrt(2 / static_cast<float>(sizes[i]))));
      weights.push_back(leaf(1, sizes[i + 1]));
    }
    for (const Tensor& w : weights) m.emplace_back(w->value.size()), s.emplace_back(w->value.size());
  }
  Tensor operator()(Tensor x) const {
    for (std::size_t i = 0; i < weights.size(); i += 2)
      x = bias_leaky(matmul(x, weights[i]), weights[i + 1], i + 2 < weights.size() ? 0.2f : 1);
    return x;
  }
  void forget() {
    for (const Tensor& w : weights) w->grad.assign(w->grad.size(), 0);
  }
  void update(float rate) {
    ++steps;
    const double one = 1 - std::pow(0.5, steps), two = 1 - std::pow(0.99, steps);
    for (std::size_t k = 0; k < weights.size(); ++k)
      for (std::size_t i = 0; i < m[k].size(); ++i) {
        const float g = weights[k]->grad[i];
        m[k][i] = 0.5f * m[k][i] + 0.5f * g;
        s[k][i] = 0.99f * s[k][i] + 0.01f * g * g;
        weights[k]->value[i] -= rate * static_cast<float>(m[k][i] / one / (std::sqrt(s[k][i] / two) + 1e-8));
      }
    forget();
  }
};
bool step_4() {  // inside or outside of the unit circle?
  Network net({2, 16, 1});
  Tensor in = leaf(64, 2), out = leaf(64, 2);
  for (int i = 0; i < 64; ++i) {
    const float t = 0.0981748f * static_cast<float>(i);
    for (int c = 0; c < 2; ++c) {
      const float side = c ? std::sin(t) : std::cos(t);
      in->value[static_cast<std::size_t>(2 * i + c)] = 0.7f * side;
      out->value[static_cast<std::size_t>(2 * i + c)] = 1.3f * side;
    }
  }
  float last = 0;
  for (int i = 0; i < 300; ++i) {
    const Tensor a = yes_no_loss(net(in), 1);
    backward(a);
    const Tensor b = yes_no_loss(net(out), 0);
    backward(b);
    net.update(0.02f);
    last = a->value[0] + b->value[0];
  }
  std::printf("loss %.4f (a guess costs 1.386)\n", static_cast<double>(last));
  return last < 0.2f;
}

// ---- Step 5: two networks against each other. G turns two random numbers into a point; D says whether a point
// is real, from a ring of radius 2. D learns from both kinds, G learns through D to be taken for real.
Tensor ring(int n) {
  Tensor points = leaf(n, 2);
  for (std::size_t i = 0; i < points->value.size(); i += 2) {
    const float x = normal(), y = normal(), r = (2 + 0.1f * normal()) / std::hypot(x, y);
    points->value[i] = r * x, points->value[i + 1] = r * y;
  }
  return points;
}
// The plane from -3 to 3 as PPM: D's opinion as gray, real points blue, generated points orange.
void draw(const char* path, const Network& d, const Tensor& real, const Tensor& fake) {
  const int side = 240;
  Tensor all = leaf(side * side, 2);
  for (int i = 0; i < side * side; ++i)
    for (int c = 0; c < 2; ++c)
      all->value[static_cast<std::size_t>(2 * i + c)] =
          static_cast<float>((c ? i / side : i % side) - 120) / 40;
  const Tensor opinion = d(all);
  std::vector<unsigned char> rgb;
  for (const float a : opinion->value)
    rgb.insert(rgb.end(), 3, static_cast<unsigned char>(90 + 150 / (1 + std::exp(-a))));
  const auto dots = [&](const Tensor& points, unsigned char r, unsigned char g, unsigned char b) {
    for (std::size_t i = 0; i < points->value.size(); i += 2) {
      const int x = static_cast<int>(points->value[i] * 40 + 120),
                y = static_cast<int>(points->value[i + 1] * 40 + 120);
      if (x < 1 || y < 1 || x > side - 2 || y > side - 2) continue;
      for (const int at : {0, 1, side, side + 1}) {
        unsigned char* const pixel = &rgb[static_cast<std::size_t>(3 * (y * side + x + at))];
        pixel[0] = r, pixel[1] = g, pixel[2] = b;
      }
    }
  };
  dots(real, 30, 90, 200), dots(fake, 240, 120, 20);
  if (std::FILE* file = std::fopen(path, "wb")) {
    std::fprintf(file, "P6 %d %d 255\n", side, side);
    std::fwrite(rgb.data(), 1, rgb.size(), file);
    std::fclose(file);
  }
  tape.clear();
}
bool step_5() {
  Network g({2, 32, 32, 2}), d({2, 32, 32, 1});
  const int batch = 64;
  for (int step = 0; step <= 2000; ++step) {
    const Tensor fake = g(random_tensor(batch, 2, 1)), shown = leaf(batch, 2);
    if (step == 0 || step == 200 || step == 2000)
      draw(("ring-" + std::to_string(step) + ".ppm").c_str(), d, ring(400), g(random_tensor(400, 2, 1)));
    shown->value = fake->value;  // D's lesson must not reach G
    const std::vector<Tensor> way = std::move(tape);
    tape.clear();
    backward(yes_no_loss(d(ring(batch)), 1));
    backward(yes_no_loss(d(shown), 0));
    d.update(2e-3f);
    tape = way;
    backward(yes_no_loss(d(fake), 1));  // through D into G
    g.update(1e-3f);
    d.forget();
  }
  const Tensor fake = g(random_tensor(400, 2, 1));
  int near = 0, sectors[8] = {};
  for (std::size_t i = 0; i < fake->value.size(); i += 2) {
    near += std::abs(std::hypot(fake->value[i], fake->value[i + 1]) - 2) < 0.4f;
    ++sectors[static_cast<int>((std::atan2(fake->value[i + 1], fake->value[i]) + 3.1416f) / 0.7855f) % 8];
  }
  const int least = *std::min_element(sectors, sectors + 8);
  std::printf("%d of 400 points near the ring; the emptiest eighth has %d\n", near, least);
  return near > 280 && least > 4;
}

// ---- Step 6: pictures. The same game on 16x16 gray heads, with sumi's tensors, tape and optimizer; layers are
// convolutions now (lessons 2 and 3). The file ends with 8 real heads above 24 generated ones.
#include <filesystem>

#include "engine/image/image.h"
#include "engine/image_batch_u8.h"
#include "engine/nn.h"
#include "engine/optim.h"

using sumi::Unary;
sumi::LayerSpec layer(const char* name, bool up, int in, int out, int stride, Unary act) {
  sumi::LayerSpec s;
  s.map = up ? sumi::BlockOptions::MapKind::conv_transpose : sumi::BlockOptions::MapKind::conv;
  s.in = in, s.out = out, s.kernel = 4, s.stride = stride, s.pad = stride - 1;
  if (in > 1 && out > 1) s.norm = sumi::LayerSpec::Norm::batch;
  s.act = act, s.alpha = 0.2, s.name = name, s.norm_name = std::string(name) + "n";
  return s;
}
sumi::Tensor heads_in(const char* folder) {  // [n,16,16,1] in [-1,1]
  std::vector<std::uint8_t> levels;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const sumi::Image8 head = sumi::square_image(sumi::load_image(file.path(), {.channels = 1}), 16);
    levels.insert(levels.end(), head.data.begin(), head.data.end());
  }
  const sumi::Shape shape{static_cast<std::int64_t>(levels.size() / 256), 16, 16, 1};
  return u8_to_float(sumi::ImageBatchU8::from(levels, shape, {}), {}, 16, 16, sumi::DType::f32);
}
std::vector<sumi::Image8> images_of(const sumi::Tensor& x) {
  const std::vector<std::uint8_t> levels = float_to_u8(x).to_vector();
  std::vector<sumi::Image8> images;
  for (auto at = levels.begin(); at != levels.end(); at += 256) {
    images.emplace_back(16, 16, 1);
    images.back().data.assign(at, at + 256);
  }
  return images;
}
bool step_6(const char* folder, int steps) {
  const sumi::Device cpu;
  sumi::Sequential g("g"), d("d");
  const auto add_to = [&](sumi::Sequential& net, const sumi::LayerSpec& s) {
    net.add(s, sumi::DType::f32, cpu);
  };
  add_to(g, layer("0", true, 32, 64, 1, Unary::relu));         // 32 numbers -> 4x4x64
  add_to(g, layer("1", true, 64, 32, 2, Unary::relu));         // 8x8x32
  add_to(g, layer("2", true, 32, 1, 2, Unary::tanh));          // 16x16
  add_to(d, layer("0", false, 1, 32, 2, Unary::leaky_relu));   // 8x8x32
  add_to(d, layer("1", false, 32, 64, 2, Unary::leaky_relu));  // 4x4x64
  add_to(d, layer("2", false, 64, 1, 1, Unary::identity));     // one answer
  sumi::RandomStream start(1, 0), noise(1, 1);
  initialize(g, {}, start), initialize(d, {}, start);
  sumi::ParamArena g_arena({{"g", &g}}), d_arena({{"d", &d}});
  sumi::Optimizer g_adam(g_arena, {}), d_adam(d_arena, {});
  const sumi::Tensor heads = heads_in(folder);
  const auto loss = [](const sumi::Tensor& a, double truth) {
    return loss_mean(sumi::Loss::bce_logits, a, truth);
  };
  const auto z = [&](std::int64_t n) { return noise.normal({n, 1, 1, 32}, sumi::DType::f32, cpu); };
  for (int step = 0; step < steps; ++step) {
    sumi::Tape recorded;
    const sumi::Tensor real = heads.batch_slice(step * 32 % (heads.shape().n - 31), 32), fake = g(z(32));
    const sumi::Tape::Mark mark = recorded.mark();
    d_arena.begin();
    recorded.backward(add(loss(d(real), 1), loss(d(fake.detach()), 0)), mark);
    d_adam.step(1e-3);
    g_arena.begin();
    const sumi::FreezeGuard frozen(d_arena);
    recorded.backward(loss(d(fake), 1));
    g_adam.step(1e-3);
  }
  const sumi::NoGrad no_grad;
  const sumi::Tensor drawn = g(z(24));
  std::vector<sumi::Image8> sheet = images_of(heads.batch_slice(0, 8));
  for (const sumi::Image8& image : images_of(drawn)) sheet.push_back(image);
  save_image("heads.png", sumi::make_sheet(sheet, 8));
  const double apart =
      mean(abs(sub(sum_to(drawn, {1, 16, 16, 1}, 1.0 / 24),
                   sum_to(heads, {1, 16, 16, 1}, 1.0 / static_cast<double>(heads.shape().n)))))
          .item();
  std::printf("the mean head is %.3f away from the real one\n", apart);
  return apart < 0.3;
}

int main(int count, char** words) {
  const auto runs = [&](int step) { return count < 2 || std::atoi(words[1]) == step; };
  bool right = true;
  if (runs(1)) right = step_1() && right;
  if (runs(2)) right = step_2() && right;
  if (runs(3)) right = step_3() && right;
  if (runs(4)) right = step_4() && right;
  if (runs(5)) right = step_5() && right;
  if (runs(6)) right = step_6("samples/characters/lorelei", count > 2 ? std::atoi(words[2]) : 150) && right;
  return right ? 0 : 1;
}
