// The pool returns its input while it fills, then half of the time an older image; it survives a
// checkpoint.
#include <doctest/doctest.h>

#include "models/objectives/image_pool.h"
#include "tests/models/images.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::TempDir;

namespace {

Tensor picture(double value) {
  return Tensor::full({1, 2, 2, 1}, value, DType::f32, Device{});
}
double value_of(const Tensor& t) {
  return t.to_vector<double>()[0];
}

}  // namespace

TEST_CASE("pool: fills, then exchanges every other image") {
  ImagePool pool(5, 7, 3);
  for (int i = 0; i < 5; ++i) CHECK(value_of(pool.query(picture(i))) == i);
  int older = 0, youngest_kept = 0;
  for (int i = 5; i < 1005; ++i) {
    const double got = value_of(pool.query(picture(i)));
    CHECK(got <= i);
    older += got != i;
    youngest_kept += got >= 5 && got != i;
  }
  CHECK(older > 430);
  CHECK(older < 570);
  CHECK(youngest_kept > 400);  // stored images are replaced, too
}

TEST_CASE("pool: size 0 returns its input; a batch is treated image by image") {
  ImagePool none(0, 7, 3), pool(3, 7, 3);
  CHECK(value_of(none.query(picture(4))) == 4);
  CHECK(none.position() == 0);
  const Tensor batch = Tensor::from(std::vector<float>{1, 2, 3, 4}, {4, 1, 1, 1}, DType::f32, Device{});
  const auto got = pool.query(batch).to_vector<double>();
  CHECK(got.size() == 4);
  for (int i = 0; i < 3; ++i) CHECK(got[static_cast<std::size_t>(i)] == i + 1);
}

TEST_CASE("pool: images of different sizes are returned whole, also from a checkpoint") {
  const TempDir folder;
  ImagePool pool(4, 9, 3), copy(4, 9, 3);
  const auto sized = [](int i) {
    return Tensor::full({1, 1 + i % 3, 1 + i % 5, 2}, i, DType::f32, Device{});
  };
  const auto check = [&](const Tensor& got) {
    const double i = value_of(got);
    CHECK(got.shape() == sized(static_cast<int>(i)).shape());
    CHECK(got.to_vector<double>() == std::vector<double>(static_cast<std::size_t>(got.count()), i));
    return i;
  };
  for (int i = 0; i < 60; ++i) check(pool.query(sized(i)));
  CheckpointWriter writer;
  pool.save(writer, "pool.a");
  writer.write(folder.path / "pool", {"full", "cyclegan", "{}", "{}"});
  copy.load(CheckpointFile(folder.path / "pool"), "pool.a", 2, DType::f32, Device{});
  copy.set_position(pool.position());
  for (int i = 60; i < 90; ++i) CHECK(check(pool.query(sized(i))) == check(copy.query(sized(i))));
}

TEST_CASE("pool: continues unchanged after a checkpoint") {
  const TempDir folder;
  ImagePool pool(4, 9, 3), copy(4, 9, 3);
  for (int i = 0; i < 30; ++i) pool.query(picture(i));
  CheckpointWriter writer;
  pool.save(writer, "pool.a");
  writer.write(folder.path / "pool", {"full", "cyclegan", "{}", "{}"});
  copy.load(CheckpointFile(folder.path / "pool"), "pool.a", 1, DType::f32, Device{});
  copy.set_position(pool.position());
  for (int i = 30; i < 60; ++i) CHECK(value_of(pool.query(picture(i))) == value_of(copy.query(picture(i))));
}
