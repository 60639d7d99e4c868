// What gets lost when clips are converted: each trap with a clip that has it.
#include <cmath>
#include <tuple>
#include <utility>

#include "tests/engine/video/clips.h"

using namespace clips;
using sumi::test::has;
using sumi::test::TempDir;

namespace {

constexpr const char* kTest = "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1 ";

void check_times(const std::vector<double>& times, const std::vector<double>& wanted, double tolerance) {
  REQUIRE(times.size() == wanted.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    CHECK(times[i] == doctest::Approx(wanted[i]).scale(1).epsilon(tolerance));
}

}  // namespace

TEST_CASE("clip traps: variable frame times and the last duration stay") {
  const TempDir dir;
  if (!make(dir.path,
            "-f lavfi -i testsrc2=size=64x48:rate=10:duration=2 -vf "
            "\"select='not(mod(n\\,3))+eq(n\\,4)+eq(n\\,5)'\" -vsync vfr vfr.mkv"))
    return;
  const std::vector<double> wanted{0, .3, .4, .5, .6, .9, 1.2, 1.5, 1.8};
  std::vector<double> given;
  const auto reader = sumi::video::open_clip(dir.path / "vfr.mkv");
  Frame frame;
  while (reader->next(frame))
    given.push_back(static_cast<double>(frame.pts) * reader->info().time_base.value());
  check_times(given, wanted, 1e-6);
  for (const char* name : {"out.mp4", "out.mkv", "out.webm"}) {
    CAPTURE(name);
    rewrite(dir.path / "vfr.mkv", dir.path / name);
    check_times(shown_at(dir.path / name), wanted, .0011);
  }
}

TEST_CASE("clip traps: times of 30000/1001 frames a second do not drift") {
  const TempDir dir;
  if (!make(dir.path, "-f lavfi -i testsrc2=size=32x32:rate=30000/1001:duration=20 ntsc.mp4")) return;
  rewrite(dir.path / "ntsc.mp4", dir.path / "out.mp4");
  const std::vector<double> times = shown_at(dir.path / "out.mp4");
  REQUIRE(times.size() == 600);
  CHECK(times.back() == doctest::Approx(599 * 1001 / 30000.).epsilon(1e-6));
  CHECK(has(probe(dir.path / "out.mp4", "v:0", "stream=r_frame_rate"), "30000/1001"));
}

TEST_CASE("clip traps: sound that begins later than the picture still does") {
  const TempDir dir;
  if (!make(dir.path,
            std::string(kTest) + "-itsoffset 0.4 -f lavfi -i sine=440:duration=0.5 -c:a aac late.mp4"))
    return;
  for (const char* name : {"out.mp4", "out.mkv"}) {
    rewrite(dir.path / "late.mp4", dir.path / name);
    const std::string start = probe(dir.path / name, "a:0", "stream=start_time");
    CAPTURE(name);
    CAPTURE(start);
    CHECK(std::abs(std::atof(start.c_str() + start.find('=') + 1) - .4) < .03);
    CHECK(std::abs(shown_at(dir.path / name).front()) < .001);
  }
}

TEST_CASE("clip traps: a picture that begins later than the sound still does") {
  const TempDir dir;
  if (!make(dir.path,
            "-f lavfi -i sine=440:duration=1 -itsoffset 0.3 "
            "-f lavfi -i testsrc2=size=64x48:rate=25:duration=1 -map 1:v -map 0:a -c:a mp2 late.mkv"))
    return;
  const double lag = std::atof(probe(dir.path / "late.mkv", "v:0", "stream=start_time").substr(11).c_str()) -
                     std::atof(probe(dir.path / "late.mkv", "a:0", "stream=start_time").substr(11).c_str());
  rewrite(dir.path / "late.mkv", dir.path / "out.mp4");
  const double kept = std::atof(probe(dir.path / "out.mp4", "v:0", "stream=start_time").substr(11).c_str()) -
                      std::atof(probe(dir.path / "out.mp4", "a:0", "stream=start_time").substr(11).c_str());
  CHECK(lag > .2);
  CHECK(kept == doctest::Approx(lag).epsilon(.02));
}

TEST_CASE("clip traps: clips are turned upright, and the result has no matrix") {
  const TempDir dir;
  // Red above blue, stored lying: a display matrix of 90 degrees.
  if (!make(dir.path,
            "-f lavfi -i color=red:size=64x32:rate=5:duration=0.4 -f lavfi -i "
            "color=blue:size=64x32:rate=5:duration=0.4 "
            "-filter_complex vstack flat.mp4"))
    return;
  for (const auto& [angle, red_x, red_y] :
       {std::tuple{"90", 48, 32}, std::tuple{"180", 32, 48}, std::tuple{"270", 16, 32}}) {
    make(dir.path, std::string("-i flat.mp4 -c copy -metadata:s:v rotate=") + angle + " turned.mp4");
    rewrite(dir.path / "turned.mp4", dir.path / "out.mp4");
    for (const char* name : {"turned.mp4", "out.mp4"}) {
      const Frame frame = read_all(dir.path / name).at(0);
      // The program ffmpeg turns by itself: the same image.
      make(dir.path, std::string("-i ") + name + " -frames:v 1 shown.gif");
      const Frame shown = read_all(dir.path / "shown.gif").at(0);
      CAPTURE(angle);
      CAPTURE(name);
      REQUIRE(frame.width == shown.width);
      for (const auto& [x, y] :
           {std::pair{4, 4}, std::pair{frame.width - 12, 4}, std::pair{4, frame.height - 12}})
        CHECK(std::abs(level(frame, 0, x, y, x + 8, y + 8) - level(shown, 0, x, y, x + 8, y + 8)) < 8);
    }
    CHECK(!has(probe(dir.path / "out.mp4", "v:0", "stream_side_data=rotation"), "rotation"));
  }
}

TEST_CASE("clip traps: pixels that are not square become square, and the picture keeps its shape") {
  const TempDir dir;
  if (!make(dir.path, std::string(kTest) + "-vf setsar=4/3 wide.mp4")) return;
  rewrite(dir.path / "wide.mp4", dir.path / "out.mp4");
  CHECK(has(probe(dir.path / "out.mp4", "v:0", "stream=width,height,sample_aspect_ratio"),
            "width=84\nheight=48\nsample_aspect_ratio=1:1"));
}

TEST_CASE("clip traps: matrix, range, primaries and transfer are read and written, and colors stay") {
  const TempDir dir;
  struct Case {
    const char *arguments, *tags;
  };
  const std::string source = "-f lavfi -i color=0xd04020:size=64x48:rate=5:duration=0.4 ";
  for (const auto& [arguments, tags] :
       {Case{
            "-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709 -color_primaries "
            "bt709 -color_trc bt709 -color_range tv",
            "color_range=tv\ncolor_space=bt709\ncolor_transfer=bt709\ncolor_primaries=bt709"},
        Case{"-vf scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p -colorspace smpte170m "
             "-color_primaries smpte170m -color_trc smpte170m -color_range tv",
             "color_range=tv\ncolor_space=smpte170m\ncolor_transfer=smpte170m\ncolor_primaries=smpte170m"},
        Case{
            "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p -colorspace bt709 -color_primaries "
            "bt709 -color_trc bt709 -color_range pc",
            "color_range=pc\ncolor_space=bt709\ncolor_transfer=bt709\ncolor_primaries=bt709"},
        Case{"-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p10 -colorspace bt709 "
             "-color_primaries bt709 -color_trc bt709 -color_range tv",
             "pix_fmt=yuv420p10le\ncolor_range=tv\ncolor_space=bt709"},
        Case{// no tags: as players take it
             "-vf scale=out_color_matrix=smpte170m:out_range=tv,format=yuv420p",
             "color_range=tv\ncolor_space=smpte170m"}}) {
    if (!make(dir.path, source + arguments + " -qp 0 in.mp4")) return;
    ClipSpec spec;
    spec.crf = 1;
    rewrite(dir.path / "in.mp4", dir.path / "out.mp4", spec);
    CAPTURE(arguments);
    CHECK(has(probe(dir.path / "out.mp4", "v:0",
                    "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries"),
              tags));
    for (const char* name : {"in.mp4", "out.mp4"}) {
      const Frame frame = read_all(dir.path / name).at(0);
      CAPTURE(name);
      CHECK(std::abs(level(frame, 0, 0, 0, 64, 48) - 0xd0) < 3);
      CHECK(std::abs(level(frame, 1, 0, 0, 64, 48) - 0x40) < 3);
      CHECK(std::abs(level(frame, 2, 0, 0, 64, 48) - 0x20) < 3);
    }
  }
}

TEST_CASE("clip traps: HDR is brought to the range of a screen, and said; 10 bits of SDR are not HDR") {
  const TempDir dir;
  const std::string gray = "-f lavfi -i color=gray:size=64x48:rate=5:duration=0.4 ";
  if (!make(dir.path, gray + "-vf format=yuv420p10 -c:v libx265 -x265-params "
                             "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc "
                             "hdr.mp4"))
    return;
  const auto hdr = sumi::video::open_clip(dir.path / "hdr.mp4");
  REQUIRE(hdr->info().remarks.size() == 1);
  CHECK(has(hdr->info().remarks[0], "HDR"));
  CHECK(hdr->info().color.transfer == 1);
  Frame frame;
  REQUIRE(hdr->next(frame));
  CHECK(level(frame, 1, 0, 0, 64, 48) > 60);  // PQ's gray is bright
  make(dir.path, gray + "-vf format=yuv420p10 sdr.mp4");
  const auto sdr = sumi::video::open_clip(dir.path / "sdr.mp4");
  CHECK(sdr->info().remarks.empty());
  CHECK(sdr->info().depth == 16);
  REQUIRE(sdr->next(frame));
  CHECK(std::abs(level(frame, 1, 0, 0, 64, 48) - 128) < 3);
}

TEST_CASE("clip traps: frames that are woven of two times are separated") {
  const TempDir dir;
  if (!make(dir.path,
            "-f lavfi -i testsrc2=size=64x48:rate=50:duration=1 -vf tinterlace=interleave_top,fieldorder=tff "
            "-c:v mpeg2video "
            "-flags +ilme+ildct -top 1 -q:v 2 woven.mpg"))
    return;
  const std::vector<Frame> frames = read_all(dir.path / "woven.mpg");
  CHECK(frames.size() >= 24);
  for (std::size_t i = 1; i < frames.size(); ++i) CHECK(frames[i].pts > frames[i - 1].pts);
}

TEST_CASE(
    "clip traps: chapters, tags, languages and subtitles go along, in a form that the container holds") {
  const TempDir dir;
  sumi::test::put(dir.path / "text.srt", "1\n00:00:00,200 --> 00:00:00,700\nHello there\n");
  sumi::test::put(dir.path / "meta.txt",
                  ";FFMETADATA1\ntitle=A clip\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=one\n"
                  "[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=two\n");
  if (!make(dir.path, std::string(kTest) + "-f lavfi -i sine=440:duration=1 -i text.srt -i meta.txt -map 0 "
                                           "-map 1 -map 2 -map_metadata 3 -c:a aac -c:s srt "
                                           "-metadata:s:a:0 language=jpn in.mkv"))
    return;
  struct Case {
    const char *name, *text, *sound;
  };
  for (const auto& [name, text, sound] :
       {Case{"out.mkv", "subrip", "aac"}, Case{"out.mp4", "mov_text", "aac"},
        Case{"out.webm", "webvtt", "opus"}}) {
    const std::vector<std::string> remarks = rewrite(dir.path / "in.mkv", dir.path / name);
    CAPTURE(name);
    CHECK(has(probe(dir.path / name, "s:0", "stream=codec_name"), text));
    CHECK(has(probe(dir.path / name, "a:0", "stream=codec_name"), sound));
    CHECK(has(probe(dir.path / name, "a:0", "stream_tags=language"), "jpn"));
    CHECK(has(probe(dir.path / name, "", "format_tags=title"), "A clip"));
    const std::string chapters =
        output_of("ffprobe -v error -show_chapters '" + (dir.path / name).string() + "'");
    CHECK(has(chapters, "start_time=0.500000"));
    CHECK(has(chapters, "title=two"));
    make(dir.path, std::string("-i ") + name + " -map 0:s:0 back.srt");
    const std::string back = output_of("cat '" + (dir.path / "back.srt").string() + "'");
    CHECK(has(back, "Hello there"));
    // As long behind the first frame as it was; what is before a sound moves both.
    const std::string times = probe(dir.path / name, "s:0", "packet=pts_time");
    double begins = 0;
    for (std::size_t at = times.find("pts_time="); at != std::string::npos && begins < .1;
         at = times.find("pts_time=", at + 1))
      begins = std::atof(times.c_str() + at + 9);
    CHECK(std::abs(begins - shown_at(dir.path / name).front() - .2) < .011);
    CHECK(remarks.size() == (std::string(name) == "out.mkv" ? 0 : std::string(name) == "out.mp4" ? 1 : 2));
  }
}

TEST_CASE("clip traps: sound that a container does not hold is converted, at its times") {
  const TempDir dir;
  if (!make(dir.path,
            std::string(kTest) + "-itsoffset 0.25 -f lavfi -i sine=440:duration=0.6 -c:a pcm_s16le in.mkv"))
    return;
  const std::vector<std::string> remarks = rewrite(dir.path / "in.mkv", dir.path / "out.mp4");
  REQUIRE(remarks.size() == 1);
  CHECK(has(remarks[0], "pcm_s16le"));
  const std::string text = probe(dir.path / "out.mp4", "a:0", "stream=codec_name,start_time,duration");
  CHECK(has(text, "codec_name=aac"));
  CHECK(std::abs(std::atof(text.c_str() + text.find("start_time=") + 11) - .25) < .05);
  CHECK(std::abs(std::atof(text.c_str() + text.find("duration=") + 9) - .6) < .06);
}

TEST_CASE("clip traps: without --no-audio sound goes along, with it the rest does") {
  const TempDir dir;
  if (!make(dir.path, std::string(kTest) + "-f lavfi -i sine=440:duration=1 -c:a aac in.mp4")) return;
  ClipSpec spec;
  spec.audio = false;
  rewrite(dir.path / "in.mp4", dir.path / "out.mp4", spec);
  CHECK(probe(dir.path / "out.mp4", "a", "stream=codec_name").empty());
  CHECK(shown_at(dir.path / "out.mp4").size() == 10);
}

TEST_CASE("clip traps: a part of a clip has its own time from 0 on, sound and all") {
  const TempDir dir;
  if (!make(dir.path,
            "-f lavfi -i testsrc2=size=64x48:rate=10:duration=4 -f lavfi -i sine=440:duration=4 -c:a aac -g "
            "30 in.mp4"))
    return;
  sumi::video::ReadOptions part;
  part.start = 1.5;
  part.end = 2.5;
  const std::vector<Frame> whole = read_all(dir.path / "in.mp4"), cut = read_all(dir.path / "in.mp4", part);
  REQUIRE(cut.size() == 10);
  CHECK(cut[0].pts == 0);
  CHECK(cut[0].rgb == whole[15].rgb);
  CHECK(cut[9].rgb == whole[24].rgb);
  rewrite(dir.path / "in.mp4", dir.path / "out.mp4", {}, part);
  const std::string text = probe(dir.path / "out.mp4", "a:0", "stream=start_time,duration");
  CHECK(std::abs(std::atof(text.c_str() + text.find("start_time=") + 11)) < .03);
  CHECK(std::abs(std::atof(text.c_str() + text.find("duration=") + 9) - 1) < .05);
}

TEST_CASE("clip traps: frames at another rate, and at a smaller size") {
  const TempDir dir;
  if (!make(dir.path, "-f lavfi -i testsrc2=size=64x48:rate=25:duration=2 in.mp4")) return;
  sumi::video::ReadOptions options;
  options.fps = {12, 1};
  options.max_size = 32;
  const std::vector<Frame> frames = read_all(dir.path / "in.mp4", options);
  CHECK(frames.size() == 24);
  for (std::size_t i = 0; i < frames.size(); ++i) CHECK(frames[i].pts == static_cast<std::int64_t>(i));
  CHECK(frames[0].width == 32);
  CHECK(frames[0].height == 24);
}
