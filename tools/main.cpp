#include "tools/cli/app.h"

int main(int argc, char** argv) {
  return sumi::cli::run_program(argc, argv);
}
