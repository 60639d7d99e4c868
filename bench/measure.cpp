#include "bench/measure.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>

#include "bench/clock.h"
#include "bench/operands.h"

namespace sumi::bench {
namespace {

int failures = 0;

// What all rows of one work and type share, kept while they follow each other.
struct Shared {
  const Work* work = nullptr;
  DType dtype{};
  Values values;
  Expected expected;
};

// Seconds of a call of a peer, by repetition. The library first seeks how many calls fill its time: of runs with fewer calls
// nothing is kept.
struct PeerTimes {
  benchmark::IterationCount calls = 0;
  std::vector<double> seconds;

  void add(benchmark::IterationCount n, double each) {
    if (n < calls) return;
    if (n > calls) seconds.clear();
    calls = n;
    seconds.push_back(each);
  }
};

// A row made ready: its operands, checked. One lives at a time.
struct Ready {
  const Row* row = nullptr;
  std::unique_ptr<Operands> operands;
  Checked checked;
  int together = 1;  // calls between two looks at the clock, which itself takes a microsecond
};

class Bench {
 public:
  Bench(Target& target, const Roofline& roof) : target_(target), roof_(roof) {}

  void run(benchmark::State& state, const Row& row) {
    make_ready(row);
    if (!ready_.checked.error.empty()) {
      state.SkipWithError(ready_.checked.error.c_str());
      return;
    }
    const Exec exec = row.prepared(target_.exec());
    int turn = 0;
    const auto call = [&](int) { row.run(exec, ready_.operands->set(turn++)); };
    double seconds = 0;
    for (auto _ : state) {
      const double each = 1e-3 * target_.ms_each(ready_.together, call);
      state.SetIterationTime(each);
      seconds += each;
    }
    target_.wait();
    if (row.is_peer)
      peers_[row.group()].add(state.iterations(), seconds / static_cast<double>(state.iterations()));
    count(state, row);
  }

 private:
  // The CPU's memory belongs to neighbors too, and its rate changes within seconds: measured after each repetition.
  Roofline roof_now(const Work& work) {
    if (!target_.on_host() || !work.by_memory()) return roof_;
    if (!stream_) stream_.emplace(target_);
    Roofline now = roof_;
    now.bytes = stream_->rate(3, 0.5);
    return now;
  }

  void count(benchmark::State& state, const Row& row) {
    using benchmark::Counter;
    const auto per_second = [&](double amount) {
      return Counter(amount, Counter::kIsIterationInvariantRate);
    };
    const Work& work = *row.work;
    if (work.by_memory())
      state.counters["GB/s"] = per_second(1e-9 * work.bytes(row.precision.dtype));
    else
      state.counters["GFLOP/s"] = per_second(1e-9 * work.flop);
    state.counters["roofline_percent"] = per_second(100 * roof_now(work).seconds(work, row.precision));
    const auto peer = peers_.find(row.group());
    if (peer != peers_.end() && !row.is_peer)
      state.counters["peer_percent"] = per_second(100 * quantile(peer->second.seconds, 0.5));
    // Left out where it is 0: its coefficient of variation would be NaN, which JSON does not have.
    if (ready_.checked.worst > 0) state.counters["worst_error"] = ready_.checked.worst;
    state.SetLabel(ready_.checked.ran + (work.layer.empty() ? "" : " | " + work.layer));
  }

  void make_ready(const Row& row) {
    if (ready_.row == &row) return;
    ready_ = {};
    ready_.row = &row;
    try {
      share(row);
      const std::size_t bytes = bytes_of(*row.work, row.precision.dtype);
      // Enough sets that one comes round when three caches' worth of others have passed.
      const std::size_t sets = std::min<std::size_t>(4096, 1 + 3 * target_.cache_bytes() / bytes);
      ready_.operands = std::make_unique<Operands>(target_, *row.work, row.precision.dtype, shared_.values,
                                                   static_cast<int>(sets));
      ready_.checked = check_row(row, target_, ready_.operands->set(0), shared_.expected);
      if (ready_.checked.error.empty()) warm_up(row);
    } catch (const std::exception& error) {
      ready_.checked.error = error.what();
    }
    failures += !ready_.checked.error.empty();
  }

  void share(const Row& row) {
    if (shared_.work == row.work.get() && shared_.dtype == row.precision.dtype) return;
    shared_ = {row.work.get(), row.precision.dtype, values_of(*row.work, row.precision.dtype), {}};
    shared_.expected = expected_of(*row.work, shared_.values);
  }

  void warm_up(const Row& row) {
    const Exec exec = row.prepared(target_.exec());
    const auto call = [&](int i) { row.run(exec, ready_.operands->set(i)); };
    const double once = target_.ms_each(std::min(3, ready_.operands->sets() + 1), call);
    ready_.together = once > 0.5 ? 1 : static_cast<int>(0.5 / (once + 1e-3)) + 1;
  }

  Target& target_;
  const Roofline& roof_;
  std::optional<Stream> stream_;
  Shared shared_;
  Ready ready_;
  std::map<std::string, PeerTimes> peers_;  // by Row::group()
};

// The method of the CPU's convolutions that a row forces; "" where it forces none.
std::string forced_method(const Row& row, const Target& target) {
  return target.on_host() && row.work->is_conv() && row.variant != "auto" ? row.variant : "";
}

// `log`: what the convolution logged.
// A transposed convolution's log begins with its own name: "conv_transpose_fprop: own winograd".
bool ran_as(const std::string& method, const std::string& log) {
  const std::size_t name = log.find(": ");
  const std::string ran = name == std::string::npos ? log : log.substr(name + 2);
  const std::string ran_method = ran.starts_with("onednn")         ? "onednn"
                                 : ran.starts_with("own winograd") ? "winograd"
                                                                   : "own";
  return ran_method == method;
}

}  // namespace

Checked check_row(const Row& row, Target& target, const Views& views, const Expected& expected) {
  Checked checked;
  KernelLog log;
  row.run(row.prepared(target.exec(&log)), views);
  checked.worst = worst_error(target, *row.work, row.precision.dtype, expected, views);
  for (const std::string& line : log) checked.ran += (checked.ran.empty() ? "" : ", ") + line;
  if (checked.ran.empty()) checked.ran = target.on_host() ? "own" : "cuda";
  if (const std::string method = forced_method(row, target); !method.empty() && !ran_as(method, checked.ran))
    checked.error = fmt::format("NOT THERE: {} of {} in {} was asked for, {} ran", row.variant,
                                row.work->str(), row.precision.name, checked.ran);
  if (!(checked.worst <= row.precision.tolerance))
    checked.error = fmt::format("WRONG: {} of {} in {} is off by {:.2g}, more than {:.2g}", row.variant,
                                row.work->str(), row.precision.name, checked.worst, row.precision.tolerance);
  return checked;
}

void register_rows(const std::vector<Row>& rows, Target& target, const Roofline& roof) {
  const auto bench = std::make_shared<Bench>(target, roof);
  for (const Row& row : rows)
    benchmark::RegisterBenchmark(row.name().c_str(),
                                 [bench, &row](benchmark::State& state) { bench->run(state, row); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
}

int failed_rows() {
  return failures;
}

}  // namespace sumi::bench
