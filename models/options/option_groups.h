// Groups of groups: settings that many models have.
#pragma once

namespace sumi {

class OptionTable;

// Every model.
struct CommonOptions {
  static void add_rows(OptionTable& table);
};

// Every GAN that generates images from noise.
struct NoiseGanOptions {
  static void add_rows(OptionTable& table);
};

// Those whose generator also has batch norm and upsamples.
struct ConvGanOptions {
  static void add_rows(OptionTable& table);
};

// Every GAN that translates images.
struct TranslationGanOptions {
  static void add_rows(OptionTable& table);
};

}  // namespace sumi
