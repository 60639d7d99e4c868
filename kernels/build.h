// What this build of the kernels was made with.
#pragma once

namespace sumi::kernels {

// Whose convolutions the CPU backend runs where they are faster: "oneDNN", or "own kernels" without
// it.
const char* cpu_library();

// True where the CUDA kernels run in the emulation on the host (kernels/emu), not on a GPU.
bool cuda_is_emulated();

}  // namespace sumi::kernels
