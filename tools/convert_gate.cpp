#include "tools/convert_gate.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"
#include "models/make_model.h"

namespace sumi::cli {

ConvertGate::ConvertGate(const std::string& mode, const std::filesystem::path& run_or_checkpoint,
                         const std::string& direction)
    : require_(mode == "require"), reversed_(direction == "BtoA") {
  if (mode == "off") return;
  const std::filesystem::path checkpoint = resolve_checkpoint(run_or_checkpoint);
  if (const auto weights = read_gate(checkpoint))
    gate_.emplace(*weights);
  else if (require_)
    fail("--gate",
         fmt::format("require is not possible: {} has no gate; attach one with sumi gate --attach, or leave "
                     "the option out",
                     checkpoint.string()));
}

GateAnswer ConvertGate::ask(const Photo& photo) const {
  if (!gate_) return {};
  const GateScores scores = gate_->scores(photo);
  const GateVerdict verdict = Gate::judge(scores, reversed_);
  const auto& names = gate_->names();
  const auto kind = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  if (verdict == GateVerdict::already)
    return {GateAnswer::Kind::pass,
            fmt::format("is in the style already ({} {:.3f}): passed through unchanged", names[kind],
                        scores[kind])};
  if (verdict == GateVerdict::convert || !require_) return {};
  return {GateAnswer::Kind::refuse,
          fmt::format("is not of the kind that the model was made for ({}: {} {:.2f}, {} {:.2f}, {} {:.2f}); "
                      "convert it anyway with --gate off",
                      names[reversed_ ? gate_b : gate_a], names[0], scores[0], names[1], scores[1], names[2],
                      scores[2])};
}

}  // namespace sumi::cli
