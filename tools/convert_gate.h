// The gate of sumi convert: which images a model converts, passes on and refuses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/image/photo.h"
#include "models/inference/gate.h"

namespace sumi::cli {

struct GateAnswer {
  enum class Kind : std::uint8_t { convert, pass, refuse } kind = Kind::convert;
  std::string reason;  // for people; "" for convert
};

class ConvertGate {
 public:
  // `mode`: auto (images that are in the style pass unchanged; without a gate all are converted),
  // require (images that are not of the model's input domain are refused), off. `direction`: "",
  // "AtoB" or "BtoA". Throws Error "[--gate] ..." for require and a model without a gate, and the
  // errors of read_gate().
  ConvertGate(const std::string& mode, const std::filesystem::path& run_or_checkpoint,
              const std::string& direction);

  // Thread-safe.
  GateAnswer ask(const Photo& photo) const;

 private:
  bool require_ = false, reversed_ = false;
  std::optional<Gate> gate_;
};

}  // namespace sumi::cli
