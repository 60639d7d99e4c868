#include "tools/run_program.h"

int main(int argc, char** argv) {
  return sumi::cli::run_program(argc, argv);
}
