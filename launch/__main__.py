"""`python -m launch`. Kept readable for old interpreters, so that they can be told what to do."""

import os
import sys


def _python_problem() -> "str | None":
    wanted = os.environ.get("QUNCE_MIN_PYTHON", "3.11")
    if sys.version_info >= tuple(int(part) for part in wanted.split(".")):
        return None
    found = ".".join(str(part) for part in sys.version_info[:3])
    return (
        "Python " + found + " found, but Qunce needs " + wanted + " or newer: "
        "install it, then say `make PYTHON=/path/to/python3`."
    )


if __name__ == "__main__":
    problem = _python_problem()
    if problem:
        sys.stderr.write("qunce: " + problem + "\n")
        sys.exit(1)
    # Only now: older interpreters cannot read the rest of this package.
    from launch.cli import main

    sys.exit(main(sys.argv[1:]))
