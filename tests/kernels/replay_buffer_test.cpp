// The exchange with a history of images, and scalars carried by a launch.
#include "kernels/replay_buffer.h"

#include <doctest/doctest.h>

#include <array>

#include "kernels/upload_scalars.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using namespace sumi::kernels;

const Shape kImage{1, 3, 5, 3}, kHistory{3, 1, 1, 50};

// Outputs the history and y.
Job exchange_job(const ReplayBufferOp& move) {
  return {"pool_exchange",
          {{kImage, reals(45, 1)}},
          {kHistory, kImage},
          [move](const Exec& e, const Ins& in, Outs& out, Write) {
            pool_exchange(e, move, nullptr, in[0], out[0], out[1]);
          },
          false,
          {reals(150, 2), reals(45, 3)}};
}

}  // namespace

TEST_CASE("pool_exchange: passes, keeps and swaps") {
  for (DType dtype : {DType::f32, DType::bf16})
    for (Device device : every_device())
      for (std::int64_t action : {ReplayBufferOp::pass, ReplayBufferOp::keep, ReplayBufferOp::swap}) {
        const auto x = rounded(reals(45, 1), dtype), before = rounded(reals(150, 2), dtype);
        const Result got = run(exchange_job({action, 1}), device, dtype);
        auto history = before, y = x;
        for (std::size_t i = 0; i < 45; ++i) {
          if (action == ReplayBufferOp::swap) y[i] = before[50 + i];
          if (action != ReplayBufferOp::pass) history[50 + i] = x[i];
        }
        expect_close("history", got.values[0], history, exactly);
        expect_close("y", got.values[1], y, exactly);
      }
}

TEST_CASE("pool_exchange: an image of another size comes back whole") {
  for (Device device : every_device()) {
    Bench b(device);
    Buffer small(Shape::vector(2), DType::f32, device, {5, 6}), large(Shape::vector(3), DType::f32, device);
    Buffer history({1, 1, 1, 4}, DType::f32, device, {1, 2, 3, 4});
    pool_exchange(b.exec, {ReplayBufferOp::swap, 0}, nullptr, small, history, large);
    expect_close("y", large.get(), {1, 2, 3}, exactly);
    expect_close("history", history.get(), {5, 6, 3, 4}, exactly);
    pool_exchange(b.exec, {ReplayBufferOp::swap, 0}, nullptr, large, history, small);
    expect_close("y", small.get(), {5, 6}, exactly);
    expect_close("history", history.get(), {1, 2, 3, 4}, exactly);
  }
}

TEST_CASE("pool_exchange: the move may stand on the device, put there by upload_scalars") {
  for (Device device : every_device()) {
    Bench b(device);
    // Two words wide: the place of a ReplayBufferOp. f64 only names the size.
    Buffer deferred(Shape::vector(2), DType::f64, device);
    auto* words = static_cast<std::uint64_t*>(deferred.mutable_view().data);
    Buffer x(Shape::vector(2), DType::f32, device, {5, 6}), y(Shape::vector(2), DType::f32, device);
    Buffer history({2, 1, 1, 2}, DType::f32, device, {1, 2, 3, 4});
    std::array<std::uint64_t, 2> move{ReplayBufferOp::swap, 1};
    upload_scalars(b.exec, move.data(), 2, words);
    move = {ReplayBufferOp::keep, 0};  // what was carried is not changed by this
    pool_exchange(b.exec, {}, static_cast<const ReplayBufferOp*>(deferred.mutable_view().data), x, history,
                  y);
    expect_close("y", y.get(), {3, 4}, exactly);
    expect_close("history", history.get(), {1, 2, 5, 6}, exactly);
  }
}

TEST_CASE("upload_scalars: more than one launch carries") {
  for (Device device : every_device()) {
    Bench b(device);
    Buffer to(Shape::vector(200), DType::f64, device);
    std::vector<std::uint64_t> words(200);
    std::vector<double> want(200);
    for (std::size_t i = 0; i < 200; ++i) words[i] = std::bit_cast<std::uint64_t>(want[i] = 0.5 + double(i));
    upload_scalars(b.exec, words.data(), 200, static_cast<std::uint64_t*>(to.mutable_view().data));
    expect_close("words", to.get(), want, exactly);
    CHECK(to.overrun().empty());
  }
}

TEST_CASE("pool_exchange: a place or a size that does not fit is refused") {
  Bench b(cpu);
  Buffer x(Shape::vector(3), DType::f32, cpu, {1, 2, 3}), y(Shape::vector(3), DType::f32, cpu);
  Buffer history({2, 1, 1, 2}, DType::f32, cpu, {1, 2, 3, 4}), wide({2, 1, 1, 4}, DType::f32, cpu);
  CHECK_THROWS_WITH_AS(pool_exchange(b.exec, {}, nullptr, x, history, y), doctest::Contains("1x1x1x3"),
                       Error);
  CHECK_THROWS_WITH_AS(pool_exchange(b.exec, {ReplayBufferOp::keep, 2}, nullptr, x, wide, y),
                       doctest::Contains("place 2"), Error);
}

}  // namespace sumi::test
