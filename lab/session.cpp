#include "lab/session.h"

#include <cmath>
#include <cstdlib>

#include "engine/error.h"

namespace sumi::lab {

std::string Session::describe(const std::string& name) {
  fail_unknown("description", name);
}

std::unique_ptr<Session> open_session(const std::string& kind) {
  if (kind == "gan") return open_gan();
  if (kind == "convolution") return open_convolution();
  if (kind == "photo") return open_photo();
  fail_unknown("kind of session", kind);
}

double number_in(const std::string& key, const std::string& value, double low, double high) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0' || !(number >= low && number <= high))
    fail(key, "'" + value + "' is not a number from " + std::to_string(low) + " to " + std::to_string(high));
  return number;
}

void fail_unknown(const char* what, const std::string& name) {
  fail("lab", std::string("unknown ") + what + " '" + name + "'");
}

}  // namespace sumi::lab
