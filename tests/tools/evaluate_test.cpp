// sumi evaluate: figures of a clip, beside the script that they are defined by.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/video/clip.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

int run_shell(const Folder& folder, const std::string& command) {
  return std::system(("cd '" + folder.path().string() + "' && " + command).c_str());
}

// in.mkv, a scene that moves, and flicker.mkv, the same in turns lighter.
bool make_clips(const Folder& folder) {
  try {
    sumi::video::open_clip("/");
  } catch (const sumi::video::VideoUnavailable&) {
    MESSAGE("skipped: built without SUMI_VIDEO");
    return false;
  } catch (const sumi::Error&) {
  }
  if (run_shell(folder, "ffmpeg -version >/dev/null 2>&1") != 0) {
    MESSAGE("skipped: there is no ffmpeg (third_party/install.sh test)");
    return false;
  }
  // RGB throughout: how colors are enlarged is not the matter.
  REQUIRE(
      run_shell(folder,
                "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=96x64:rate=10:duration=0.8 -vf "
                "format=bgr0,gblur=1,format=bgr0 -c:v ffv1 in.mkv && ffmpeg -nostdin -v error -y -i in.mkv "
                "-vf \"lutrgb=r=val+20:g=val+20:b=val+20:enable='mod(n,2)',format=bgr0\" -c:v ffv1 "
                "flicker.mkv") == 0);
  return true;
}

nlohmann::json evaluate_clips(const Folder& folder, const std::string& more) {
  const Result result = run(folder, "evaluate --source in.mkv --json --threads 1 " + more);
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  return nlohmann::json::parse(result.out);
}

double clip_figure(const nlohmann::json& json, const char* clip, const char* name) {
  return json.at(clip).at(name).get<double>();
}

}  // namespace

TEST_CASE("evaluate: a clip that flickers has a larger warping error, and is compared with another") {
  const Folder folder;
  if (!make_clips(folder)) return;
  const nlohmann::json json = evaluate_clips(folder, "--clip in.mkv --against flicker.mkv");
  CHECK(json.at("frames") == 8);
  CHECK(clip_figure(json, "drawn", "warping_error") ==
        doctest::Approx(clip_figure(json, "source", "warping_error")));
  CHECK(clip_figure(json, "frame by frame", "warping_error") >
        10 + clip_figure(json, "source", "warping_error"));
  CHECK(clip_figure(json, "frame by frame", "change") > clip_figure(json, "source", "change"));
  const Result table = run(folder, "evaluate --source in.mkv --clip in.mkv --against flicker.mkv --frames 4");
  CHECK(table.code == 0);
  CHECK(has(table.out, "4 frames of 96x64"));
  CHECK(has(table.out, "of frame by frame"));
  CHECK(has(table.out, "change of the source's: 1.00"));
}

TEST_CASE("evaluate: the figures are those of bench/clip_quality.py") {
  const Folder folder;
  if (!make_clips(folder)) return;
  const char* source = std::getenv("SUMI_SOURCE_DIR");
  // Debian's modules are Debian's Python's.
  const std::string python = fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  if (!source || run_shell(folder, python + " -c 'import cv2' 2>/dev/null") != 0) {
    MESSAGE("skipped: there is no python3-opencv, or SUMI_SOURCE_DIR is not set");
    return;
  }
  REQUIRE(run_shell(folder, python + " -B '" + std::string(source) +
                                "/bench/clip_quality.py' --figures in.mkv flicker.mkv > theirs.json") == 0);
  const nlohmann::json ours = evaluate_clips(folder, "--clip flicker.mkv"),
                       theirs = nlohmann::json::parse(read(folder / "theirs.json"));
  for (const char* clip : {"source", "drawn"})
    for (const char* name : {"warping_error", "sharpness", "change"}) {
      CAPTURE(clip);
      CAPTURE(name);
      // OpenCV's remap rounds places to 1/32 pixel.
      CHECK(clip_figure(ours, clip, name) == doctest::Approx(clip_figure(theirs, clip, name)).epsilon(0.06));
    }
}

TEST_CASE("evaluate: clips that do not belong together are refused with one line") {
  const Folder folder;
  if (!make_clips(folder)) return;
  REQUIRE(run_shell(folder, "ffmpeg -nostdin -v error -y -i in.mkv -frames:v 3 -c:v ffv1 short.mkv") == 0);
  check_error(run(folder, "evaluate --source in.mkv"), 2, "--clip is missing");
  check_error(run(folder, "evaluate --clip in.mkv"), 2, "--source is missing");
  check_error(run(folder, "evaluate --clip in.mkv --source in.mkv --frames 1"), 2, "--frames wants");
  check_error(run(folder, "evaluate --clip short.mkv --source in.mkv"), 1, "has fewer frames");
  check_error(run(folder, "evaluate --clip none.mkv --source in.mkv"), 1, "none.mkv");
  CHECK(run(folder, "evaluate --clip short.mkv --source in.mkv --frames 3").code == 0);
}
