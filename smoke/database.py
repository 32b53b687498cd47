"""A fresh database for each smoke run, beside the others of the same server."""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from smoke.processes import ROOT

NAME = "qunce_smoke"
ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


def renamed(url: str, name: str = NAME) -> str:
    """The same server and login, another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def make_fresh(
    owner_url: str, environment: dict[str, str], name: str = NAME, *, is_server_killed: bool = True
) -> None:
    """Drop what an earlier run left, create, migrate as the owner. `environment` names the new database.

    Where nobody kills the server, a commit need not wait for the disk: a killed client loses nothing by that.
    """
    link = psycopg2.connect(owner_url)
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute(f'drop database if exists "{name}" with (force)')
        cursor.execute(f'create database "{name}"')
        if not is_server_killed:
            cursor.execute(f'alter database "{name}" set synchronous_commit = off')
    link.close()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--database", "owner", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env=dict(os.environ) | environment,
        check=True,
    )
