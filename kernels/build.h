// Build configuration of the kernels.
#pragma once

namespace sumi::kernels {

// The library that the CPU backend uses for convolutions where it is faster: "oneDNN", or "own
// kernels" in builds without it.
const char* cpu_library();

// Returns true if the CUDA kernels run in the host emulation (kernels/emu), not on a GPU.
bool cuda_is_emulated();

}  // namespace sumi::kernels
