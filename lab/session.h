// The lab (docs/lab): sumi's engine behind one small interface, compiled to WebAssembly for its pages
// and natively for the tests. A page opens a session and works with it by names alone.
#pragma once

#include <memory>
#include <string>

#include "engine/tensor.h"

namespace sumi::lab {

// All tensors are f32 on the CPU. Every function throws Error for an unknown name.
class Session {
 public:
  virtual ~Session() = default;
  // Changes a setting. Throws Error naming a value that is not possible.
  virtual void set(const std::string& key, const std::string& value) = 0;
  // Gives the session its data, weights or points.
  virtual void put(const std::string& name, const Tensor& values) = 0;
  // Performs an action. Returns the number of calls that are left to complete it, 0 for most.
  virtual int run(const std::string& action) = 0;
  virtual Tensor get(const std::string& name) = 0;
  // Names and places of the parts of a tensor, one line each: "NAME FIRST COUNT SHAPE".
  virtual std::string describe(const std::string& name);
};

std::unique_ptr<Session> open_gan();          // gan.h
std::unique_ptr<Session> open_convolution();  // convolution.cpp
std::unique_ptr<Session> open_photo();        // photo.cpp

// Returns a session by kind: gan, convolution or photo.
std::unique_ptr<Session> open_session(const std::string& kind);

// `value` as a number in [low, high]. Throws Error naming the key for any other text.
double number_in(const std::string& key, const std::string& value, double low, double high);

[[noreturn]] void fail_unknown(const char* what, const std::string& name);

}  // namespace sumi::lab
