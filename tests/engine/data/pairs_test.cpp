// Paired images: from two folders, side by side, or by degradation.
#include <algorithm>
#include <set>

#include "engine/image/photo.h"
#include "tests/engine/dataset_fixture.h"

namespace {

struct PairFixture : Fixture {
  PairFixture() : Fixture(0) {
    spec.preprocess = Preprocess::resize_and_crop;
    spec.load_size = 12;
    spec.crop_size = 8;
    spec.data = dir.path / "a";
    spec.partner = dir.path / "b";
    spec.pairs = Pairs::folders;
    spec.workers = 0;
  }
  // The partner is the negative. Folders a and b (in another format), and ab with both side by
  // side.
  void make(int count) {
    make_images(dir.path / "a", count, 12, 12);
    for (const char* folder : {"b", "ab"}) fs::create_directories(dir.path / folder);
    for (const auto& entry : fs::directory_iterator(dir.path / "a")) {
      const Image8 a = load_image(entry.path());
      Image8 b = a, both(24, 12, 3);
      for (std::uint8_t& v : b.data) v = static_cast<std::uint8_t>(255 - v);
      for (int y = 0; y < 12; ++y) {
        std::copy_n(a.at(0, y), 36, both.at(0, y));
        std::copy_n(b.at(0, y), 36, both.at(12, y));
      }
      save_image(dir.path / "b" / entry.path().stem().concat(".bmp"), b);
      save_image(dir.path / "ab" / entry.path().filename(), both);
    }
  }
};

std::vector<std::vector<Batch>> batches(const std::vector<Dataset>& data, const DatasetSpec& spec, int count,
                                        std::int64_t from = 0) {
  BatchLoader loader(data, spec);
  loader.seek(from);
  std::vector<std::vector<Batch>> all;
  for (int k = 0; k < count; ++k) all.push_back(loader.next());
  return all;
}

void check_equal(const std::vector<std::vector<Batch>>& got, const std::vector<std::vector<Batch>>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    REQUIRE(got[k].size() == 2);
    for (std::size_t side = 0; side < 2; ++side) {
      CHECK(got[k][side].items == want[k][side].items);
      CHECK(got[k][side].data == want[k][side].data);
    }
  }
}

}  // namespace

TEST_CASE("pairs: both sides get one crop and one mirror; folders and side-by-side images are the same") {
  PairFixture f;
  f.make(7);
  const Dataset folders = Dataset::open(f.spec);
  CHECK(folders.count() == 7);
  const auto want = batches({folders}, f.spec, 9);
  std::set<float> corners;
  for (const auto& pair : want) {
    REQUIRE(pair.size() == 2);
    CHECK(pair[0].items == pair[1].items);
    CHECK(pair[0].n == 3);
    CHECK((pair[1].h == 8 && pair[1].w == 8 && pair[1].c == 3));
    REQUIRE(pair[0].data.size() == 3 * 8 * 8 * 3);
    for (std::size_t i = 0; i < pair[0].data.size(); ++i)
      REQUIRE(pair[0].data[i] + pair[1].data[i] == doctest::Approx(0).epsilon(1e-6));
    corners.insert(pair[0].data[0]);
  }
  CHECK(corners.size() > 5);
  auto beside = f.spec;
  beside.pairs = Pairs::side_by_side;
  beside.data = f.dir.path / "ab";
  const Dataset joined = Dataset::open(beside);
  CHECK(joined.key() != folders.key());
  CHECK(pixels_of(joined) == pixels_of(folders));
  check_equal(batches({joined}, beside, 9), want);
  beside.from_b = true;
  auto turned = batches({joined}, beside, 9);
  for (auto& pair : turned) std::swap(pair[0], pair[1]);
  check_equal(turned, want);
  f.spec.workers = 3;
  check_equal(batches({folders}, f.spec, 9), want);
  CHECK(Dataset::open(f.spec).decoded() == 0);
}

TEST_CASE("pairs: images without a partner are named, and so are pairs that do not fit") {
  PairFixture f;
  f.make(4);
  fs::remove(f.dir.path / "b/p101.bmp");
  const auto missing = error_of([&] { Dataset::open(f.spec); });
  CHECK(has(missing, "[data " + (f.dir.path / "a").string() + "] has an image without a partner"));
  CHECK(has(missing, "p101.png"));
  fs::remove(f.dir.path / "a/p101.png");
  fs::copy(f.dir.path / "b/p100.bmp", f.dir.path / "b/extra.bmp");
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "extra.bmp"));
  fs::remove(f.dir.path / "b/extra.bmp");
  save_image(f.dir.path / "a/p100.bmp", Image8(12, 12, 3));
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "one name for pairs"));
  fs::remove(f.dir.path / "a/p100.bmp");
  // Broken on one side: both are skipped.
  put(f.dir.path / "b/p102.bmp", "no image");
  const Opened opened = open(f.spec);
  CHECK(opened.data.count() == 2);
  REQUIRE(opened.warnings.size() == 1);
  CHECK(has(opened.warnings[0], "p102.bmp"));
  // Without a common size, partners must have one.
  auto whole = f.spec;
  whole.preprocess = Preprocess::none;
  save_image(f.dir.path / "b/p102.bmp", Image8(20, 12, 3));
  const Opened odd = open(whole);
  CHECK(odd.data.count() == 2);
  CHECK(odd.data.width(0) == 24);
  REQUIRE(odd.warnings.size() == 1);
  CHECK(has(odd.warnings[0], "is 12x12 and its partner 20x12"));
  auto beside = f.spec;
  beside.pairs = Pairs::side_by_side;
  CHECK(has(error_of([&] { Dataset::open(beside); }), "is 12x12, not two squares side by side"));
  beside.data = f.dir.path / "a/p102.png";
  CHECK(has(error_of([&] { Dataset::open(beside); }), "pairs are taken from folders"));
}

TEST_CASE("pairs: damages are functions of seed and position, whatever the workers, and resume alike") {
  PairFixture f;
  f.make(7);
  f.spec.pairs = Pairs::made;
  f.spec.load_size = 40;
  f.spec.crop_size = 32;
  const Dataset data = Dataset::open(f.spec);
  std::vector<std::vector<Batch>> clean;
  for (const RestorationTask task :
       {RestorationTask::none, RestorationTask::inpaint, RestorationTask::restore, RestorationTask::superres,
        RestorationTask::denoise, RestorationTask::colorize}) {
    f.spec.degradation.task = task;
    f.spec.workers = 0;
    const auto want = batches({data}, f.spec, 6);
    if (task == RestorationTask::none) clean = want;
    int changed = 0;
    for (std::size_t k = 0; k < want.size(); ++k) {
      CHECK(want[k][1].data == clean[k][1].data);  // what is wanted
      changed += want[k][0].data != want[k][1].data;
    }
    CHECK(changed == (task == RestorationTask::none ? 0 : 6));
    f.spec.workers = 3;
    check_equal(batches({data}, f.spec, 6), want);
    check_equal(batches({data}, f.spec, 2, 4), {want[4], want[5]});
    // The image of a sample grid is degraded too, in the same way each time.
    const BatchLoader loader({data}, f.spec);
    CHECK(loader.middle(0, 2).data == loader.middle(0, 2).data);
    CHECK((loader.middle(0, 2).data == loader.middle(1, 2).data) == (task == RestorationTask::none));
  }
}

TEST_CASE("damaged: what each task does") {
  Image8 image(48, 40, 3);
  for (std::size_t i = 0; i < image.data.size(); ++i)
    image.data[i] = static_cast<std::uint8_t>(i * 7 % 199 + 20);
  const auto at = [&](const Degradation& degradation, std::uint64_t position) {
    return degrade(image, degradation, 3, 9, position);
  };
  for (std::uint64_t position = 0; position < 20; ++position) {
    const auto holes = at({.task = RestorationTask::inpaint}, position);
    CHECK(holes.image == image);
    REQUIRE(holes.hole.size() == 48 * 40);
    const auto lost = std::count(holes.hole.begin(), holes.hole.end(), true);
    CHECK(lost > 0);
    CHECK(lost < 48 * 40 * 9 / 10);
    CHECK(holes.hole == at({.task = RestorationTask::inpaint}, position).hole);
    CHECK(holes.hole != at({.task = RestorationTask::inpaint}, position + 1).hole);
  }
  // The noise has the requested standard deviation, and differs at every position.
  const Image8 middle(64, 64, 1, 128);
  for (const double noise : {5.0, 20.0}) {
    const Degradation degradation{.task = RestorationTask::denoise, .noise = noise};
    const Image8 noisy = degrade(middle, degradation, 1, 2, 0).image;
    double sum = 0, square = 0;
    for (const std::uint8_t v : noisy.data) sum += v - 128.0, square += (v - 128.0) * (v - 128.0);
    CHECK(std::abs(sum / 4096) < 4 * noise / 64);
    CHECK(std::sqrt(square / 4096) == doctest::Approx(noise).epsilon(0.05));
    CHECK(noisy.data != degrade(middle, degradation, 1, 2, 1).image.data);
    CHECK(noisy.data != degrade(middle, degradation, 2, 2, 0).image.data);
  }
  const Image8 gray = at({.task = RestorationTask::colorize}, 0).image;
  CHECK(gray.data[0] == std::lround(0.299 * image.data[0] + 0.587 * image.data[1] + 0.114 * image.data[2]));
  CHECK(gray.data[4] == gray.data[3]);
  CHECK(gray.data[5] == gray.data[3]);
  const Image8 small = at({.task = RestorationTask::superres, .factor = 4}, 0).image;
  CHECK(small == resize_image(resize_image(image, 12, 10), 48, 40));
  // restore: every kind of wear occurs, alone or with others, and few images stay unchanged.
  int untouched = 0;
  std::set<std::vector<std::uint8_t>> kinds;
  for (std::uint64_t position = 0; position < 40; ++position) {
    const Image8 old = at({.task = RestorationTask::restore}, position).image;
    untouched += old == image;
    kinds.insert(old.data);
  }
  CHECK(untouched < 4);
  CHECK(kinds.size() > 35);
  // One row, one column, one pixel.
  for (const auto& [w, h] : {std::pair{1, 30}, {30, 1}, {1, 1}})
    for (const RestorationTask task :
         {RestorationTask::inpaint, RestorationTask::restore, RestorationTask::superres,
          RestorationTask::denoise, RestorationTask::colorize})
      for (std::uint64_t position = 0; position < 10; ++position)
        CHECK(degrade(Image8(w, h, 3, 90), {.task = task, .factor = 8}, 1, 1, position).image.width == w);
  CHECK(has(error_of([] { task_named("paint"); }), "none, inpaint, restore, superres, denoise, colorize"));
  CHECK(task_named("superres") == RestorationTask::superres);
  CHECK(task_named("none") == RestorationTask::none);
}

namespace {

// 16x16 with levels that 8 bits cannot represent.
Photo deep_photo(std::size_t step) {
  Photo photo{16, 16, 16, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>(i * step));
  return photo;
}

std::uint16_t level_of(float v) {
  return static_cast<std::uint16_t>(std::lround((static_cast<double>(v) + 1) * 32767.5));
}

}  // namespace

TEST_CASE("pairs: sets of 16 bits keep every level, of one and of three channels, and are mapped again") {
  PairFixture f;
  fs::create_directories(f.spec.data);
  const Photo photo = deep_photo(83);
  for (const char* name : {"0.png", "1.tif"}) save_photo(f.spec.data / name, photo);
  save_image(f.spec.data / "2.png", Image8(16, 16, 3, 200));
  f.spec.pairs = Pairs::made;
  f.spec.preprocess = Preprocess::none;
  f.spec.bits = 16;
  f.spec.batch_size = 1;
  f.spec.flip = false;
  for (const int channels : {1, 3}) {
    f.spec.channels = channels;
    const Dataset data = Dataset::open(f.spec);
    CHECK(data.decoded() == 3);
    CHECK(data.bits() == 16);
    CHECK(data.item_bytes(0) == 16 * 16 * channels * 2);
    for (const Dataset& set : {data, Dataset::open(f.spec)}) {
      BatchLoader loader({set}, f.spec);
      for (int k = 0; k < 3; ++k) {
        const Batch batch = loader.next()[1];
        for (std::size_t i = 0; i < batch.data.size(); ++i) {
          const std::uint16_t* rgb = photo.rgb.data() + (channels == 3 ? i : 3 * i);
          const std::uint16_t deep = channels == 3 ? *rgb : luma(rgb);
          REQUIRE(level_of(batch.data[i]) == (batch.items[0] == 2 ? 200 * 257 : deep));
        }
      }
    }
    CHECK(Dataset::open(f.spec).decoded() == 0);
    auto narrow = f.spec;
    narrow.bits = 8;
    CHECK(Dataset::open(narrow).key() != data.key());
    narrow.data = data.pack_path();
    CHECK(has(error_of([&] { Dataset::open(narrow); }), "at 16 bits, but the options ask for"));
    narrow.bits = 16;
    CHECK(pixels_of(Dataset::open(narrow)) == pixels_of(data));
  }
  f.spec.bits = 12;
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "cannot have 12 bits per channel; use 8 or 16"));
  f.spec.bits = 16;
  f.spec.smooth_edges = true;
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "smoothed edges at 16 bits"));
}

TEST_CASE("pairs: of 16 bits, in two folders, resized and cut as those of 8") {
  PairFixture f;
  f.make(4);
  const auto narrow = batches({Dataset::open(f.spec)}, f.spec, 5);
  f.spec.bits = 16;
  const auto wide = batches({Dataset::open(f.spec)}, f.spec, 5);
  for (std::size_t k = 0; k < wide.size(); ++k)
    for (std::size_t side = 0; side < 2; ++side) {
      REQUIRE(wide[k][side].data.size() == narrow[k][side].data.size());
      for (std::size_t i = 0; i < wide[k][side].data.size(); ++i)
        REQUIRE(std::abs(wide[k][side].data[i] - narrow[k][side].data[i]) < 1.01 / 255);
    }
  put_gz(f.dir.path / "deep.gz", idx_bytes(0x803, 4, 12, 12, 4 * 144));
  f.spec.pairs = Pairs::made;
  f.spec.data = f.dir.path / "deep.gz";
  CHECK(has(error_of([&] { Dataset::open(f.spec); }), "is an idx file, which has 8 bits per channel"));
}

TEST_CASE("damaged: images of 16 bits come to the same harm as those of 8, in finer levels") {
  Image8 narrow(40, 32, 3);
  Image16 wide(40, 32, 3);
  for (std::size_t i = 0; i < narrow.data.size(); ++i) {
    narrow.data[i] = static_cast<std::uint8_t>(i * 7 % 199 + 20);
    wide.data[i] = static_cast<std::uint16_t>(257 * narrow.data[i]);
  }
  for (const RestorationTask task :
       {RestorationTask::inpaint, RestorationTask::restore, RestorationTask::superres,
        RestorationTask::denoise, RestorationTask::colorize})
    for (std::uint64_t position = 0; position < 6; ++position) {
      const auto a = degrade(narrow, {.task = task}, 3, 9, position);
      const auto b = degrade(wide, {.task = task}, 3, 9, position);
      CHECK(a.hole == b.hole);
      int fine = 0;
      for (std::size_t i = 0; i < a.image.data.size(); ++i) {
        // With 8 bits each step rounds: restore has many steps, superres two.
        REQUIRE(std::abs(a.image.data[i] - b.image.data[i] / 257.0) <
                (task == RestorationTask::restore ? 4 : 2));
        fine += b.image.data[i] % 257 != 0;
      }
      if (task == RestorationTask::denoise || task == RestorationTask::superres) CHECK(fine > 1000);
    }
}

TEST_CASE("pairs: images of 16 bits are rounded to the nearest of 256 levels") {
  PairFixture f;
  fs::create_directories(f.spec.data);
  Photo photo{16, 16, 16, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>(i * 83));
  for (const char* name : {"0.png", "1.tif", "2.png"}) save_photo(f.spec.data / name, photo);
  f.spec.pairs = Pairs::made;
  f.spec.preprocess = Preprocess::none;
  const Dataset data = Dataset::open(f.spec);
  REQUIRE(data.count() == 3);
  for (std::int64_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < photo.rgb.size(); ++k)
      REQUIRE(data.item(i)[k] == std::lround(photo.rgb[k] / 257.0));
}
