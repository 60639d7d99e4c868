// The program: reads the command line, calls one subcommand, turns every failure into one line and an exit code.
#pragma once

namespace sumi::cli {

// main()'s work. Returns 0: done, 1: something failed, 2: wrong usage; what was wrong is on stderr, in one line.
int run_program(int argc, char** argv);

}  // namespace sumi::cli
