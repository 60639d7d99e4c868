// The dense GAN with nothing but the engine: two networks, two optimizers, one loop. It learns to draw gray
// squares of 8 x 8 pixels, each with one bright row, and prints what it draws.
#include <cstdio>
#include <exception>
#include <vector>

#include "engine/nn.h"
#include "engine/optim.h"

using namespace sumi;

namespace {

LayerSpec dense_layer(const char* name, std::int64_t in, std::int64_t out, Unary act) {
  LayerSpec s;
  s.map = BlockOptions::MapKind::dense;
  s.in = in;
  s.out = out;
  s.act = act;
  s.alpha = 0.2;
  s.name = name;
  return s;
}

// Picture i of a batch: row `i mod 8` bright, the rest dark, as [n,1,1,64] in [-1,1].
Tensor bright_rows(std::int64_t n, const Device& cpu) {
  std::vector<float> values(static_cast<std::size_t>(n * 64), -1.0f);
  for (std::int64_t i = 0; i < n; ++i)
    for (int x = 0; x < 8; ++x) values[static_cast<std::size_t>(i * 64 + i % 8 * 8 + x)] = 1.0f;
  return Tensor::from(values, {n, 1, 1, 64}, DType::f32, cpu);
}

}  // namespace

int main() try {
  const Device cpu;
  const std::int64_t batch = 32, nz = 16;
  Sequential g("g"), d("d");
  g.add(dense_layer("0", nz, 64, Unary::leaky_relu), DType::f32, cpu);
  g.add(dense_layer("1", 64, 64, Unary::tanh), DType::f32, cpu);
  d.add(dense_layer("0", 64, 64, Unary::leaky_relu), DType::f32, cpu);
  d.add(dense_layer("1", 64, 1, Unary::identity), DType::f32, cpu);

  RandomStream init(1, 0), noise(1, 1);
  initialize(g, {"kaiming", 1}, init);
  initialize(d, {"kaiming", 1}, init);
  ParamArena g_arena({{"g", &g}}), d_arena({{"d", &d}});
  Optimizer g_adam(g_arena, {}), d_adam(d_arena, {});

  const Tensor real = bright_rows(batch, cpu);
  for (int step = 1; step <= 3000; ++step) {
    Tape tape;
    const Tensor fake = g(noise.normal({batch, 1, 1, nz}, DType::f32, cpu));
    const Tape::Mark mark = tape.mark();  // d's step stops here; g's goes on through
    d_arena.begin();
    const Tensor loss_d = add(loss_mean(Loss::bce_logits, d(real), 1.0),            // -log D(x)
                              loss_mean(Loss::bce_logits, d(fake.detach()), 0.0));  // -log(1 - D(G(z)))
    tape.backward(loss_d, mark);
    d_adam.step(1e-3);
    g_arena.begin();
    const FreezeGuard frozen(d_arena);
    const Tensor loss_g = loss_mean(Loss::bce_logits, d(fake), 1.0);  // -log D(G(z))
    tape.backward(loss_g);
    g_adam.step(1e-3);
    if (step % 500 == 0) std::printf("step %4d  L_D %.3f  L_G %.3f\n", step, loss_d.item(), loss_g.item());
  }

  const std::vector<float> drawn = g(noise.normal({4, 1, 1, nz}, DType::f32, cpu)).to_vector<float>();
  for (int y = 0; y < 8; ++y) {
    for (int picture = 0; picture < 4; ++picture) {
      for (int x = 0; x < 8; ++x)
        std::putchar(drawn[static_cast<std::size_t>(picture * 64 + y * 8 + x)] > 0 ? '#' : '.');
      std::printf("  ");
    }
    std::putchar('\n');
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
