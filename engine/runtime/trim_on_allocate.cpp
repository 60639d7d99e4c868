#include "engine/runtime/trim_on_allocate.h"

#include <atomic>

namespace sumi {
namespace {

std::atomic<int> scopes{0};

}  // namespace

TrimOnAllocate::TrimOnAllocate() {
  ++scopes;
}
TrimOnAllocate::~TrimOnAllocate() {
  --scopes;
}
bool TrimOnAllocate::on() {
  return scopes > 0;
}

}  // namespace sumi
