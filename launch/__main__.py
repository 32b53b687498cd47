"""`python -m launch`. Kept readable for old interpreters, so that they can be told what to do."""

import os
import sys


def _python_problem():
    needed = tuple(int(part) for part in os.environ.get("QUNCE_MIN_PYTHON", "3.11").split("."))
    if sys.version_info[: len(needed)] >= needed:
        return None
    return "Python %s found, but Qunce needs %s or newer: install it, then say `make PYTHON=/path/to/python3`." % (
        ".".join(str(part) for part in sys.version_info[:3]),
        ".".join(str(part) for part in needed),
    )


if __name__ == "__main__":
    problem = _python_problem()
    if problem:
        sys.stderr.write("qunce: " + problem + "\n")
        sys.exit(1)
    from launch.cli import main

    sys.exit(main(sys.argv[1:]))
