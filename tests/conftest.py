"""What every test stands on: real PostgreSQL and Valkey, two tenants, one clock, only loopback.

The database is built once as a template and copied for each worker, so that migrations run once a session.
"""

import fcntl
import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import psycopg2
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase

from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.services import tenant_sign_up
from tests.emptying import Broom
from wecom.operations import tally

# The same examples in every run and no time limit: a run must not fail by chance or on a slow machine.
# `--hypothesis-profile=roam` looks further.
hypothesis.settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "roam", hypothesis.settings.get_profile("steady"), derandomize=False, max_examples=500
)
hypothesis.settings.load_profile("steady")

OWNER_STATEMENTS = "grant truncate on all tables in schema public to {app}"


def _owner(database: str) -> "psycopg2.extensions.connection":
    own = settings.DATABASES["owner"]
    made = psycopg2.connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"], dbname=database
    )
    made.autocommit = True
    return made


def _run(database: str, *statements: str) -> None:
    link = _owner(database)
    try:
        with link.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        link.close()


def _schema_stamp() -> str:
    """Changes when a migration does, or what migrations are made of."""
    root = Path(settings.BASE_DIR)
    stamp = hashlib.sha256()
    for path in [root / "tenants" / "rls.py", *sorted(root.glob("*/migrations/*.py"))]:
        stamp.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return stamp.hexdigest()


def _build_template(template: str, home: str) -> None:
    stamp = Path(settings.BASE_DIR) / ".local" / f"{template}.stamp"
    wanted = _schema_stamp()
    link = _owner(home)
    with link.cursor() as cursor:
        cursor.execute("select 1 from pg_database where datname = %s", [template])
        exists = cursor.fetchone() is not None
    link.close()
    if exists and stamp.exists() and stamp.read_text() == wanted:
        return
    _run(home, f'drop database if exists "{template}" with (force)', f'create database "{template}"')
    for alias in ("owner", "default"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = template
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    _run(template, OWNER_STATEMENTS.format(app=settings.DATABASES["default"]["USER"]))
    for alias in ("owner", "default"):
        connections[alias].close()
    stamp.write_text(wanted)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest, worker_id: str) -> Iterator[None]:
    """A database of this worker's own, copied from the migrated template."""
    home = settings.DATABASES["owner"]["NAME"]
    name = f"{settings.TEST_DATABASE}_{worker_id}"
    template = f"{settings.TEST_DATABASE}_template"
    lock = Path(settings.BASE_DIR) / ".local" / f"{template}.lock"
    with django_db_blocker.unblock(), lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _build_template(template, home)
        _run(
            home,
            f'drop database if exists "{name}" with (force)',
            f'create database "{name}" template "{template}"',
        )
    for alias in ("owner", "default"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    os.environ["QUNCE_TEST_DATABASE_NAME"] = name
    yield
    with django_db_blocker.unblock():
        for alias in ("owner", "default"):
            connections[alias].close()
        _run(home, f'drop database if exists "{name}" with (force)')


@pytest.fixture(scope="session", autouse=True)
def _empty_what_was_filled() -> Iterator[None]:
    """After a test that commits: in the place of Django's flush, where the owner may."""
    broom = Broom(_owner)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: broom.sweep())
        yield


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test does may leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if host and not str(host).startswith("127.") and host not in {"localhost", "::1"}:
            raise RuntimeError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """What this process has counted for an earlier test is told before all is forgotten, not into this test."""
    tally.tally.flush()
    cache.clear()


class MovableClock:
    """The test's hand on tenants.clock: `clock_at.set(...)`, `clock_at.move(seconds=...)`."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai

    def set(self, moment: datetime) -> None:
        self.moment = moment

    def move(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """Time stands still and moves only by the test's hand."""
    hand = MovableClock()
    monkeypatch.setattr(clock, "now", lambda: hand.moment)
    return hand


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    def make(email: str = "lin@example.com", name: str = "林晓") -> User:
        return User.objects.create_user(email, "correct-horse-9", name=name)

    return make


@pytest.fixture
def tenant(make_user: Callable[..., User]) -> Tenant:
    """Tenant A, owned by lin@example.com."""
    return tenant_sign_up(name="小芽英语", owner=make_user(), brand="小芽英语")


@pytest.fixture
def other_tenant(make_user: Callable[..., User]) -> Tenant:
    """Tenant B, owned by zhou@example.com."""
    return tenant_sign_up(name="青禾家装", owner=make_user("zhou@example.com", "周岚"), brand="青禾")


@pytest.fixture
def owner(tenant: Tenant) -> Actor:
    """The owner of tenant A, acting."""
    return Actor.of_user(User.objects.get(email="lin@example.com"), PERMISSIONS[Role.OWNER])


@pytest.fixture
def plant() -> Callable[[str, list], None]:
    """Run SQL as the owner of the tables, past row-level security: for planting what could leak."""

    def run(sql: str, params: list) -> None:
        link = _owner(connection.settings_dict["NAME"])
        try:
            with link.cursor() as cursor:
                cursor.execute(sql, params)
        finally:
            link.close()

    return run
