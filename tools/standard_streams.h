// Images from standard input and to standard output.
#pragma once

#include <filesystem>
#include <string_view>

namespace sumi::cli {

// All of standard input as a file without a name, which ends with this object.
class StandardInput {
 public:
  // Reads to the end. Error "[image stdin] ..." for a terminal, nothing, more than 2 GiB, and a
  // failed read.
  StandardInput();
  ~StandardInput();
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

  std::filesystem::path path() const;

 private:
  int file_ = -1;
};

// Error "[write stdout] ..." where not all could be written.
void write_standard_output(std::string_view bytes);
bool standard_output_is_terminal();

}  // namespace sumi::cli
