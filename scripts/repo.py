"""Shared by the check scripts: the list of the project's files, and the report at the end."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(root=ROOT):
    """Every file of the project, relative to its root: tracked or not ignored; without git, all files except builds."""
    try:
        listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, check=True, text=True).stdout.split("\0")
        names = sorted(set(filter(None, listed)))
    except (OSError, subprocess.CalledProcessError):
        names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
        names = [name for name in names if not name.startswith(("build", ".git/", "runs/"))]
    return [name for name in names if (root / name).is_file()]


def finish(check, problems, count):
    """Prints every problem and one closing line; exits 1 if there are problems."""
    for problem in problems:
        print(problem)
    print(f"{check}: {count} files, " + (f"{len(problems)} problems" if problems else "no problem"))
    sys.exit(1 if problems else 0)


def self_test(check, cases, run):
    """Each case is (input, number of problems that must be found)."""
    for given, want in cases:
        found = run(given)
        if len(found) != want:
            print(f"{check} --self-test: {given!r}: {want} problems expected, found {found}")
            sys.exit(1)
    print(f"{check} --self-test: {len(cases)} planted cases, all classified correctly")
    sys.exit(0)
