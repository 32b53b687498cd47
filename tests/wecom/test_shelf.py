"""Callbacks that wait at the same moment are written together, and each learns its own fate."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError, connections

from tenants.scoping import tenant_scope
from tests.wecom.conftest import make_app
from wecom.inbox import shelf
from wecom.models import InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def arrival(key, body="<xml/>"):
    return shelf.Arrival(dedupe_key=key, body=body, inner=None)


def put_all(jobs):
    """Every (app, arrival) at once, while somebody else holds the pen, so that they wait together."""

    def put(job):
        app, what = job
        try:
            return shelf.put(tenant_id=app.tenant_id, app_id=app.pk, arrival=what)
        except DatabaseError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        with shelf._pen:
            futures = [pool.submit(put, job) for job in jobs]
            gathered = threading.Event()
            while len(shelf._waiting) < len(jobs):
                gathered.wait(0.01)
        return [future.result(30) for future in futures]


def keys_of(tenant):
    with tenant_scope(tenant):
        return {row.pk: row.dedupe_key for row in InboundEvent.objects.all()}


def test_what_waits_together_is_stored_once_each_under_its_own_tenant(tenant, other_tenant):
    app, other = make_app(tenant), make_app(other_tenant)
    jobs = [(app, arrival(f"a{number}")) for number in range(5)] + [(app, arrival("a0"))]
    jobs += [(other, arrival(f"b{number}")) for number in range(3)] + [(other, arrival("a0"))]
    ids = put_all(jobs)
    stored = {**keys_of(tenant), **keys_of(other_tenant)}
    assert sorted(keys_of(tenant).values()) == [f"a{number}" for number in range(5)]
    assert sorted(keys_of(other_tenant).values()) == ["a0", "b0", "b1", "b2"]
    assert [ids[0], ids[5]].count(None) == 1  # the same event twice: one is new, the other is known
    assert all(stored[found] == what.dedupe_key for found, (_, what) in zip(ids, jobs, strict=True) if found)


def test_one_that_cannot_be_stored_does_not_take_the_others_with_it(tenant):
    app = make_app(tenant)
    ids = put_all([(app, arrival("good")), (app, arrival("x" * 65)), (app, arrival("better"))])
    assert isinstance(ids[1], DatabaseError)
    assert sorted(keys_of(tenant).values()) == ["better", "good"]


def test_nobody_is_told_success_when_the_writer_ends_in_the_middle(tenant, monkeypatch):
    app = make_app(tenant)

    class Ended(BaseException):
        """What a server raises in a thread that it ends."""

    def end(some):
        raise Ended

    monkeypatch.setattr(shelf, "_insert_now", end)
    told = []

    def put(key):
        try:
            told.append(shelf.put(tenant_id=app.tenant_id, app_id=app.pk, arrival=arrival(key)))
        except (Ended, OperationalError) as error:
            told.append(type(error).__name__)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool, shelf._pen:
        for key in ("one", "two", "three"):
            pool.submit(put, key)
        gathered = threading.Event()
        while len(shelf._waiting) < 3:
            gathered.wait(0.01)
    assert sorted(told) == ["Ended", "OperationalError", "OperationalError"]
    assert keys_of(tenant) == {}
