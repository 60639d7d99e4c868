// sumi evaluate --votes: the votes that people gave on a page of blind pairs.
#include "models/judges/votes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/evaluate_arguments.h"

namespace sumi::cli {
namespace {

std::string verdict(const Votes& votes) {
  const Interval interval = votes.interval();
  if (votes.decided() == 0) return "no pair was decided";
  if (interval.low > 0.5) return votes.a + " is preferred";
  if (interval.high < 0.5) return votes.b + " is preferred";
  return fmt::format(
      "no difference is shown: the interval contains one half; with {} decided votes a share "
      "from {:.0f} to {:.0f} % proves nothing",
      votes.decided(), 100 * interval.low, 100 * interval.high);
}

}  // namespace

int evaluate_votes(const EvaluateArguments& args) {
  const Votes votes = read_votes({args.votes.begin(), args.votes.end()});
  const Interval interval = votes.interval(), left = wilson_interval(static_cast<double>(votes.left),
                                                                     static_cast<double>(votes.decided()));
  if (args.json) {
    const nlohmann::ordered_json json = {{"a", votes.a},
                                         {"b", votes.b},
                                         {"question", votes.question},
                                         {"voters", votes.voters},
                                         {"for_a", votes.for_a},
                                         {"for_b", votes.for_b},
                                         {"neither", votes.neither},
                                         {"share_a", votes.share_a()},
                                         {"low", interval.low},
                                         {"high", interval.high},
                                         {"left", votes.left},
                                         {"right", votes.right}};
    return fmt::print("{}\n", json.dump(2)), 0;
  }
  fmt::print("{}\n\n", printable(votes.question));
  const auto row = [](const std::string& name, std::size_t count) {
    fmt::print("{:>6}  {}\n", count, printable(name));
  };
  row(votes.a, votes.for_a);
  row(votes.b, votes.for_b);
  row("neither", votes.neither);
  fmt::print("\n{} of {} decided votes for {}: {:.0f} %, 95 % interval {:.0f} to {:.0f} %\n", votes.for_a,
             votes.decided(), printable(votes.a), 100 * votes.share_a(), 100 * interval.low,
             100 * interval.high);
  fmt::print("{}\n", printable(verdict(votes)));
  if (votes.decided() > 0 && (left.low > 0.5 || left.high < 0.5))
    fmt::print("the {} image was chosen in {} of {} decided votes: the voters may prefer a side\n",
               left.low > 0.5 ? "left" : "right", left.low > 0.5 ? votes.left : votes.right, votes.decided());
  return 0;
}

}  // namespace sumi::cli
