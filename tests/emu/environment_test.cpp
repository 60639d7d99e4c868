// The emulator's environment variables, in separate processes.
#include <doctest/doctest.h>

#include <cstdio>

#include "tests/emu/helpers.h"

using namespace test_emu;

namespace {

std::string child(const std::string& environment) {
  return sumi::test::output_of_case("emu child: who runs when", environment);
}

}  // namespace

TEST_CASE("emu child: who runs when" * doctest::skip()) {
  OnDevice<int> log(std::vector<int>(9));
  int* p = log.get();
  std::string text = "order:";
  try {
    run("who", 2, 4, [=] { p[++p[0]] = static_cast<int>(blockIdx.x * 4 + threadIdx.x); });
    const std::vector<int> got = log.read();
    for (std::size_t i = 1; i < got.size(); ++i) text += " " + std::to_string(got[i]);
  } catch (const sumi::Error& error) {
    text = error.what();
  }
  std::printf("%s\n", text.c_str());
}

TEST_CASE("emu: the environment chooses orders, the first thread, verify mode and the size of memory") {
  const std::string clean = "SUMI_EMU_ORDER= SUMI_EMU_FIRST= SUMI_EMU_VERIFY= ";
  CHECK(has(child(clean), "order: 0 1 2 3 4 5 6 7\n"));
  CHECK(has(child(clean + "SUMI_EMU_ORDER=descending"), "order: 7 6 5 4 3 2 1 0\n"));
  CHECK(has(child(clean + "SUMI_EMU_FIRST=1,2"), "order: 6 4 5 7 2 0 1 3\n"));
  const std::string shuffled = child(clean + "SUMI_EMU_ORDER=11");
  CHECK(has(shuffled, "order: "));
  CHECK_FALSE(has(shuffled, "order: 0 1 2 3 4 5 6 7\n"));
  CHECK(child(clean + "SUMI_EMU_ORDER=11") == shuffled);
  CHECK(has(child(clean + "SUMI_EMU_VERIFY=1"),
            "[emu] kernel who, block (0,0,0): the result depends on the thread order"));
  CHECK(has(child(clean + "SUMI_EMU_ORDER=upwards"), "SUMI_EMU_ORDER is \"upwards\""));
  CHECK(has(child(clean + "SUMI_EMU_MEMORY_MB=none"), "SUMI_EMU_MEMORY_MB is not a positive number"));
}
