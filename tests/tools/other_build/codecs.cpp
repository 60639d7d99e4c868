// A codec module that matches no program.
#include "engine/image/codecs.h"

namespace sumi::io {

extern "C" const Codecs* sumi_codecs() {
  static const Codecs table{"0.0.0-other", nullptr, nullptr};
  return &table;
}

}  // namespace sumi::io
