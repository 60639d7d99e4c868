#include "engine/graph/module/tensor_data.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "engine/error.h"
#include "engine/graph/onnx.h"

namespace sumi::graph {
namespace {

using Type = onnx::TensorProto;

std::size_t bytes_of(int type) {
  switch (type) {
    case Type::DOUBLE:
    case Type::INT64:
    case Type::UINT64:
      return 8;
    case Type::FLOAT:
    case Type::INT32:
    case Type::UINT32:
      return 4;
    case Type::FLOAT16:
    case Type::BFLOAT16:
    case Type::INT16:
    case Type::UINT16:
      return 2;
    case Type::INT8:
    case Type::UINT8:
    case Type::BOOL:
      return 1;
    default:
      return 0;  // text, complex numbers, types newer than opset 21
  }
}

float half_to_float(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return fraction != 0 ? NAN : sign * INFINITY;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

template <class T>
T loaded(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);  // ONNX is little-endian, like the machines that sumi runs on
  return value;
}

float real_at(int type, const char* at) {
  switch (type) {
    case Type::FLOAT:
      return loaded<float>(at);
    case Type::DOUBLE:
      return static_cast<float>(loaded<double>(at));
    case Type::FLOAT16:
      return half_to_float(loaded<std::uint16_t>(at));
    default:  // bf16
      return std::bit_cast<float>(static_cast<std::uint32_t>(loaded<std::uint16_t>(at)) << 16);
  }
}

std::int64_t integer_at(int type, const char* at) {
  switch (type) {
    case Type::INT64:
    case Type::UINT64:
      return loaded<std::int64_t>(at);
    case Type::INT32:
      return loaded<std::int32_t>(at);
    case Type::UINT32:
      return loaded<std::uint32_t>(at);
    case Type::INT16:
      return loaded<std::int16_t>(at);
    case Type::UINT16:
      return loaded<std::uint16_t>(at);
    case Type::INT8:
      return loaded<std::int8_t>(at);
    default:  // uint8, bool
      return loaded<std::uint8_t>(at);
  }
}

// Values in the fields of their type instead of raw bytes.
bool from_fields(const Type& t, std::size_t count, Constant& c) {
  const auto size = [&](int n) { return static_cast<std::size_t>(n) == count; };
  switch (t.data_type()) {
    case Type::FLOAT:
      c.reals.assign(t.float_data().begin(), t.float_data().end());
      return size(t.float_data_size());
    case Type::DOUBLE:
      for (const double v : t.double_data()) c.reals.push_back(static_cast<float>(v));
      return size(t.double_data_size());
    case Type::FLOAT16:
    case Type::BFLOAT16:
      for (const std::int32_t v : t.int32_data()) {
        const auto bits = static_cast<std::uint16_t>(v);
        c.reals.push_back(real_at(t.data_type(), reinterpret_cast<const char*>(&bits)));
      }
      return size(t.int32_data_size());
    case Type::INT64:
      c.integers.assign(t.int64_data().begin(), t.int64_data().end());
      return size(t.int64_data_size());
    case Type::UINT32:
    case Type::UINT64:
      for (const std::uint64_t v : t.uint64_data()) c.integers.push_back(static_cast<std::int64_t>(v));
      return size(t.uint64_data_size());
    default:
      c.integers.assign(t.int32_data().begin(), t.int32_data().end());
      return size(t.int32_data_size());
  }
}

std::uint64_t number_in(const std::string& text, const std::string& shown, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    fail(shown, fmt::format("external data with {} '{}', which is not a number", what, text));
  return value;
}

}  // namespace

bool is_real(int type) {
  return type == Type::FLOAT || type == Type::DOUBLE || type == Type::FLOAT16 || type == Type::BFLOAT16;
}

ConstantPtr TensorSource::constant(const onnx::TensorProto& t) const {
  const std::size_t width = bytes_of(t.data_type());
  if (width == 0)
    fail(shown_, fmt::format("tensor {} has the type {}, which is not supported", t.name(), t.data_type()));
  if (t.dims_size() > kMostRank) fail(shown_, "tensor " + t.name() + " has too many dimensions");
  if (t.has_segment()) fail(shown_, "tensor " + t.name() + " is in segments, which are not supported");
  auto result = std::make_shared<Constant>();
  Constant& c = *result;
  c.real = is_real(t.data_type());
  c.type = t.data_type();
  c.dims.assign(t.dims().begin(), t.dims().end());
  const auto count = static_cast<std::size_t>(count_of(c.dims));
  std::string_view raw = t.raw_data();
  if (t.data_location() == Type::EXTERNAL) {
    raw = external(t, count * width);
  } else if (raw.empty() && count > 0) {
    if (!from_fields(t, count, c))
      fail(shown_, fmt::format("tensor {} of {} has another number of values", t.name(), text_of(c.dims)));
    return result;
  }
  if (raw.size() != count * width)
    fail(shown_, fmt::format("tensor {} of {} has {} bytes instead of {}", t.name(), text_of(c.dims),
                             raw.size(), count * width));
  if (c.real)
    c.reals.resize(count);
  else
    c.integers.resize(count);
  if (t.data_type() == Type::FLOAT && count > 0) {
    std::memcpy(c.reals.data(), raw.data(), raw.size());
    return result;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const char* at = raw.data() + i * width;
    if (c.real)
      c.reals[i] = real_at(t.data_type(), at);
    else
      c.integers[i] = integer_at(t.data_type(), at);
  }
  return result;
}

// A name in the model's own folder: no folders in it, and no link behind it.
const std::string& TensorSource::file(const onnx::TensorProto& t, const std::string& name) const {
  const auto known = files_.find(name);
  if (known != files_.end()) return known->second;
  if (folder_.empty()) fail(shown_, "tensor " + t.name() + " is in another file");
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos)
    fail(shown_,
         fmt::format("tensor {} is in '{}'; external data must be in the model's folder", t.name(), name));
  const std::filesystem::path path = folder_ / name;
  const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status {};
  const bool good = fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_size <= static_cast<off_t>(kMostOnnxBytes);
  std::string bytes;
  if (good) {
    bytes.resize(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    for (ssize_t n = 1; done < bytes.size() && n > 0;
         done += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
      n = ::read(fd, bytes.data() + done, bytes.size() - done);
    bytes.resize(done);
  }
  if (fd >= 0) ::close(fd);
  if (!good)
    fail(shown_, fmt::format("its weights are in {}, which is missing, a link or not a plain file; put that "
                             "file beside the model",
                             path.string()));
  return files_.emplace(name, std::move(bytes)).first->second;
}

std::string_view TensorSource::external(const onnx::TensorProto& t, std::uint64_t bytes) const {
  std::string name;
  std::uint64_t offset = 0, length = bytes;
  for (const auto& entry : t.external_data()) {
    if (entry.key() == "location") name = entry.value();
    if (entry.key() == "offset") offset = number_in(entry.value(), shown_, "offset");
    if (entry.key() == "length") length = number_in(entry.value(), shown_, "length");
  }
  const std::string& data = file(t, name);
  if (length != bytes || offset > data.size() || length > data.size() - offset)
    fail(shown_, fmt::format("tensor {} needs {} bytes at {} of {}, which has {}", t.name(), bytes, offset,
                             name, data.size()));
  return std::string_view(data).substr(offset, length);
}

}  // namespace sumi::graph
