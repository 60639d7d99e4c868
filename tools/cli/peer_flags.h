// Flags of programs that people come from: pytorch/examples (dcgan) and pytorch-CycleGAN-and-pix2pix.
#pragma once

#include <string>

namespace sumi::cli {

// Spellings of theirs that mean what the option of the table (models/options/options.h) means, ",--batchSize" for batch-size; "" for most.
std::string peer_spellings(const std::string& option);

// What to write here instead of a flag of theirs that means something else, or nothing, in the command ("sumi train dcgan");
// "" for words that are none of theirs.
std::string peer_text(const std::string& command, const std::string& word);

}  // namespace sumi::cli
