// Work done ahead on threads, delivered in order.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace sumi::io {

// produce(i) runs for i = first, first + 1, ... on `workers` threads, at most `ahead` results
// beyond those that next() has delivered. next() returns them in order, so the result does not
// depend on the number of workers. With 0 workers next() calls produce itself. An exception in
// produce(i) is thrown by the next() that would have delivered i, and by every later one. produce
// must be thread-safe and outlive this object.
template <class T>
class OrderedPipeline {
 public:
  OrderedPipeline(int workers, int ahead, std::int64_t first, std::int64_t last,
                  std::function<T(std::int64_t)> produce)
      : produce_(std::move(produce)),
        ahead_(std::max(ahead, workers)),
        last_(last),
        taken_(first),
        delivered_(first) {
    for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
  }
  // Waits only for the items in progress.
  ~OrderedPipeline() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    room_.notify_all();
    for (auto& t : threads_) t.join();
  }
  OrderedPipeline(const OrderedPipeline&) = delete;
  OrderedPipeline& operator=(const OrderedPipeline&) = delete;

  // Must not be called more often than there are items up to `last`.
  T next() {
    if (threads_.empty()) {
      T result = produce_(delivered_);
      ++delivered_;
      return result;
    }
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return done_.count(delivered_) != 0; });
    const auto it = done_.find(delivered_);
    // stays, so that the next call fails in the same way
    if (it->second.error) std::rethrow_exception(it->second.error);
    T result = std::move(*it->second.value);
    done_.erase(it);
    ++delivered_;
    lock.unlock();
    room_.notify_all();
    return result;
  }

 private:
  struct Outcome {
    std::optional<T> value;
    std::exception_ptr error;
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [this] { return stop_ || taken_ >= last_ || taken_ < delivered_ + ahead_; });
      if (stop_ || taken_ >= last_) return;
      const auto index = taken_++;
      lock.unlock();
      Outcome outcome;
      try {
        outcome.value = produce_(index);
      } catch (...) {
        outcome.error = std::current_exception();
      }
      lock.lock();
      if (outcome.error) last_ = std::min(last_, index + 1);  // later items will not be delivered
      done_.emplace(index, std::move(outcome));
      arrived_.notify_all();
    }
  }

  const std::function<T(std::int64_t)> produce_;
  const std::int64_t ahead_;
  std::int64_t last_, taken_, delivered_;
  std::map<std::int64_t, Outcome> done_;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable room_, arrived_;
  std::vector<std::thread> threads_;
};

}  // namespace sumi::io
