#include "tools/convert_pipeline.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace sumi::cli {
namespace {

using ItemPtr = std::unique_ptr<ConvertItem>;

void run_stage(const std::function<void(ConvertItem&)>& stage, ConvertItem& item, double& seconds) {
  if (!item.error.empty()) return;
  const auto start = std::chrono::steady_clock::now();
  stage(item);
  seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Pipeline {
 public:
  Pipeline(const std::vector<ConvertJob>& jobs, const ConvertThreads& threads, const ConvertStages& stages,
           double max_pixels)
      : jobs_(jobs),
        stages_(stages),
        max_pixels_(max_pixels),
        last_pixels_(max_pixels),
        // Of each kind one in work for every thread, and one that waits.
        max_items_(static_cast<std::size_t>(threads.load + threads.compute + threads.save) + 2),
        loaders_(threads.load),
        computers_(threads.compute) {}

  void load_all() {
    for (ItemPtr item = next_job(); item; item = next_job()) {
      run_stage(stages_.load, *item, item->load_seconds);
      const std::lock_guard lock(mutex_);
      // photo and result, until the item is gone
      last_pixels_ = static_cast<double>(item->photo.pixels());
      pixels_ += last_pixels_;
      loaded_.push_back(std::move(item));
      --loading_;
      changed_.notify_all();
    }
    leave(loaders_);
  }

  void compute_all() {
    for (ItemPtr item = take(loaded_, loaders_); item; item = take(loaded_, loaders_)) {
      {
        const std::lock_guard lock(mutex_);
        if (stages_.stop()) {
          pixels_ -= static_cast<double>(item->photo.pixels());
          --items_;
          changed_.notify_all();
          continue;
        }
        stages_.begin(*item);
      }
      run_stage(stages_.compute, *item, item->compute_seconds);
      const std::lock_guard lock(mutex_);
      computed_.push_back(std::move(item));
      changed_.notify_all();
    }
    leave(computers_);
  }

  void save_all() {
    for (ItemPtr item = take(computed_, computers_); item; item = take(computed_, computers_)) {
      const auto pixels = static_cast<double>(item->photo.pixels());
      run_stage(stages_.save, *item, item->save_seconds);
      const std::lock_guard lock(mutex_);
      stages_.done(*item);
      item.reset();
      pixels_ -= pixels;
      --items_;
      changed_.notify_all();
    }
  }

 private:
  ItemPtr next_job() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      return stages_.stop() || items_ == 0 ||
             (items_ < max_items_ && pixels_ + loading_ * last_pixels_ < max_pixels_);
    });
    if (next_ == jobs_.size() || stages_.stop()) return nullptr;
    ++items_;
    ++loading_;
    auto item = std::make_unique<ConvertItem>();
    item->job = jobs_[next_++];
    return item;
  }

  // Null when the queue is empty and its `writers` are gone.
  ItemPtr take(std::deque<ItemPtr>& queue, const int& writers) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !queue.empty() || writers == 0; });
    if (queue.empty()) return nullptr;
    ItemPtr item = std::move(queue.front());
    queue.pop_front();
    return item;
  }

  void leave(int& threads) {
    const std::lock_guard lock(mutex_);
    --threads;
    changed_.notify_all();
  }

  const std::vector<ConvertJob>& jobs_;
  const ConvertStages& stages_;
  double max_pixels_, last_pixels_;  // last_pixels_: of the last that was loaded; so many the next may have
  std::size_t max_items_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int loaders_, computers_;  // threads that are still at work
  int loading_ = 0;
  std::size_t next_ = 0, items_ = 0;  // items_: on their way
  double pixels_ = 0;                 // of those that are loaded
  std::deque<ItemPtr> loaded_, computed_;
};

void run_one_by_one(const std::vector<ConvertJob>& jobs, const ConvertStages& stages) {
  for (const ConvertJob& job : jobs) {
    if (stages.stop()) return;
    ConvertItem item;
    item.job = job;
    run_stage(stages.load, item, item.load_seconds);
    stages.begin(item);
    run_stage(stages.compute, item, item.compute_seconds);
    run_stage(stages.save, item, item.save_seconds);
    stages.done(item);
  }
}

}  // namespace

void run_pipeline(const std::vector<ConvertJob>& jobs, const ConvertThreads& threads,
                  const ConvertStages& stages, double max_pixels) {
  if (jobs.size() < 2) return run_one_by_one(jobs, stages);
  Pipeline pipeline(jobs, threads, stages, max_pixels);
  std::promise<bool> go;
  const std::shared_future<bool> all_started = go.get_future().share();
  std::vector<std::jthread> others;
  const auto start = [&](int count, void (Pipeline::*work)()) {
    for (int i = 0; i < count; ++i)
      others.emplace_back([&pipeline, all_started, work] {
        if (all_started.get()) (pipeline.*work)();
      });
  };
  try {
    start(threads.load, &Pipeline::load_all);
    start(threads.compute - 1, &Pipeline::compute_all);
    start(threads.save, &Pipeline::save_all);
  } catch (const std::system_error&) {  // the system grants no more threads
    go.set_value(false);
    others.clear();
    return run_one_by_one(jobs, stages);
  }
  go.set_value(true);
  pipeline.compute_all();
}

}  // namespace sumi::cli
