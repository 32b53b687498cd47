"""How far a read is, that it goes on wherever it was cut off, and what people are told of it."""

from datetime import timedelta

import pytest
from django.db import connection

from tenants import clock
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.wecom import arrive
from tests.wecom.conftest import event_xml, make_app
from wecom import services
from wecom.enums import AppState
from wecom.models import App, InboundEvent, LostChange, SyncState
from wecom.reading import readings, sync
from wecom.reading.sync import ClaimLost, Lost

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def syncers(monkeypatch):
    table = {}
    monkeypatch.setattr(sync, "_syncers", table)
    return table


@pytest.fixture
def scoped(tenant):
    with tenant_scope(tenant):
        yield tenant


class Reader:
    """Reads ten things one by one, and dies or rests where it is told to."""

    def __init__(self, *, dies_at=()):
        self.read, self.dies_at = [], list(dies_at)

    def __call__(self, tenant_id, progress):
        for number in range(progress.position.get("next", 0), 10):
            if self.dies_at and self.dies_at[0] == number:
                self.dies_at.pop(0)
                raise KeyboardInterrupt
            self.read.append(number)
            progress(number + 1, 10, doing=f"群{number}", position={"next": number + 1})
            progress.rest()


def expire():
    """The killed worker's lease runs out."""
    SyncState.objects.update(leased_until=None)


def test_a_killed_worker_costs_nothing_that_was_told(scoped, app, syncers):
    syncers["groups"] = reader = Reader(dies_at=[4, 7])
    services.sync_request(scoped.pk)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            sync.run_due(tenant_id=scoped.pk)
        assert sync.run_due(tenant_id=scoped.pk) == 0  # its lease still holds
        expire()
    assert sync.run_due(tenant_id=scoped.pk) == 1
    assert reader.read == list(range(10))
    row = SyncState.objects.get()
    assert (row.position, row.done, row.total, row.finished_at is None) == ({}, 10, 10, False)


def test_a_slice_ends_and_the_rest_comes_in_a_task_of_its_own(scoped, app, syncers, queued, monkeypatch):
    syncers["groups"] = reader = Reader()
    monkeypatch.setattr(sync, "SLICE_S", 0.0)
    progress_of = sync.Progress
    monkeypatch.setattr(sync, "Progress", lambda **given: progress_of(**{**given, "slice_s": 0.0}))
    services.sync_request(scoped.pk)
    queued.clear()
    assert sync.run_due(tenant_id=scoped.pk) == 0
    assert reader.read == [0]
    assert queued == [("wecom.run_syncs", {"tenant_id": scoped.pk})]
    (reading,) = readings.readings(tenant_id=scoped.pk)
    assert (reading.state, reading.done, reading.total, reading.doing) == ("rests", 1, 10, "群0")
    for _ in range(9):
        sync.run_due(tenant_id=scoped.pk)
    assert sync.run_due(tenant_id=scoped.pk) == 1
    assert reader.read == list(range(10))


def test_asking_again_does_not_start_a_resting_read_anew(scoped, app, syncers):
    syncers["groups"] = reader = Reader(dies_at=[6])
    services.sync_request(scoped.pk)
    with pytest.raises(KeyboardInterrupt):
        sync.run_due(tenant_id=scoped.pk)
    expire()
    services.sync_request(scoped.pk)
    sync.run_due(tenant_id=scoped.pk)
    assert reader.read == list(range(10))


def test_a_read_that_stood_still_for_a_night_begins_anew(scoped, app, syncers, frozen):
    syncers["groups"] = reader = Reader(dies_at=[6])
    services.sync_request(scoped.pk)
    with pytest.raises(KeyboardInterrupt):
        sync.run_due(tenant_id=scoped.pk)
    expire()
    frozen.move(hours=13)
    sync.run_due(tenant_id=scoped.pk)
    assert reader.read == [*range(6), *range(10)]


def test_a_worker_that_overslept_its_lease_writes_nothing_more(scoped, app, syncers):
    seen = []

    def slow(tenant_id, progress):
        progress(1, 10, position={"next": 1})
        expire()
        syncers["groups"] = Reader()
        sync.run_due(tenant_id=tenant_id)
        try:
            progress(2, 10, position={"next": 2})
        except ClaimLost:
            seen.append("stopped")
            raise

    syncers["groups"] = slow
    services.sync_request(scoped.pk)
    sync.run_due(tenant_id=scoped.pk)
    row = SyncState.objects.get()
    assert seen == ["stopped"]
    assert (row.done, row.position, row.error) == (10, {}, "")


def test_lost_changes_are_counted_by_kind_and_subject_and_none_in_a_first_read(scoped, app, syncers, frozen):
    def finds(tenant_id, progress):
        progress.lost(
            [
                Lost("wr1", "一群", "members", 3),
                Lost("wr2", "二群", "about"),
                Lost("wr3", "三群", "members", 0),
            ]
        )
        return progress.lost_count

    syncers["groups"] = finds
    services.sync_request(scoped.pk)
    sync.run_due(tenant_id=scoped.pk)
    assert LostChange.objects.count() == 0
    frozen.move(days=1)
    sync.run_due(tenant_id=scoped.pk)
    assert SyncState.objects.get().lost_events == 4
    assert {key: one.count for key, one in readings.lost_of(
        tenant_id=scoped.pk, what="groups", subject_ids=["wr1", "wr2", "wr3"]
    ).items()} == {"wr1": 3, "wr2": 1}  # fmt: skip
    frozen.move(days=100)
    syncers["groups"] = lambda tenant_id, progress: 0
    sync.run_due(tenant_id=scoped.pk)
    assert (LostChange.objects.count(), SyncState.objects.get().lost_events) == (0, 0)


@pytest.mark.parametrize(
    ("done", "total", "since", "took_s", "left_s"),
    [
        (100, 1000, 0, 50.0, 450.0),
        (600, 1000, 500, 50.0, 200.0),  # the pace of this stretch, not of the whole
        (2, 1000, 0, 50.0, None),
        (1000, 1000, 0, 50.0, None),
        (999, 1000, 0, 50.0, 10.0),
    ],
)
def test_the_time_left_goes_by_the_present_pace(done, total, since, took_s, left_s):
    assert readings.seconds_left(done=done, total=total, since=since, took_s=took_s) == left_s


def heard(app, at):
    numbers = arrive(app, event_xml(at=int(at.timestamp())))
    InboundEvent.objects.filter(pk__in=numbers).update(received_at=at)


def lost(tenant, at):
    LostChange.objects.create(tenant=tenant, what="groups", subject_id="wr1", kind="members", found_at=at)


def test_callbacks_that_do_not_arrive_are_called_so(scoped, app, frozen):
    def state():
        return readings.callbacks_of(tenant_id=scoped.pk, app=App.objects.get()).state

    assert state() == "never"
    heard(app, frozen.moment)
    assert state() == "arrive"
    lost(scoped, frozen.moment + timedelta(hours=3))
    assert state() == "arrive"  # one was lost, the others come
    lost(scoped, frozen.moment + timedelta(hours=13))
    assert state() == "silent"
    heard(app, frozen.moment + timedelta(hours=14))
    assert state() == "arrive"
    App.objects.update(state=AppState.BROKEN)
    assert state() == "stopped"


# --- pages


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_the_page_shows_bar_estimate_and_what_is_read(tenant, app, signed_in, syncers):
    syncers["groups"] = Reader()
    with tenant_scope(tenant):
        SyncState.objects.create(
            tenant=tenant, what="groups", done=2500, total=10_000, doing="小芽英语启蒙01群", next_at=clock.now(),
            position={"app": app.pk},
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                "update wecom_syncstate set stretch_at = clock_timestamp() - interval '250 s', "
                "step_at = clock_timestamp(), leased_until = clock_timestamp() + interval '60 s' where tenant_id = %s",
                [tenant.pk],
            )
    text = signed_in.get(
        f"/t/{tenant.slug}/settings/wecom/status/", headers={"accept-language": "en"}
    ).content.decode()
    assert "小芽英语启蒙01群" in text
    assert "25%" in text
    assert "12:30" in text  # 7,500 groups at ten a second
    assert 'hx-trigger="every 4s"' in text
    assert "<progress" in text
    assert "style=" not in text


def test_what_was_missed_is_listed_with_its_subject(tenant, app, signed_in, other_tenant):
    with tenant_scope(other_tenant):
        make_app(other_tenant, corp_id="wwother")
        LostChange.objects.create(
            tenant=other_tenant,
            what="groups",
            subject_id="wrB",
            title="别家的群",
            kind="members",
            found_at=clock.now(),
        )
    with tenant_scope(tenant):
        for number in range(3):
            LostChange.objects.create(
                tenant=tenant, what="groups", subject_id=f"wr{number}", title=f"小芽0{number}群", kind="members",
                count=2, found_at=clock.now(),
            )  # fmt: skip
    text = signed_in.get(f"/t/{tenant.slug}/settings/wecom/missed/").content.decode()
    assert "小芽00群" in text
    assert "别家的群" not in text
    assert "groups/?q=" in text
    none = signed_in.get(f"/t/{tenant.slug}/settings/wecom/missed/?what=customers").content.decode()
    assert "小芽00群" not in none
