// Options of other programs: pytorch/examples (dcgan), pytorch-CycleGAN-and-pix2pix, PyTorch-GAN,
// AnimeGANv2, stylegan2-ada, lightweight-gan. Those with the same meaning as an option of sumi are
// aliases in its row (models/options).
#pragma once

#include <string>

namespace sumi::cli {

// One line naming sumi's option for another program's, in the command ("sumi train dcgan"); "" for
// unknown words.
std::string peer_text(const std::string& command, const std::string& word);

}  // namespace sumi::cli
