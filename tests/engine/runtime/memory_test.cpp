// The caching allocator, and tensors as handles on its blocks.
#include "tests/engine/gradcheck.h"

namespace sumi {
namespace {

Pool& pool() {
  return Pool::of(gradcheck::tested);
}

TEST_CASE("memory: a freed block is handed out again, without asking the system") {
  pool().trim();
  const PoolStats before = pool().stats();
  Storage a = pool().allocate(10000);
  const void* place = a->data();
  CHECK(reinterpret_cast<std::uintptr_t>(place) % 64 == 0);
  CHECK(a->bytes() >= 10000);
  CHECK(a->bytes() <= 11250);
  CHECK(pool().stats().in_use == before.in_use + a->bytes());
  CHECK(pool().stats().allocations == before.allocations + 1);
  const std::size_t bytes = a->bytes();
  a.reset();
  CHECK(pool().stats().in_use == before.in_use);
  CHECK(pool().stats().held == before.held + bytes);
  const Storage b = pool().allocate(bytes - 5);  // the same size class
  CHECK(b->data() == place);
  CHECK(pool().stats().allocations == before.allocations + 1);
}

TEST_CASE("memory: peak and trim") {
  pool().trim();
  pool().reset_peak();
  const PoolStats before = pool().stats();
  CHECK(before.peak_in_use == before.in_use);
  const Storage keep = pool().allocate(1 << 20);
  {
    const Storage a = pool().allocate(1 << 20), b = pool().allocate(1 << 21);
    CHECK(pool().stats().in_use == before.in_use + (1 << 22));
  }
  CHECK(pool().stats().in_use == before.in_use + (1 << 20));
  CHECK(pool().stats().peak_in_use == before.in_use + (1 << 22));
  CHECK(pool().stats().held == before.held + (1 << 22));
  pool().trim();
  CHECK(pool().stats().held == before.held + (1 << 20));
  pool().reset_peak();
  CHECK(pool().stats().peak_in_use == before.in_use + (1 << 20));
}

#ifndef __SANITIZE_ADDRESS__  // its allocator ends the program instead
TEST_CASE("memory: out of memory says what was asked and what to lower") {
  const std::size_t in_use = pool().stats().in_use;
  const std::string text = gradcheck::error_of([] { pool().allocate(std::size_t{1} << 46); });
  CHECK(text.starts_with("[memory] out of memory"));
  CHECK(text.find(": asked for 67108864.0 MiB with ") != std::string::npos);
  CHECK(text.find("lower --batch-size") != std::string::npos);
  CHECK(pool().stats().in_use == in_use);
}
#endif

TEST_CASE("memory: tensors are handles; slices share the storage; clone does not") {
  const Tensor t =
      Tensor::from(std::vector<double>{1, 2, 3, 4, 5, 6}, {3, 1, 1, 2}, DType::f32, gradcheck::tested);
  const Tensor row = t.batch_slice(1, 2), flat = t.view_as({1, 1, 1, 6}), copy = t.clone();
  CHECK(row.to_vector<float>() == std::vector<float>{3, 4, 5, 6});
  CHECK(t.flat_slice(1, {1, 1, 1, 3}).to_vector<float>() == std::vector<float>{2, 3, 4});
  row.assign(std::vector<double>{7, 8, 9, 10});
  CHECK(flat.to_vector<double>() == std::vector<double>{1, 2, 7, 8, 9, 10});
  CHECK(copy.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(copy.is_unique());
  CHECK_FALSE(t.is_unique());
  const Tensor second = copy;
  CHECK_FALSE(copy.is_unique());
  const Tensor f64 = Tensor::empty(t.shape(), DType::f64, gradcheck::ref);
  f64.assign(t);  // across devices and types
  CHECK(f64.to_vector<double>() == t.to_vector<double>());
  const Tensor half =
      Tensor::from(std::vector<float>{1.0F, 1.00390625F}, {1, 1, 1, 2}, DType::bf16, gradcheck::tested);
  CHECK(half.to_vector<float>() == std::vector<float>{1, 1});  // to nearest even
  CHECK(gradcheck::error_of([] {
          Tensor::from(std::vector<float>{1}, {1, 1, 1, 2}, DType::f32, gradcheck::tested);
        }) == "[tensor] 1 values do not fill 1x1x1x2");
  CHECK(gradcheck::error_of([] {
          Tensor::empty({1, -1, 1, 2}, DType::f32, gradcheck::tested);
        }) == "[tensor] negative size in 1x-1x1x2");
}

#ifndef NDEBUG
TEST_CASE("memory: fresh blocks are NaN in builds without NDEBUG") {
  for (const DType t : {DType::f32, DType::bf16, DType::f64})
    for (const double v : Tensor::empty({1, 1, 1, 5}, t, gradcheck::ref).to_vector<double>())
      CHECK(std::isnan(v));
}
#endif

}  // namespace
}  // namespace sumi
