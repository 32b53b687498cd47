"""What must be true of this machine before anything is made on it. Each failure is one line."""

from __future__ import annotations

import importlib.util
import os
import shutil

from launch.errors import LaunchError
from launch.layout import Layout


def require_space(layout: Layout, needed_mb: int) -> None:
    """Raises LaunchError when the disk of the checkout has less free space than needed.

    QUNCE_MIN_FREE_MB replaces the figure.
    """
    needed_mb = int(os.environ.get("QUNCE_MIN_FREE_MB") or needed_mb)
    free_mb = shutil.disk_usage(layout.root).free // (1024 * 1024)
    if free_mb < needed_mb:
        raise LaunchError(
            f"Only {free_mb} MB are free on the disk of {layout.root}, and {needed_mb} MB are needed: "
            f"free some space, or set QUNCE_MIN_FREE_MB to try with less."
        )


def require_venv_module() -> None:
    """Raises LaunchError when this Python cannot make virtual environments (Debian packs that apart)."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise LaunchError(
            "This Python cannot make virtual environments: install its venv module "
            "(Debian and Ubuntu: `apt install python3-venv`) and try again."
        )
