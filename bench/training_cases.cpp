// Memory-bound kernels of a training step: optimizers, pools, random numbers, 8-bit images, scalar
// uploads.
#include "bench/memory_bound_cases.h"
#include "kernels/image_u8.h"
#include "kernels/optim.h"
#include "kernels/random.h"
#include "kernels/replay_buffer.h"
#include "kernels/spectral_norm.h"
#include "kernels/upload_scalars.h"

namespace sumi::bench {
namespace {

using kernels::Optimizer;
using R = Arg::Role;

Arg bytes(const Shape& shape, R role) {
  return {.shape = shape, .role = role, .type = Arg::Type::bytes};
}

}  // namespace

void add_training(Entries& to) {
  for (const Optimizer rule : {Optimizer::adam, Optimizer::adamw, Optimizer::rmsprop})
    to.push_back({kernels::name_of(rule), "", [rule](const Shape& s) {
                    BenchCase w{.args = {{s, R::in_out}, {s}, {s, R::in_out, kPositive}}, .f32_only = true};
                    const bool has_m = rule != Optimizer::rmsprop;
                    if (has_m) w.args.push_back({s, R::in_out});
                    w.run = [rule, has_m](const Exec& e, const Views& v) {
                      kernels::optimizer_step(e, {.rule = rule}, v[0], v[1], has_m ? v[3] : MutView{}, v[2],
                                              {}, {});
                    };
                    return w;
                  }});
  to.push_back({"ema", "", [](const Shape& s) {
                  BenchCase w{.args = {{s}, {s, R::in_out}}, .f32_only = true};
                  w.run = [](const Exec& e, const Views& v) {
                    kernels::ema_update(e, 0.999, nullptr, v[0], v[1]);
                  };
                  return w;
                }});
  to.push_back(
      {"spectral_norm", "",
       [](const Shape& s) {
         const Shape rest = Shape::vector(s.h * s.w * s.c);
         BenchCase w{
             .args = {{s}, {Shape::vector(s.n), R::in_out}, {rest, R::in_out}, {Shape::scalar(), R::out}}};
         // two products, each reading the whole matrix
         w.numbers = 2 * static_cast<double>(s.count());
         w.run = [](const Exec& e, const Views& v) {
           kernels::spectral_norm(e, v[0], true, 1e-12, v[1], v[2], v[3]);
         };
         return w;
       },
       "4096x4x4x512"});
  to.push_back({"clip_scale", "",
                [](const Shape& s) {
                  BenchCase w{.args = {{Shape::vector(s.c), R::in, Arg::Fill::positive},
                                       {Shape::scalar(), R::out},
                                       {Shape::scalar(), R::out}},
                              .f32_only = true};
                  w.run = [](const Exec& e, const Views& v) { kernels::clip_scale(e, v[0], 1, v[1], v[2]); };
                  return w;
                },
                "1x1x1x4"});
  to.push_back({"pool_exchange", "", [](const Shape& s) {
                  const std::int64_t room = s.h * s.w * s.c;
                  const Shape image{1, s.h, s.w, s.c};
                  BenchCase w{.args = {{image}, {{2, 1, 1, room}, R::in_out}, {image, R::out}}};
                  w.numbers = 4 * static_cast<double>(room);
                  w.run = [](const Exec& e, const Views& v) {
                    kernels::pool_exchange(e, {kernels::ReplayBufferOp::swap, 1}, nullptr, v[0], v[1], v[2]);
                  };
                  return w;
                }});
}

void add_random(Entries& to) {
  using Draw = void (*)(const Exec&, MutView);
  const std::pair<const char*, Draw> draws[] = {{"uniform",
                                                 [](const Exec& e, MutView y) {
                                                   kernels::uniform(e, {7, 1, 0}, -1, 1, y);
                                                 }},
                                                {"normal",
                                                 [](const Exec& e, MutView y) {
                                                   kernels::normal(e, {7, 1, 0}, 0, 1, y);
                                                 }},
                                                {"bernoulli", [](const Exec& e, MutView y) {
                                                   kernels::bernoulli(e, {7, 1, 0}, 0.5, 2, y);
                                                 }}};
  for (const auto& [name, draw] : draws)
    to.push_back({name, "", [draw = draw](const Shape& s) {
                    BenchCase w{.args = {{s, R::out}}};
                    w.run = [draw](const Exec& e, const Views& v) { draw(e, v[0]); };
                    return w;
                  }});
}

void add_host(Entries& to) {
  // Images an eighth larger than the sample, as for random crops.
  to.push_back({"u8_to_float", "",
                [](const Shape& s) {
                  BenchCase w{.args = {bytes({s.n, s.h + s.h / 8, s.w + s.w / 8, s.c}, R::in), {s, R::out}}};
                  w.run = [](const Exec& e, const Views& v) {
                    kernels::u8_to_float(
                        e, {static_cast<const std::uint8_t*>(v[0].data), v[0].shape, v[0].device}, {}, v[1]);
                  };
                  return w;
                },
                "64x256x256x3"});
  to.push_back(
      {"float_to_u8", "",
       [](const Shape& s) {
         BenchCase w{.args = {{s}, bytes(s, R::out)}};
         w.run = [](const Exec& e, const Views& v) {
           kernels::float_to_u8(e, v[0], {static_cast<std::uint8_t*>(v[1].data), v[1].shape, v[1].device});
         };
         return w;
       },
       "64x256x256x3"});
  to.push_back({"upload_scalars", "",
                [](const Shape& s) {
                  const auto words = std::make_shared<std::vector<std::uint64_t>>();
                  for (std::int64_t i = 0; i < s.count(); ++i)
                    words->push_back(0x9E3779B97F4A7C15ULL * static_cast<std::uint64_t>(i + 1));
                  BenchCase w{.args = {bytes(Shape::vector(8 * s.count()), R::out)}};
                  w.run = [words](const Exec& e, const Views& v) {
                    kernels::upload_scalars(e, words->data(), words->size(),
                                            static_cast<std::uint64_t*>(v[0].data));
                  };
                  return w;
                },
                "1x1x1x16"});
}

}  // namespace sumi::bench
