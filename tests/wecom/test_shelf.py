"""Callbacks that wait at the same moment are written together, and each learns its own fate."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError, connections

from tenants.scoping import tenant_scope
from tests.waiting import wait_until
from tests.wecom.conftest import make_app
from wecom.inbox import shelf
from wecom.models import Landed

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def arrival(key, body="<xml/>"):
    return shelf.Arrival(dedupe_key=key, body=body)


@pytest.fixture
def put_together(monkeypatch):
    """Puts every (app, arrival) so that they wait together, while one before them is written; returns what each was
    told."""

    def put(job):
        app, what = job
        try:
            return shelf.put(tenant_id=app.tenant_id, app_id=app.pk, arrival=what)
        except DatabaseError as error:
            return error
        finally:
            connections.close_all()

    def together(jobs):
        write, may_write = shelf._write, threading.Event()

        def hold_the_first(pen, some):
            if some[0].row[2] == "first":
                assert may_write.wait(60)
            write(pen, some)

        monkeypatch.setattr(shelf, "_write", hold_the_first)
        monkeypatch.setattr(shelf, "_pens", [pen := shelf._Pen()])
        with ThreadPoolExecutor(len(jobs) + 1) as pool:
            first = pool.submit(put, (jobs[0][0], arrival("first")))
            wait_until(lambda: pen.is_held and not pen.waiting, "the first is being written")
            told = [pool.submit(put, job) for job in jobs]
            wait_until(lambda: len(pen.waiting) == len(jobs), "the others wait")
            may_write.set()
            assert first.result(60)
            return [one.result(60) for one in told]

    return together


def keys_of(tenant):
    with tenant_scope(tenant):
        return {row.pk: row.dedupe_key for row in Landed.objects.all()}


def test_what_waits_together_is_stored_each_under_its_own_tenant_and_number(
    tenant, other_tenant, put_together
):
    app, other = make_app(tenant), make_app(other_tenant)
    jobs = [(app, arrival(f"a{number}")) for number in range(5)] + [(app, arrival("a0"))]
    jobs += [(other, arrival(f"b{number}")) for number in range(3)] + [(other, arrival("a0"))]
    ids = put_together(jobs)
    stored = {**keys_of(tenant), **keys_of(other_tenant)}
    assert sorted(keys_of(tenant).values()) == ["a0", "a0", "a1", "a2", "a3", "a4", "first"]
    assert sorted(keys_of(other_tenant).values()) == ["a0", "b0", "b1", "b2"]
    assert [stored[found] for found in ids] == [what.dedupe_key for _, what in jobs]


def test_one_lasting_connection_serves_several_tenants_each_under_its_own_name(
    tenant, other_tenant, monkeypatch
):
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 600)
    monkeypatch.setattr(shelf, "_pens", [pen := shelf._Pen()])
    app, other = make_app(tenant), make_app(other_tenant)
    numbers, lines = [], []
    for who, key in ((app, "a1"), (app, "a2"), (other, "b1"), (app, "a3"), (other, "b2")):
        numbers.append(shelf.put(tenant_id=who.tenant_id, app_id=who.pk, arrival=arrival(key)))
        lines.append(pen.line)
    shelf._close(pen)
    assert len({id(line) for line in lines}) == 1
    assert sorted(keys_of(tenant).values()) == ["a1", "a2", "a3"]
    assert sorted(keys_of(other_tenant).values()) == ["b1", "b2"]
    assert {**keys_of(tenant), **keys_of(other_tenant)} == dict(
        zip(numbers, ["a1", "a2", "b1", "a3", "b2"], strict=True)
    )


def test_more_than_one_statement_holds_are_all_stored(tenant, put_together):
    app = make_app(tenant)
    ids = put_together([(app, arrival(f"{number:02}")) for number in range(2 * shelf.MOST_AT_ONCE + 1)])
    assert len(set(ids)) == len(ids) == len(keys_of(tenant)) - 1


def test_one_that_cannot_be_stored_does_not_take_the_others_with_it(tenant, put_together):
    app = make_app(tenant)
    ids = put_together([(app, arrival("good")), (app, arrival("x" * 65)), (app, arrival("better"))])
    assert isinstance(ids[1], DatabaseError)
    assert sorted(keys_of(tenant).values()) == ["better", "first", "good"]


def test_nobody_is_told_success_when_the_writer_ends_in_the_middle(tenant, monkeypatch, put_together):
    app = make_app(tenant)
    insert = shelf._insert_now

    class Ended(BaseException):
        """What a server raises in a thread that it ends."""

    def end(pen, some):
        if some[0].row[2] != "first":
            raise Ended
        return insert(pen, some)

    monkeypatch.setattr(shelf, "_insert_now", end)
    put = shelf.put

    def put_and_note(**what):
        try:
            return put(**what)
        except Ended:
            return "ended"

    monkeypatch.setattr(shelf, "put", put_and_note)
    told = put_together([(app, arrival(key)) for key in ("one", "two", "three")])
    assert told.count("ended") == 1
    assert sum(isinstance(one, OperationalError) for one in told) == 2
    assert list(keys_of(tenant).values()) == ["first"]
    monkeypatch.setattr(shelf, "_insert_now", insert)
    assert shelf.put(tenant_id=app.tenant_id, app_id=app.pk, arrival=arrival("later"))
