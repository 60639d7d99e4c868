#include "kernels/emu/access_scope.h"

#include "kernels/emu/access_recorder.h"

namespace sumi::emu {

AccessScope::AccessScope(std::uint64_t most_blocks)
    : recorder_(std::make_unique<AccessRecorder>(most_blocks)) {
  AccessRecorder::current = recorder_.get();
}
AccessScope::~AccessScope() {
  AccessRecorder::current = nullptr;
}
const std::vector<LaunchAccesses>& AccessScope::launches() const {
  return recorder_->launches();
}

void note_access(const void* address, std::size_t bytes, bool write, const void* pc) {
  if (AccessRecorder::current && Block::current)
    AccessRecorder::current->note(*Block::current, address, bytes, write, pc);
}

}  // namespace sumi::emu
