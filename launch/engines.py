"""Both engines together: start, stop, tell, and what the product needs to know about them."""

from __future__ import annotations

import os

from launch import state
from launch.errors import LaunchError
from launch.layout import Layout
from launch.postgres import APP, OWNER, Postgres
from launch.preflight import require_space
from launch.valkey import Valkey

ENGINES_MIN_FREE_MB = 400
ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


def wanted(layout: Layout) -> list[Postgres | Valkey]:
    """The embedded engines to run: one is left out when the environment names an external one."""
    engines: list[Postgres | Valkey] = []
    if not os.environ.get("DATABASE_URL"):
        engines.append(Postgres(layout))
    elif not os.environ.get("DATABASE_OWNER_URL"):
        raise LaunchError("DATABASE_URL is set, so set DATABASE_OWNER_URL too: migrations run as the owner.")
    if not os.environ.get("REDIS_URL"):
        engines.append(Valkey(layout))
    return engines


def stopped(layout: Layout) -> list[str]:
    """Names of the wanted embedded engines that do not run now."""
    return [type(engine).__name__ for engine in wanted(layout) if not engine.running_port()]


def up(layout: Layout) -> list[str]:
    """Have the engines running; names of those that were started by this call. Fast when all run.

    Raises LaunchError.
    """
    if not stopped(layout):
        return []
    with layout.lock():
        require_space(layout, ENGINES_MIN_FREE_MB)
        return [type(engine).__name__ for engine in wanted(layout) if engine.up()]


def down(layout: Layout, names: list[str] | None = None) -> list[str]:
    """Stop the embedded engines, or those in `names`; names of those that were running."""
    if not layout.local.exists():
        return []
    engines: list[Valkey | Postgres] = [Valkey(layout), Postgres(layout)]
    with layout.lock():
        return [
            type(engine).__name__
            for engine in engines
            if (names is None or type(engine).__name__ in names) and engine.down()
        ]


def status(layout: Layout) -> dict[str, int | None]:
    """Port by engine name, None for one that does not run."""
    engines: list[Postgres | Valkey] = [Postgres(layout), Valkey(layout)]
    return {type(engine).__name__: engine.running_port() for engine in engines}


def environment(layout: Layout) -> dict[str, str]:
    """What the product reads from the environment. Keys that are set already win; the engines must be up."""
    made: dict[str, str] = {}
    for engine in wanted(layout):
        if isinstance(engine, Postgres):
            made["DATABASE_URL"] = engine.url(APP)
            made["DATABASE_OWNER_URL"] = engine.url(OWNER)
        else:
            made["REDIS_URL"] = engine.url()
    keys = state.keys(layout)
    settable = {
        "QUNCE_CLOCK_FILE": str(layout.clock_file),
        "QUNCE_SECRET_KEY": keys["secret_key"],
        "QUNCE_FIELD_KEY": keys["field_key"],
    }
    external = {name: os.environ[name] for name in ADDRESSES if name not in made}
    return external | made | {name: os.environ.get(name) or value for name, value in settable.items()}
