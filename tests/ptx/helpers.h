// Small PTX texts run on the emulated device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/emu/ptx/witness.h"
#include "tests/emu/helpers.h"

namespace test_ptx {

using namespace sumi::emu::ptx;
using sumi::test::error_of, sumi::test::has;
using test_emu::OnDevice;

// A kernel "k" with these lines as its body. Registers: %p, %rs, %r, %rd, %f, %fd, 0 to 39 of each.
std::string kernel_text(const std::string& body, const std::string& parameters = ".param .u64 out");

// Runs kernel "k" of a text with these argument words of 8 bytes each, and waits. Throws
// sumi::Error.
void run_text(const std::string& text, dim3 grid, dim3 block, const std::vector<std::uint64_t>& arguments);

// Runs the body in one thread and returns %rd0 at its end. `parameter` is in %rd1 before, which is
// stored nowhere else.
std::uint64_t result_of(const std::string& body, std::uint64_t parameter = 0);

// The same where the result is a register: "%f3" is returned as its bits, from a body that sets it.
std::uint64_t word_of(const std::string& body, const std::string& result);
float float_of(const std::string& body, const std::string& result = "%f0");

}  // namespace test_ptx
