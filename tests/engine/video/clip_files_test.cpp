// Formats of clips, fragments, and files that are no clips.
#include <cmath>
#include <tuple>
#include <utility>

#include "engine/video/containers.h"
#include "tests/engine/video/clips.h"

using namespace clips;
using sumi::test::error_of;
using sumi::test::has;
using sumi::test::TempDir;

namespace {

constexpr int kWidth = 80, kHeight = 64;

// Frame i of a gray clip: a step that moves, and a second shot in red from frame 5 on.
Frame drawn(int i, bool alpha = false) {
  Frame frame;
  frame.width = kWidth;
  frame.height = kHeight;
  frame.rgb.resize(kWidth * kHeight * 3);
  for (int y = 0; y < kHeight; ++y)
    for (int x = 0; x < kWidth; ++x) {
      std::uint16_t* p = frame.rgb.data() + 3 * (y * kWidth + x);
      const auto gray = static_cast<std::uint16_t>(x < 3 * i + 4 ? 0x3030 : 0xc0c0);
      p[0] = i < 5 ? gray : 0xd0d0;
      p[1] = gray;
      p[2] = i < 5 ? gray : 0x1010;
    }
  if (alpha) {
    frame.alpha.assign(kWidth * kHeight, 65535);
    for (int x = 0; x < kWidth; ++x) {
      frame.alpha[static_cast<std::size_t>(x)] = 0;
      for (int c = 0; c < 3; ++c) frame.rgb[static_cast<std::size_t>(3 * x + c)] = 65535;
    }
  }
  frame.pts = i;
  frame.duration = 1;
  return frame;
}

ClipSpec drawn_spec(bool alpha = false) {
  ClipSpec spec;
  spec.width = kWidth;
  spec.height = kHeight;
  spec.time_base = {1, 10};
  spec.frame_rate = {10, 1};
  spec.alpha = alpha;
  spec.threads = 1;
  return spec;
}

void write_drawn(const fs::path& path, bool alpha = false) {
  ClipWriter writer(path, drawn_spec(alpha));
  for (int i = 0; i < 10; ++i) writer.write(drawn(i, alpha), i == 5);
  writer.finish();
}

double difference(const Frame& a, const Frame& b) {
  REQUIRE(a.rgb.size() == b.rgb.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) sum += std::abs(a.rgb[i] - b.rgb[i]);
  return sum / 257 / static_cast<double>(a.rgb.size());
}

}  // namespace

TEST_CASE("clip files: every container keeps frames, times and transparency as far as it can") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  for (const bool alpha : {false, true})
    for (const std::string name :
         {"a.mp4", "a.mov", "a.m4v", "a.mkv", "a.webm", "a.gif", "a.webp", "a.apng"}) {
      CAPTURE(name);
      CAPTURE(alpha);
      write_drawn(dir.path / name, alpha);
      const auto reader = sumi::video::open_clip(dir.path / name);
      const bool holds = sumi::video::container_of(name)->alpha;
      const bool lossy = !holds || name == "a.webp" || name == "a.webm";
      Frame frame;
      int count = 0;
      while (reader->next(frame)) {
        CHECK(difference(frame, drawn(count, alpha)) < (lossy ? 6 : 2));
        CHECK(static_cast<double>(frame.pts) * reader->info().time_base.value() ==
              doctest::Approx(.1 * count));
        if (alpha && holds) {
          REQUIRE(!frame.alpha.empty());
          CHECK(frame.alpha[5] <= (name == "a.webm" ? 20'000 : 0));
          CHECK(frame.alpha[kWidth * 20] >= (name == "a.webm" ? 60'000 : 65535));
        }
        ++count;
      }
      CHECK(count == 10);
      CHECK(reader->dropped() == 0);
      CHECK(!fs::exists(dir.path / ("." + name + ".parts")));
    }
}

TEST_CASE("clip files: transparency that a file does not hold is mentioned") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  for (const auto& [name, codec, said] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"a.mp4", "auto", true},
                                                               {"a.webm", "av1", true},
                                                               {"a.webm", "vp9", false},
                                                               {"a.apng", "auto", false}}) {
    CAPTURE(name);
    CAPTURE(codec);
    ClipSpec spec = drawn_spec(true);
    spec.codec = codec;
    ClipWriter writer(dir.path / name, spec);
    writer.write(drawn(0, true));
    const std::vector<std::string> remarks = writer.finish();
    REQUIRE(remarks.size() == (said ? 1 : 0));
    if (said) CHECK(sumi::test::has(remarks[0], "laid over white"));
  }
}

TEST_CASE("clip files: every codec of every container") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  for (const std::string name : {"a.mp4", "a.mkv", "a.webm", "a.mov"})
    for (const std::string& codec : sumi::video::container_of(name)->codecs) {
      CAPTURE(name);
      CAPTURE(codec);
      ClipSpec spec = drawn_spec();
      spec.codec = codec;
      {
        ClipWriter writer(dir.path / name, spec);
        for (int i = 0; i < 10; ++i) writer.write(drawn(i));
        writer.finish();
      }
      CHECK(has(probe(dir.path / name, "v:0", "stream=codec_name"), "codec_name=" + codec));
      const std::vector<Frame> frames = read_all(dir.path / name);
      REQUIRE(frames.size() == 10);
      CHECK(difference(frames[3], drawn(3)) < 6);
      CHECK(difference(frames[9], drawn(9)) < 6);
    }
}

TEST_CASE("clip files: levels between those of 8 bits are rounded, without a pattern") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  for (const bool alpha : {false, true}) {
    CAPTURE(alpha);
    ClipSpec spec = drawn_spec(alpha);
    spec.codec = alpha ? "auto" : "ffv1";
    const fs::path file = dir.path / (alpha ? "flat.apng" : "flat.mkv");
    ClipWriter writer(file, spec);
    Frame frame = drawn(0, alpha);
    frame.rgb.assign(frame.rgb.size(), 100 * 257 + 120);
    if (alpha) frame.alpha.assign(frame.alpha.size(), 65535);
    writer.write(frame);
    writer.finish();
    const std::string pixels = output_of("ffmpeg -nostdin -v error -i '" + file.string() + "' -f rawvideo -");
    const std::size_t step = alpha ? 4 : 1;  // RGBA, or a plane of luma
    REQUIRE(pixels.size() >= step * kWidth * kHeight);
    int others = 0;
    for (std::size_t i = 0; i < step * kWidth * kHeight; i += step) others += pixels[i] != pixels[0];
    CHECK(others == 0);
  }
}

TEST_CASE("clip files: a GIF has one palette for each shot, and its last frame stays as long as given") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  ClipSpec spec = drawn_spec();
  {
    ClipWriter writer(dir.path / "a.gif", spec);
    for (int i = 0; i < 10; ++i) {
      Frame frame = drawn(i);
      if (i == 9) frame.duration = 7;
      writer.write(frame, i == 5);
    }
    writer.finish();
  }
  const std::string bytes = output_of("cat '" + (dir.path / "a.gif").string() + "'");
  // Palettes of the images (a flag in each descriptor) beside the global one: those of the second
  // shot are all the same.
  const std::vector<Frame> frames = read_all(dir.path / "a.gif");
  REQUIRE(frames.size() == 10);
  CHECK(difference(frames[2], drawn(2)) < 2);
  CHECK(difference(frames[8], drawn(8)) < 2);
  // The same still corner within a shot, to the level.
  for (const std::size_t i : {6U, 7U, 8U}) CHECK(frames[i].rgb[0] == frames[5].rgb[0]);
  CHECK(std::abs(std::atof(probe(dir.path / "a.gif", "", "format=duration").substr(9).c_str()) - 1.6) < .02);
  CHECK(bytes.size() > 100);
}

TEST_CASE("clip files: odd sizes lose a column or a row where the codec must") {
  const TempDir dir;
  if (!make(dir.path, "-f lavfi -i testsrc2=size=64x48:rate=5:duration=1 -vf scale=41:31 in.gif")) return;
  rewrite(dir.path / "in.gif", dir.path / "out.mp4");
  CHECK(has(probe(dir.path / "out.mp4", "v:0", "stream=width,height"), "width=40\nheight=30"));
  rewrite(dir.path / "in.gif", dir.path / "out.webp");
  CHECK(read_all(dir.path / "out.webp")[0].width == 41);
}

TEST_CASE("clip files: folders of frames in and out, numbers by value") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  write_drawn(dir.path / "frames" / "f%d.png");
  CHECK(fs::exists(dir.path / "frames" / "f1.png"));
  CHECK(fs::exists(dir.path / "frames" / "f10.png"));
  const std::vector<Frame> frames = read_all(dir.path / "frames");
  REQUIRE(frames.size() == 10);
  for (int i = 0; i < 10; ++i) CHECK(difference(frames[static_cast<std::size_t>(i)], drawn(i)) == 0);
  CHECK(sumi::video::frame_file("a/%06d.png", 7) == fs::path("a/000007.png"));
  CHECK(!sumi::video::is_frame_pattern("a/%s.png"));
  CHECK(!sumi::video::is_frame_pattern("a/100%.png"));
}

TEST_CASE(
    "clip files: a writer that ends early leaves no file, and one with a key goes on where it stopped") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  const auto write = [&](const std::string& name, const std::string& key, int stop) {
    ClipWriter writer(dir.path / name, drawn_spec(), key);
    const auto begin = static_cast<int>(writer.frames());
    if (begin > 0) CHECK(writer.state() == "state " + std::to_string(begin));
    for (int i = begin; i < stop; ++i) {
      writer.write(drawn(i), i == 5);
      if (i % 3 == 2) writer.checkpoint("state " + std::to_string(i + 1));
    }
    if (stop == 10) writer.finish();
    return begin;
  };
  for (const std::string name : {"a.mp4", "a.gif"}) {
    CHECK(write(name, "", 10) == 0);
    const std::vector<Frame> whole = read_all(dir.path / name);
    fs::remove(dir.path / name);
    CHECK(write(name, "k", 8) == 0);  // two fragments of three frames; two more are lost
    CHECK(!fs::exists(dir.path / name));
    CHECK(write(name, "k", 7) == 6);
    CHECK(write(name, "k", 10) == 6);
    const std::vector<Frame> resumed = read_all(dir.path / name);
    REQUIRE(resumed.size() == whole.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      CHECK(resumed[i].pts == whole[i].pts);
      CHECK(difference(resumed[i], whole[i]) < 3);
    }
    CHECK(!fs::exists(dir.path / ("." + name + ".parts")));
    // Another key: other frames.
    CHECK(write(name, "k", 8) == 0);
    CHECK(write(name, "other", 10) == 0);
    fs::remove(dir.path / name);
    // A damaged journal is not used.
    CHECK(write(name, "k", 8) == 0);
    sumi::test::put(dir.path / ("." + name + ".parts") / "journal.json",
                    "{\"format\":1,\"key\":\"k\",\"fragm");
    CHECK(write(name, "k", 10) == 0);
  }
}

TEST_CASE("clip files: animations are told from images, and a PNG of frames may be named .png") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  ClipSpec spec = drawn_spec(true);
  spec.format = ".apng";
  {
    ClipWriter writer(dir.path / "moving.png", spec);
    for (int i = 0; i < 3; ++i) writer.write(drawn(i, true));
    writer.finish();
  }
  write_drawn(dir.path / "moving.webp");
  write_drawn(dir.path / "moving.gif");
  REQUIRE(make(dir.path, "-f lavfi -i color=red:size=16x16 -frames:v 1 still.png"));
  REQUIRE(make(dir.path, "-f lavfi -i color=red:size=16x16 -frames:v 1 still.gif"));
  for (const char* name : {"moving.png", "moving.webp", "moving.gif"})
    CHECK(sumi::video::is_animation(dir.path / name));
  for (const char* name : {"still.png", "still.gif", "none.png", "none.webp"})
    CHECK(!sumi::video::is_animation(dir.path / name));
  CHECK(clips::read_all(dir.path / "moving.png").size() == 3);
  CHECK(sumi::video::container_of("frames/%06d.webp") == nullptr);
}

TEST_CASE("clip files: what cannot be written is refused before the work") {
  const TempDir dir;
  ClipSpec spec = drawn_spec();
  const auto refusal = [&](const std::string& name, const std::string& codec, int crf) {
    spec.codec = codec;
    spec.crf = crf;
    return error_of([&] { sumi::video::check_clip(dir.path / name, spec); });
  };
  CHECK(has(refusal("a.avi", "auto", -1), "use .mp4, .m4v"));
  CHECK(has(refusal("a.webm", "h264", -1), "[--codec] h264 is not written to .webm files; use vp9 or av1"));
  CHECK(has(refusal("a.gif", "h264", -1), "leave --codec out"));
  CHECK(has(refusal("a.mp4", "auto", 52), "from 0 to 51"));
  CHECK(has(refusal("a.gif", "auto", 20), "leave --crf out"));
  CHECK(refusal("a.mp4", "hevc", 51).empty());
  spec.width = 62;  // where libx265 writes beyond its memory
  CHECK(has(refusal("a.mp4", "hevc", -1), "at least 64x64"));
}

TEST_CASE("clip files: frames in wrong order or of another size are refused") {
  const TempDir dir;
  if (!make(dir.path, "-version")) return;
  ClipWriter writer(dir.path / "a.mp4", drawn_spec());
  writer.write(drawn(3));
  CHECK(has(error_of([&] { writer.write(drawn(3)); }), "not later"));
  Frame large = drawn(4);
  large.width = kWidth + 1;
  CHECK(has(error_of([&] { writer.write(large); }), "one size"));
}

TEST_CASE("clip files: hostile and damaged files end in one line, and what was lost is counted") {
  const TempDir dir;
  if (!make(dir.path, "-f lavfi -i testsrc2=size=64x48:rate=10:duration=3 -g 5 in.mkv")) return;
  const auto refused = [&](const std::string& name, const std::string& bytes) {
    sumi::test::put(dir.path / name, bytes);
    const std::string line = error_of([&] { read_all(dir.path / name); });
    CAPTURE(name);
    CHECK(has(line, "[clip " + (dir.path / name).string() + "]"));
    CHECK(!has(line, "\n"));
  };
  std::string bytes = output_of("cat '" + (dir.path / "in.mkv").string() + "'");
  refused("empty.mp4", "");
  refused("text.mp4", "this is a text and no clip at all\n");
  refused("list.m3u8", "#EXTM3U\n#EXTINF:10,\n" + (dir.path / "in.mkv").string() + "\n#EXT-X-ENDLIST\n");
  refused("list.mp4", "ffconcat version 1.0\nfile '" + (dir.path / "in.mkv").string() + "'\n");
  refused("start.mkv", bytes.substr(0, 200));
  CHECK(has(error_of([&] { sumi::video::open_clip(dir.path / "nowhere.mp4"); }), "there is no such file"));
  // The middle overwritten: most frames stay, and the loss is said.
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 400; ++i) bytes[i] = '\x55';
  sumi::test::put(dir.path / "torn.mkv", bytes);
  const auto reader = sumi::video::open_clip(dir.path / "torn.mkv");
  Frame frame;
  int count = 0;
  while (reader->next(frame)) ++count;
  CHECK(count > 10);
  CHECK((reader->dropped() > 0 || count == 30));
}
