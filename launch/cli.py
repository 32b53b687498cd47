"""The commands of `python -m launch`."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time

from launch import assets, checks, demo, engines, setup
from launch.errors import LaunchError
from launch.layout import Layout


def main(arguments: list[str]) -> int:
    """Run one command; its exit code. Problems are one line on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(Layout.here(), options) or 0)
    except LaunchError as error:
        print(f"qunce: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m launch", description="Start Qunce on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    engine = commands.add_parser("engines", help="PostgreSQL and Valkey of this checkout")
    engine.add_argument("action", choices=["up", "down", "status"])
    engine.set_defaults(act=_engines)
    env = commands.add_parser("env", help="start the engines and print lines for a shell's `eval`")
    env.set_defaults(act=_env)
    run = commands.add_parser("run", help="start the engines and run a command with their addresses set")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    run.set_defaults(act=_run)
    npm = commands.add_parser("npm", help="the npm that this checkout uses")
    npm.add_argument("arguments", nargs=argparse.REMAINDER)
    npm.set_defaults(act=_npm)
    for name, act, told in (
        ("setup", _setup, "install what the locks name"),
        ("prepare", _prepare, "start the engines and compile what the tests need"),
        ("check", _check, "every habit of the project"),
        ("demo", _demo, "everything on one machine, until Ctrl-C"),
        ("memory", _memory, "resident memory of the running demo"),
        ("stop", _stop, "stop the demo and the engines"),
        ("clean", _clean, "remove what was made in this checkout"),
    ):
        commands.add_parser(name, help=told).set_defaults(act=act)
    return parser


def _engines(layout: Layout, options: argparse.Namespace) -> int:
    if options.action == "status":
        ports = engines.status(layout)
        for name, port in ports.items():
            print(f"{name}: {f'running on port {port}' if port else 'stopped'}")
        return 0 if all(ports.values()) else 3
    if options.action == "up" and not engines.wanted(layout):
        print("DATABASE_URL and REDIS_URL name external engines; nothing to start")
        return 0
    began = time.monotonic()
    changed = engines.up(layout) if options.action == "up" else engines.down(layout)
    if options.action == "up":
        what = f"{' and '.join(changed)} started" if changed else "Engines are running already"
    else:
        what = f"{' and '.join(changed)} stopped" if changed else "No engine was running"
    print(f"{what} ({time.monotonic() - began:.1f} s)")
    return 0


def _env(layout: Layout, options: argparse.Namespace) -> None:
    engines.up(layout)
    for name, value in engines.environment(layout).items():
        print(f"export {name}={shlex.quote(value)}")


def _run(layout: Layout, options: argparse.Namespace) -> None:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise LaunchError("Nothing to run: say `python -m launch run -- COMMAND`.")
    engines.up(layout)
    try:
        os.execvpe(command[0], command, os.environ | engines.environment(layout))
    except FileNotFoundError:
        raise LaunchError(f"{command[0]} was not found: is it installed in this checkout's .venv?") from None


def _npm(layout: Layout, options: argparse.Namespace) -> int:
    npm, environment = setup.find_npm(layout)
    return subprocess.run(
        [*npm, *options.arguments], check=False, cwd=layout.root, env=environment
    ).returncode


def _setup(layout: Layout, options: argparse.Namespace) -> None:
    setup.ensure(layout)


def _prepare(layout: Layout, options: argparse.Namespace) -> None:
    engines.up(layout)
    assets.prepare(layout, assets.TEST_STEPS)


def _check(layout: Layout, options: argparse.Namespace) -> int:
    engines.up(layout)
    return checks.run(layout)


def _demo(layout: Layout, options: argparse.Namespace) -> int:
    return demo.Demo(layout).run()


def _memory(layout: Layout, options: argparse.Namespace) -> int:
    return demo.memory(layout)


def _stop(layout: Layout, options: argparse.Namespace) -> None:
    stopped = (["Demo"] if demo.stop(layout) else []) + engines.down(layout)
    print(f"{', '.join(stopped)} stopped" if stopped else "Nothing was running")


def _clean(layout: Layout, options: argparse.Namespace) -> None:
    _stop(layout, options)
    for link in (layout.local / "postgres", layout.local / "valkey"):
        if link.is_symlink():  # Started by root, the data may lie elsewhere (launch/account.py).
            shutil.rmtree(link.resolve().parent, ignore_errors=True)
    for path in (layout.local, layout.venv, layout.root / "node_modules"):
        shutil.rmtree(path, ignore_errors=True)
