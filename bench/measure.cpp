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

// Values shared by consecutive runs of one case and type.
struct Shared {
  const BenchCase* bench_case = nullptr;
  DType dtype{};
  Values values;
  Expected expected;
};

// Seconds per call of a baseline, by repetition. The library first determines how many calls fill
// its time; results of runs with fewer calls are discarded.
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

// A prepared run: its operands, checked. One exists at a time.
struct Ready {
  const BenchRun* row = nullptr;
  std::unique_ptr<Operands> operands;
  Checked checked;
  int together = 1;  // calls between two readings of the clock, which takes a microsecond itself
};

class Bench {
 public:
  Bench(BenchDevice& target, const Roofline& roof) : target_(target), roof_(roof) {}

  void run(benchmark::State& state, const BenchRun& row) {
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
  // Other programs share the CPU's memory bandwidth, which changes within seconds, so it is
  // measured after each repetition.
  Roofline roof_now(const BenchCase& bench_case) {
    if (!target_.on_host() || !bench_case.by_memory()) return roof_;
    if (!stream_) stream_.emplace(target_);
    Roofline now = roof_;
    now.bytes = stream_->rate(3, 0.5);
    return now;
  }

  void count(benchmark::State& state, const BenchRun& row) {
    using benchmark::Counter;
    const auto per_second = [&](double amount) {
      return Counter(amount, Counter::kIsIterationInvariantRate);
    };
    const BenchCase& bench_case = *row.bench_case;
    if (bench_case.by_memory())
      state.counters["GB/s"] = per_second(1e-9 * bench_case.bytes(row.precision.dtype));
    else
      state.counters["GFLOP/s"] = per_second(1e-9 * bench_case.flop);
    state.counters["roofline_percent"] =
        per_second(100 * roof_now(bench_case).seconds(bench_case, row.precision));
    const auto peer = peers_.find(row.group());
    if (peer != peers_.end() && !row.is_peer)
      state.counters["peer_percent"] = per_second(100 * quantile(peer->second.seconds, 0.5));
    // Omitted if 0: its coefficient of variation would be NaN, which JSON cannot represent.
    if (ready_.checked.worst > 0) state.counters["worst_error"] = ready_.checked.worst;
    state.SetLabel(ready_.checked.ran + (bench_case.layer.empty() ? "" : " | " + bench_case.layer));
  }

  void make_ready(const BenchRun& row) {
    if (ready_.row == &row) return;
    ready_ = {};
    ready_.row = &row;
    try {
      share(row);
      const std::size_t bytes = bytes_of(*row.bench_case, row.precision.dtype);
      // Enough sets that a set is reused only after three caches' worth of others.
      const std::size_t sets = std::min<std::size_t>(4096, 1 + 3 * target_.cache_bytes() / bytes);
      ready_.operands = std::make_unique<Operands>(target_, *row.bench_case, row.precision.dtype,
                                                   shared_.values, static_cast<int>(sets));
      ready_.checked = check_run(row, target_, ready_.operands->set(0), shared_.expected);
      if (ready_.checked.error.empty()) warm_up(row);
    } catch (const std::exception& error) {
      ready_.checked.error = error.what();
    }
    failures += !ready_.checked.error.empty();
  }

  void share(const BenchRun& row) {
    if (shared_.bench_case == row.bench_case.get() && shared_.dtype == row.precision.dtype) return;
    shared_ = {
        row.bench_case.get(), row.precision.dtype, values_of(*row.bench_case, row.precision.dtype), {}};
    shared_.expected = expected_of(*row.bench_case, shared_.values);
  }

  void warm_up(const BenchRun& row) {
    const Exec exec = row.prepared(target_.exec());
    const auto call = [&](int i) { row.run(exec, ready_.operands->set(i)); };
    const double once = target_.ms_each(std::min(3, ready_.operands->sets() + 1), call);
    ready_.together = once > 0.5 ? 1 : static_cast<int>(0.5 / (once + 1e-3)) + 1;
  }

  BenchDevice& target_;
  const Roofline& roof_;
  std::optional<Stream> stream_;
  Shared shared_;
  Ready ready_;
  std::map<std::string, PeerTimes> peers_;  // by BenchRun::group()
};

// The CPU convolution algorithm that a run forces, or "".
std::string forced_method(const BenchRun& row, const BenchDevice& target) {
  return target.on_host() && row.bench_case->is_conv() && row.variant != "auto" ? row.variant : "";
}

// `log`: of the convolution.
// The log of a transposed convolution begins with its own name: "conv_transpose_fprop: own
// winograd".
bool ran_as(const std::string& method, const std::string& log) {
  const std::size_t name = log.find(": ");
  const std::string ran = name == std::string::npos ? log : log.substr(name + 2);
  const std::string ran_method = ran.starts_with("onednn")         ? "onednn"
                                 : ran.starts_with("own winograd") ? "winograd"
                                                                   : "own";
  return ran_method == method;
}

}  // namespace

Checked check_run(const BenchRun& row, BenchDevice& target, const Views& views, const Expected& expected) {
  Checked checked;
  KernelLog log;
  row.run(row.prepared(target.exec(&log)), views);
  checked.worst = worst_error(target, *row.bench_case, row.precision.dtype, expected, views);
  for (const std::string& line : log) checked.ran += (checked.ran.empty() ? "" : ", ") + line;
  if (checked.ran.empty()) checked.ran = target.on_host() ? "own" : "cuda";
  if (const std::string method = forced_method(row, target); !method.empty() && !ran_as(method, checked.ran))
    checked.error = fmt::format("NOT THERE: {} of {} in {} was asked for, {} ran", row.variant,
                                row.bench_case->str(), row.precision.name, checked.ran);
  if (!(checked.worst <= row.precision.tolerance))
    checked.error =
        fmt::format("WRONG: {} of {} in {} is off by {:.2g}, more than {:.2g}", row.variant,
                    row.bench_case->str(), row.precision.name, checked.worst, row.precision.tolerance);
  return checked;
}

void register_runs(const std::vector<BenchRun>& rows, BenchDevice& target, const Roofline& roof) {
  const auto bench = std::make_shared<Bench>(target, roof);
  for (const BenchRun& row : rows)
    benchmark::RegisterBenchmark(row.name().c_str(),
                                 [bench, &row](benchmark::State& state) { bench->run(state, row); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
}

int failed_runs() {
  return failures;
}

}  // namespace sumi::bench
