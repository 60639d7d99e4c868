// sumi convert with clips: options, names, stops and what is refused.
#include <doctest/doctest.h>

#include <csignal>
#include <cstdlib>

#include "engine/image/image.h"
#include "engine/video/clip.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// Runs ffmpeg in the folder; false, and a message, where there is none or the build has no clips.
bool make_clip(const Folder& folder, const std::string& arguments) {
  const std::string inside = "cd '" + folder.path().string() + "' && ";
  if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) {
    MESSAGE("skipped: there is no ffmpeg (third_party/install.sh test)");
    return false;
  }
  try {
    sumi::video::open_clip("/");
  } catch (const sumi::video::VideoUnavailable&) {
    MESSAGE("skipped: built without SUMI_VIDEO");
    return false;
  } catch (const sumi::Error&) {
  }
  REQUIRE(std::system((inside + "ffmpeg -nostdin -v error -y " + arguments).c_str()) == 0);
  return true;
}

// A disc that moves over a gradient, and from second 1 on the same in other colors.
bool make_scene(const Folder& folder) {
  return make_clip(
      folder,
      "-f lavfi -i testsrc=size=64x48:rate=10:duration=1 -f lavfi -i testsrc2=size=64x48:rate=10:duration=1 "
      "-f lavfi -i sine=440:duration=2 -filter_complex '[0][1]concat' -c:a aac -c:v ffv1 in.mkv");
}

struct Shown {
  int width = 0, height = 0, count = 0;
  std::vector<std::vector<std::uint16_t>> frames;
};

Shown read_clip(const fs::path& path) {
  const auto reader = sumi::video::open_clip(path);
  Shown shown{reader->info().width, reader->info().height, 0, {}};
  sumi::video::Frame frame;
  while (reader->next(frame)) {
    ++shown.count;
    shown.frames.push_back(frame.rgb);
  }
  return shown;
}

const std::string kDraw = "convert --threads 1 --faces off -i in.mkv ";

}  // namespace

TEST_CASE(
    "clip: a style draws every frame, and the result has the size, the count and the sound of the clip") {
  const Folder folder;
  if (!make_scene(folder)) return;
  const Result result = run(folder, kDraw + "-o out.mp4");
  CHECK(result.code == 0);
  CHECK(has(result.out, "out.mp4: 20 frames of 64x48"));
  const Shown shown = read_clip(folder / "out.mp4");
  CHECK(shown.count == 20);
  CHECK(shown.width == 64);
  CHECK(std::system(("ffprobe -v error -select_streams a:0 -show_entries stream=codec_name '" +
                     (folder / "out.mp4").string() + "' | grep -q aac")
                        .c_str()) == 0);
  CHECK(!fs::exists(folder / ".out.mp4.parts"));
}

TEST_CASE(
    "clip: --temporal 0 draws as pictures are drawn, and more of it brings neighboring frames together") {
  const Folder folder;
  if (!make_scene(folder)) return;
  CHECK(run(folder, kDraw + "-o still.mkv --codec ffv1 --temporal 0").code == 0);
  CHECK(run(folder, kDraw + "-o eased.mkv --codec ffv1").code == 0);
  const Shown still = read_clip(folder / "still.mkv"), eased = read_clip(folder / "eased.mkv");
  REQUIRE(still.count == eased.count);
  CHECK(still.frames[0] == eased.frames[0]);
  CHECK(still.frames[10] == eased.frames[10]);  // begins a shot
  CHECK(still.frames[5] != eased.frames[5]);
}

TEST_CASE("clip: a part, another rate, a smaller size, no sound, other formats") {
  const Folder folder;
  if (!make_scene(folder)) return;
  CHECK(run(folder, kDraw + "-o part.mp4 --start 0.5 --end 1.5").code == 0);
  // Frames begin at 0.023 + i/10: the one that is on screen at 0.5 counts.
  CHECK(read_clip(folder / "part.mp4").count == 11);
  CHECK(run(folder, kDraw + "-o slow.gif --fps 5 --max-size 32").code == 0);
  const Shown slow = read_clip(folder / "slow.gif");
  CHECK(slow.count == 10);
  CHECK(slow.width == 32);
  CHECK(run(folder, kDraw + "-o mute.mp4 --no-audio --crf 30 --end 0.5").code == 0);
  CHECK(std::system(("ffprobe -v error -select_streams a -show_entries stream=codec_name '" +
                     (folder / "mute.mp4").string() + "' | grep -q codec_name")
                        .c_str()) != 0);
  CHECK(run(folder, kDraw + "-o new/frame%03d.png --end 0.5").code == 0);
  CHECK(fs::exists(folder / "new/frame005.png"));
  CHECK(!fs::exists(folder / "new/frame006.png"));
  CHECK(run(folder, "convert --threads 1 --faces off -i new -o again.webp --fps 10").code == 0);
  CHECK(fs::exists(folder / "again.webp"));
  CHECK(run(folder, "convert --threads 1 --faces off -i slow.gif -o moving.webp").code == 0);
  CHECK(read_clip(folder / "moving.webp").count == 10);
  CHECK(run(folder, kDraw + "-o many/ --end 0.3").code == 0);
  CHECK(read_clip(folder / "many/in.mkv").count == 3);
}

TEST_CASE("clip: animations keep all their frames in their own format") {
  const Folder folder;
  if (!make_scene(folder)) return;
  const std::string draw = "convert --threads 1 --faces off -i ";
  CHECK(run(folder, kDraw + "-o a.apng --end 0.3").code == 0);
  fs::rename(folder / "a.apng", folder / "a.png");
  CHECK(run(folder, kDraw + "-o a.gif --end 0.3").code == 0);
  CHECK(run(folder, kDraw + "-o a.webp --end 0.3").code == 0);
  for (const std::string extension : {"png", "gif", "webp"}) {
    CAPTURE(extension);
    const Result result = run(folder, draw + "a." + extension + " -o b." + extension);
    CAPTURE(result.err);
    REQUIRE(result.code == 0);
    CHECK(read_clip(folder / ("b." + extension)).count == 3);
  }
  CHECK(run(folder, draw + "a.webp a.png a.gif -o many/").code == 0);
  CHECK(read_clip(folder / "many/a.webp").count == 3);
  // A still format takes the first frame, and says so.
  const Result first = run(folder, draw + "a.gif -o first.png");
  CHECK(first.code == 0);
  CHECK(has(first.err, "of which the first was taken"));
  CHECK(!sumi::video::is_animation(folder / "first.png"));
}

TEST_CASE("clip: a preview is a sheet, before the clip or alone") {
  const Folder folder;
  if (!make_scene(folder)) return;
  CHECK(run(folder, kDraw + "-o out.mp4 --preview 3 --end 0.4").code == 0);
  CHECK(sumi::load_image(folder / "out.preview.png").width > 2 * 64);
  CHECK(fs::exists(folder / "out.mp4"));
  CHECK(run(folder, kDraw + "-o sheet.png --preview 4").code == 0);
  CHECK(fs::exists(folder / "sheet.png"));
}

TEST_CASE("clip: a stopped or killed call goes on to the same frames, and only whole clips have the name") {
  const Folder folder;
  if (!make_clip(folder, "-f lavfi -i testsrc2=size=96x64:rate=25:duration=6 -c:v ffv1 in.mkv")) return;
  const std::string call = kDraw + "--codec ffv1 -o ";
  CHECK(run(folder, call + "whole.mkv").code == 0);
  for (const int signal : {SIGTERM, SIGKILL}) {
    const Result stopped = run_and_signal(folder, call + "out.mkv", signal,
                                          [&] { return fs::exists(folder / ".out.mkv.parts/journal.json"); });
    CHECK(stopped.code == 128 + signal);
    CHECK(!fs::exists(folder / "out.mkv"));
    const Result resumed = run(folder, call + "out.mkv");
    CHECK(resumed.code == 0);
    CHECK(has(resumed.err, "continues after frame"));
    const Shown a = read_clip(folder / "whole.mkv"), b = read_clip(folder / "out.mkv");
    REQUIRE(a.count == b.count);
    CHECK(a.frames == b.frames);
    fs::remove(folder / "out.mkv");
  }
}

TEST_CASE("clip: what cannot be is refused with one line, and writes nothing") {
  const Folder folder;
  if (!make_scene(folder)) return;
  write(folder / "text.mp4", "no clip");
  for (const auto& [arguments, code, part] : std::vector<std::tuple<std::string, int, std::string>>{
           {"-i in.mkv -o a.mp4 --start 2 --end 1", 2, "--end 1 must be later than --start 2"},
           {"-i in.mkv -o a.mp4 --start x", 2, "--start"},
           {"-i in.mkv -o a.mp4 --start 1:75", 2, "is not a time"},
           {"-i in.mkv -o a.mp4 --fps 0", 2, "--fps 0 is out of range"},
           {"-i in.mkv -o a.mp4 --temporal 1", 2, "--temporal 1 is out of range"},
           {"-i in.mkv -o a.mp4 --crf 64", 2, "--crf 64 is out of range"},
           {"-i in.mkv -o a.mp4 --codec mpeg2", 2, "--codec mpeg2 is unknown"},
           {"-i in.mkv -o a.webm --codec h264", 1, "use vp9 or av1"},
           {"-i in.mkv -o a.mp4 --preview 101", 2, "--preview 101 is out of range"},
           {"-i in.mkv -o a.mp4 --mask in.mkv", 2, "--mask is for images"},
           {"-i in.mkv -o a.mp4 --sheet", 2, "--sheet is for images"},
           {"-i in.mkv -o a.avi", 1, "use .mp4, .m4v"},
           {"-i in.mkv -o in.mkv", 2, "is the input itself"},
           {"-i in.mkv -o a.mp4 --start 9", 1, "has no frames between --start and --end"},
           {"-i text.mp4 -o a.mp4", 1, "[clip text.mp4] cannot be read"},
           {"-i nowhere.mp4 -o a.mp4", 1, "there is no such file"}}) {
    CAPTURE(arguments);
    check_error(run(folder, "convert --threads 1 --faces off " + arguments), code, part);
  }
  for (const auto& entry : fs::directory_iterator(folder.path())) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    // .out and .err hold what the program printed.
    CHECK((name == "in.mkv" || name == "text.mp4" || name == ".out" || name == ".err"));
  }
  write_images(folder, "pictures", 1, 32);
  check_error(run(folder, "convert -i pictures -o drawn --fps 3"), 2, "--fps is for clips");
}
