"""Loopback ports."""

from __future__ import annotations

import os
import socket

from launch.errors import LaunchError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: connections of a stopped server that still linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers(port: int, *, timeout_s: float = 1.0) -> bool:
    """Whether anything accepts a connection on this loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=timeout_s).close()
    except OSError:
        return False
    return True


def any_free() -> int:
    """A port that is free now. Another process may take it first, so callers try again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def engine_port(variable: str, remembered: int | None) -> int:
    """The port for an engine: the one the user asked for, else the remembered one, else any free one.

    Raises LaunchError when the user asked for a port that is taken.
    """
    asked = os.environ.get(variable)
    if asked:
        port = as_port(variable, asked)
        if not is_free(port):
            raise LaunchError(
                f"Port {port} ({variable}) is taken: choose another, or leave {variable} unset."
            )
        return port
    if remembered and is_free(remembered):
        return remembered
    return any_free()


def as_port(variable: str, text: str) -> int:
    """A port number from a variable. Raises LaunchError when it is none."""
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise LaunchError(f"{variable}={text} is not a port: give a number from 1 to 65535.")


def first_free(start: int) -> int:
    """The first free loopback port from `start` on, within a hundred."""
    for port in range(start, start + 100):
        if is_free(port):
            return port
    raise LaunchError(f"No free port from {start} to {start + 99}: stop something, or set the port yourself.")
