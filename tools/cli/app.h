// The program: reads the command line, calls one subcommand, and turns every failure into one line
// and an exit code.
#pragma once

namespace sumi::cli {

// The body of main(). Returns 0 for success, 1 for failure, 2 for a usage error; prints errors to
// stderr in one line.
int run_program(int argc, char** argv);

}  // namespace sumi::cli
