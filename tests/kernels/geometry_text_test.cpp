// Problem strings of geometries: round trips, and named errors.
#include <doctest/doctest.h>

#include "kernels/conv.h"
#include "kernels/gemm.h"
#include "tests/cases/conv.h"
#include "tests/cases/gemm.h"
#include "tests/kernels/harness.h"

namespace sumi::test {
namespace {

using kernels::ConvGeom;
using kernels::GemmGeom;

std::string conv_error(const std::string& text) {
  return error_of([&] { (void)ConvGeom::parse("--problem", text); });
}
std::string gemm_error(const std::string& text) {
  return error_of([&] { (void)GemmGeom::parse("--problem", text); });
}

}  // namespace

TEST_CASE("conv: the text form of every case reads back as the same geometry") {
  for (const auto& c : cases::conv_cases) CHECK(ConvGeom::parse(c.name, c.geom().str()) == c.geom());
  for (const auto& c : cases::conv_transpose_cases)
    CHECK(ConvGeom::parse(c.name, c.geom().str(), true) == c.geom());
}

TEST_CASE("conv: letters in any order, and what may be left out") {
  const ConvGeom g = ConvGeom::parse("test", "s3r3k8c4w9h8n2");
  CHECK(g.str() == "n2h8w9c4k8r3s3u1p0");
  CHECK(g.p == 6);
  CHECK(g.q == 7);
}

TEST_CASE("conv: a wrong text names its letter in one line") {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "is empty"},
      {"n1h8w8c4k8r3", "lacks 's'"},
      {"h8w8c4k8r3s3", "lacks 'n'"},
      {"n1h8w8c4k8r3s3z1", "has 'z'"},
      {"N1h8w8c4k8r3s3", "has 'N'"},
      {"n1h8w8c4k8r3s3n2", "has 'n' twice"},
      {"nh8w8c4k8r3s3", "'n' has no number"},
      {"n1h8w8c4k8r3s", "'s' has no number"},
      {"n-1h8w8c4k8r3s3", "'n' has no number"},
      {"n1.5h8w8c4k8r3s3", "has '.'"},
      {"n1 h8w8c4k8r3s3", "has ' '"},
      {"n0h8w8c4k8r3s3", "'n' is 0, at least 1"},
      {"n1h8w8c4k8r3s3u0", "'u' is 0, at least 1"},
      {"n1h8w8c4k8r3s3d0", "'d' is 0, at least 1"},
      {"n1h8w8c4k8r3s3g0", "'g' is 0, at least 1"},
      {"n1h8w8c4k8r3s3g3", "'g' is 3, which does not divide 'c'"},
      {"n1h8w8c6k8r3s3g3", "'g' is 3, which does not divide 'k'"},
      {"n1h8w8c4k8r9s3", "'r', the filter's size, is larger than 'h'"},
      {"n1h8w8c4k8r3s9", "'s', the filter's size, is larger than 'w'"},
      {"n1h8w8c4k8r3s3d5", "'r', the filter's size"},
      {"n1h8w8c4k8r3s3p1:2", "'p' has one number or four"},
      {"n1h8w8c4k8r3s3p1:2:3:4:5", "'p' has more than four numbers"},
      {"n1:2h8w8c4k8r3s3", "'n' has one number"},
      {"n99999999999999999999h8w8c4k8r3s3", "'n' is more than 16777216"},
      {"n16777216h16777216w16777216c4k8r3s3", "x has more than 2^40 elements"},
      {"n1h8w8c16777216k16777216r3s3", "the weight has more than 2^40 elements"},
      {"n1h1048576w1048576c1k2r1s1", "y has more than 2^40 elements"},
  };
  for (const auto& [text, part] : wrong) {
    CAPTURE(text);
    const std::string error = conv_error(text);
    CHECK_MESSAGE(has(error, part), error);
    CHECK(has(error, "[--problem]"));
    CHECK(error.find('\n') == std::string::npos);
  }
  CHECK(has(conv_error("n1h8\nw8"), "[--problem]"));
}

TEST_CASE("conv: any text is read or refused") {
  const std::string good = "n1h8w9c4k8r3s2u2p1:0:2:3d2g2";
  Dice dice(7);
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (std::uint64_t change = dice.next() % 4; change-- > 0;) {
      const std::size_t at = dice.next() % text.size();
      if (dice.next() % 2 == 0)
        text[at] = static_cast<char>(dice.next() % 256);
      else
        text.insert(at, 1, static_cast<char>('0' + dice.next() % 12));
    }
    const std::string error = error_of([&] {
      const ConvGeom g = ConvGeom::parse("t", text);
      CHECK(ConvGeom::parse("t", g.str()) == g);
      ++read;
    });
    CHECK(error.find('\n') == std::string::npos);
  }
  CHECK(read > 1000);
  CHECK(read < 19000);
}

TEST_CASE("gemm: the text form reads back, and a wrong one names what is wrong") {
  for (const bool a : {false, true})
    for (const bool b : {false, true}) {
      const GemmGeom g{.batch = 3, .m = 5, .n = 7, .k = 9, .trans_a = a, .trans_b = b};
      CHECK(GemmGeom::parse("t", g.str()).str() == g.str());
    }
  CHECK(GemmGeom::parse("t", "m4n5k6").str() == "b1m4n5k6nn");
  CHECK(has(gemm_error("m4n5k6x"), "has 'x'"));
  CHECK(has(gemm_error("m4n5k6nnn"), "expected nn, nt, tn or tt"));
  CHECK(has(gemm_error("m4k6nn"), "lacks 'n'"));
  CHECK(has(gemm_error("nn"), "is empty"));
  CHECK(has(gemm_error("m0n5k6nn"), "'m' is 0"));
}

}  // namespace sumi::test
