// Text files and subtitles.
#include "engine/page/script.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support.h"

using namespace sumi;
using page::LetteringKind;
using page::Place;

namespace {

page::Script read_text(const std::string& name, const std::string& text) {
  const test::TempDir folder;
  test::put(folder.path / name, text);
  return page::read_script(folder.path / name);
}

std::string text_error(const std::string& name, const std::string& text) {
  return test::error_of([&] { read_text(name, text); });
}

}  // namespace

TEST_CASE("page script: captions, balloons, places, speakers") {
  const page::Script script = read_text("a.txt",
                                        "\xEF\xBB\xBF# a comment\r\n\r\ntitle: A day\n"
                                        "1: A caption: with a colon\n"
                                        "2 @left: \"Hello\\nthere!\"\n"
                                        "2 @top-right > 40 70: (Hm.)\n"
                                        "3 > bottom left : *BANG*\n"
                                        "4\xEF\xBC\x9A\u300C\u3053\u3093\u306B\u3061\u306F\u300D\n"
                                        "5: \u201CCurly\u201D");
  CHECK(script.title == "A day");
  CHECK(!script.timed);
  REQUIRE(script.lines.size() == 6);
  CHECK(script.lines[0].lettering.kind == LetteringKind::caption);
  CHECK(script.lines[0].lettering.text == "A caption: with a colon");
  CHECK(script.lines[0].line == 4);
  CHECK(script.lines[1].lettering.kind == LetteringKind::speech);
  CHECK(script.lines[1].lettering.place == Place::left);
  CHECK(script.lines[1].lettering.text == "Hello\nthere!");
  CHECK(script.lines[2].panel == 2);
  CHECK(script.lines[2].lettering.kind == LetteringKind::thought);
  CHECK(script.lines[2].lettering.place == Place::top_right);
  CHECK(script.lines[2].lettering.speaker->x == doctest::Approx(0.4));
  CHECK(script.lines[2].lettering.speaker->y == doctest::Approx(0.7));
  CHECK(script.lines[3].lettering.kind == LetteringKind::burst);
  CHECK(script.lines[3].lettering.text == "BANG");
  CHECK(script.lines[3].lettering.speaker->x < 0.5);
  CHECK(script.lines[4].lettering.kind == LetteringKind::speech);
  CHECK(script.lines[4].lettering.text == "\u3053\u3093\u306B\u3061\u306F");
  CHECK(script.lines[5].lettering.text == "Curly");
}

TEST_CASE("page script: a line that is wrong is named") {
  CHECK(test::has(text_error("a.txt", "1: a\nhello\n"), "line 2: there is no colon"));
  CHECK(test::has(text_error("a.txt", "x: a\n"), "line 1: 'x' is not the number of a panel"));
  CHECK(test::has(text_error("a.txt", "0: a\n"), "is not the number of a panel"));
  CHECK(test::has(text_error("a.txt", "99999999999: a\n"), "is not the number of a panel"));
  CHECK(test::has(text_error("a.txt", "1 @middle: a\n"), "@middle is not a place"));
  CHECK(test::has(text_error("a.txt", "1 > 40: a\n"), "two numbers from 0 to 100"));
  CHECK(test::has(text_error("a.txt", "1 > 40 101: a\n"), "two numbers from 0 to 100"));
  CHECK(test::has(text_error("a.txt", "1:  \n"), "no text after the colon"));
  CHECK(test::has(text_error("a.txt", "1: \"\"\n"), "no text after the colon"));
  CHECK(test::has(text_error("a.txt", "1: a\n1: \xC3\x28\n"), "line 2: is not UTF-8"));
  CHECK(test::has(text_error("a.txt", "1: \xED\xA0\x80\n"), "is not UTF-8"));
  CHECK(test::has(text_error("a.txt", std::string("1: a\0b\n", 7)), "has a control character"));
  const page::Script script = read_text("a.txt", "3: a\n");
  CHECK(test::has(test::error_of([&] { page::letterings_of_panels(script, "a.txt", 2, {}); }),
                  "[text a.txt] line 1: there is no panel 3; the last is 2"));
}

TEST_CASE("page script: subtitles have times, markup goes") {
  const std::string srt =
      "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i>\r\nyou {\\an8}there\r\n\r\n"
      "2\n00:01:00,250 --> 01:00:00,000 X1:40\n- One.\n- Two &amp; three.\n\n"
      "3\n00:02:00,000 --> 00:02:01,000\n[door closes]\n";
  const page::Script script = read_text("a.srt", srt);
  CHECK(script.timed);
  REQUIRE(script.lines.size() == 4);
  CHECK(script.lines[0].lettering.text == "Hello you there");
  CHECK(script.lines[0].lettering.kind == LetteringKind::speech);
  CHECK(script.lines[0].start == doctest::Approx(1));
  CHECK(script.lines[0].end == doctest::Approx(2.5));
  CHECK(script.lines[1].lettering.text == "One.");
  CHECK(script.lines[2].lettering.text == "Two & three.");
  CHECK(script.lines[2].end == doctest::Approx(3600));
  CHECK(script.lines[3].lettering.kind == LetteringKind::caption);
  CHECK(script.lines[3].lettering.text == "door closes");
  const page::Script vtt = read_text("a.vtt",
                                     "WEBVTT - a title\n\nNOTE a --> b\nmore\n\nSTYLE\n::cue {}\n\n"
                                     "id\n01:02.500 --> 01:04.000 line:0\n<v Ann>Hi!</v>\n");
  REQUIRE(vtt.lines.size() == 1);
  CHECK(vtt.lines[0].start == doctest::Approx(62.5));
  CHECK(vtt.lines[0].lettering.text == "Hi!");
  CHECK(test::has(text_error("a.vtt", "1: a\n"), "begins with WEBVTT"));
  CHECK(test::has(text_error("a.srt", "hello\n"), "no line of times"));
  CHECK(test::has(text_error("a.srt", "1\n00:00:01 -> 2\nx\n"), "no line of times"));
  CHECK(test::has(text_error("a.srt", "1\n00:00:03,0 --> 00:00:02,0\nx\n"), "ends before it starts"));
  CHECK(test::has(text_error("a.srt", "1\nnow --> then\nx\n"), "line 2: the times are not of the form"));

  // By time, or evenly.
  const auto by_time = page::letterings_of_panels(script, "a.srt", 3, {0, 50, 100});
  CHECK(by_time[0].size() == 1);
  CHECK(by_time[1].empty());
  CHECK(by_time[2].size() == 3);
  const auto evenly = page::letterings_of_panels(script, "a.srt", 2, {});
  CHECK(evenly[0].size() == 2);
  CHECK(evenly[1].size() == 2);
}

TEST_CASE("page script: a clip's subtitles go to the panels of their moments, the nearest ones") {
  page::Script script = page::script_of_subtitles(
      {{0, 1, "One."}, {1, 2, "- Two.\n- {\\i1}Three."}, {4.5, 6, "(four)"}, {9, 10, ""}}, "a.mp4");
  REQUIRE(script.lines.size() == 4);
  CHECK(script.timed);
  CHECK(script.lines[2].lettering.text == "Three.");
  CHECK(script.lines[3].lettering.kind == LetteringKind::caption);
  // Shown at second 5, though its middle lies behind it; the others have none of the moments.
  const auto panels = page::letterings_of_panels(script, "a.mp4", 2, {1.5, 5});
  CHECK(panels[0].size() == 3);
  CHECK(panels[1].size() == 1);
  CHECK(page::keep_nearest(script, {1.5, 5}, 2) == 1);
  REQUIRE(script.lines.size() == 3);
  CHECK(script.lines[0].lettering.text == "Two.");
  CHECK(page::keep_nearest(script, {1.5, 5}, 2) == 0);
  CHECK(test::has(test::error_of([&] {
                    page::script_of_subtitles({{0, 1, "\xC3\x28"}}, "a.mp4");
                  }),
                  "[text a.mp4] line 1: is not UTF-8"));
}
