// Published weights from the user's safetensors file, for networks that are not trained.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/serialize/checkpoint.h"

namespace sumi {

class FrozenWeights {
 public:
  // `network` is the name in errors; `names` is a sentence that says which tensors its file has.
  FrozenWeights(const std::filesystem::path& path, std::string network, std::string names);

  // Throws Error "[features FILE] ..." if it is missing.
  const WeightFile::Entry& find(const std::string& name) const;
  // Checks that the tensor exists, has this shape and a readable type, and is finite.
  std::vector<double> values(const std::string& name, const std::vector<std::int64_t>& shape) const;
  [[noreturn]] void refuse(const std::string& text) const;

 private:
  std::string where_, network_, names_;
  WeightFile file_;
  std::map<std::string, const WeightFile::Entry*> entries_;
};

// gamma, beta, running mean and variance of a batch norm.
struct FrozenNorm {
  std::vector<double> gamma, beta, mean, var;
  double eps;
};
// Folds the norm that follows a convolution w [k,...] without bias: scales w and returns the bias.
std::vector<double> fold_norm(std::vector<double>& w, const FrozenNorm& norm);

}  // namespace sumi
