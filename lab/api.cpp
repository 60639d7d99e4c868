#include "lab/api.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/runtime/device.h"
#include "lab/session.h"

namespace sumi::lab {
namespace {

struct State {
  std::string error, text;
  std::vector<float> values;
  std::array<std::int32_t, 4> shape{};
  std::int32_t next = 1;
  std::map<std::int32_t, std::unique_ptr<Session>> sessions;
};
State& state() {
  static State the;
  return the;
}

Session& session_of(std::int32_t handle) {
  const auto found = state().sessions.find(handle);
  if (found == state().sessions.end()) fail("lab", "session " + std::to_string(handle) + " is not open");
  return *found->second;
}

template <class F>
std::int32_t guarded(const F& f) {
  try {
    return f();
  } catch (const std::exception& error) {
    state().error = error.what();
    return -1;
  }
}

}  // namespace
}  // namespace sumi::lab

using sumi::lab::guarded;
using sumi::lab::session_of;
using sumi::lab::state;

const char* lab_error() {
  return state().error.c_str();
}

void* lab_allocate(std::int32_t bytes) {
  return std::malloc(static_cast<std::size_t>(bytes));
}
void lab_release(void* memory) {
  std::free(memory);
}

std::int32_t lab_open(const char* kind) {
  return guarded([&] {
    // The library's own convolutions, so that every build gives the same bits.
    sumi::set_conv_policy({sumi::ConvBackend::native});
    state().sessions[state().next] = sumi::lab::open_session(kind);
    return state().next++;
  });
}

void lab_close(std::int32_t session) {
  state().sessions.erase(session);
}

std::int32_t lab_set(std::int32_t session, const char* key, const char* value) {
  return guarded([&] { return session_of(session).set(key, value), 0; });
}

std::int32_t lab_put(std::int32_t session, const char* name, const float* values, std::int32_t n,
                     std::int32_t h, std::int32_t w, std::int32_t c) {
  return guarded([&] {
    const sumi::Shape shape{n, h, w, c};
    if (n < 1 || h < 1 || w < 1 || c < 1) sumi::fail(name, "has the empty shape " + shape.str());
    const std::vector<float> copy(values, values + shape.count());
    session_of(session).put(name, sumi::Tensor::from(copy, shape, sumi::DType::f32, {}));
    return 0;
  });
}

std::int32_t lab_run(std::int32_t session, const char* action) {
  return guarded([&] { return session_of(session).run(action); });
}

std::int32_t lab_get(std::int32_t session, const char* name) {
  return guarded([&] {
    const sumi::Tensor tensor = session_of(session).get(name);
    const sumi::Shape& s = tensor.shape();
    state().values = tensor.to_vector<float>();
    for (int i = 0; i < 4; ++i) state().shape[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(s[i]);
    return static_cast<std::int32_t>(s.count());
  });
}
const float* lab_values() {
  return state().values.data();
}
const std::int32_t* lab_shape() {
  return state().shape.data();
}

const char* lab_describe(std::int32_t session, const char* name) {
  const bool good = guarded([&] { return state().text = session_of(session).describe(name), 0; }) == 0;
  return good ? state().text.c_str() : nullptr;
}
