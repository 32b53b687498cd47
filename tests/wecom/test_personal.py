"""Members' own mass sends count against WeCom's limit: read once, late, twice, after a crash, and cheaply."""

from datetime import timedelta

import pytest
from django.db import connection

from tenants import clock
from tenants.scoping import tenant_scope, unscoped
from wecom import selectors, tasks
from wecom.enums import PERSONAL_POLL_MIN
from wecom.models import PersonalFeed, PersonalSend, QuotaEntry
from wecom.sending import personal

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def corp(tenant, live, simulator, frozen):
    simulator.set_time(frozen.moment)
    found = simulator.ask("GET", f"/sim/corps/{live.corp_id}")
    ledger = simulator.ask("GET", f"/sim/ledger?corp_id={live.corp_id}")
    tie = next(one for one in ledger["relations"] if one["status"] == "full")
    return {**found["groups"][0], "friend": tie["external_userid"], "staff": tie["userid"]}


def send(simulator, live, corp, text="自己发的", **to):
    to = to or {"chat_type": "group", "chat_ids": [corp["chat_id"]]}
    userid = corp["owner"] if "chat_ids" in to else corp["staff"]
    return simulator.act("staff/personal-mass-send", corp_id=live.corp_id, userid=userid, text=text, **to)[
        "msgid"
    ]


def read(tenant, frozen, simulator):
    frozen.move(minutes=PERSONAL_POLL_MIN.default, seconds=1)
    simulator.set_time(frozen.moment)
    with tenant_scope(tenant):
        return personal.read(tenant_id=tenant.pk)


def entries(tenant):
    with tenant_scope(tenant):
        return list(QuotaEntry.objects.values_list("receiver_kind", "receiver_id", "source", "vendor_msgid"))


def asked(simulator, name):
    return sum(n for path, n in simulator.calls().items() if name in path)


def test_a_members_sends_to_a_group_and_a_friend_use_up_the_limit(tenant, live, simulator, corp, frozen):
    in_group = send(simulator, live, corp)
    to_friend = send(simulator, live, corp, external_userids=[corp["friend"]])
    assert read(tenant, frozen, simulator) == 2
    assert sorted(entries(tenant)) == [
        ("customer", corp["friend"], "personal", to_friend),
        ("group", corp["chat_id"], "personal", in_group),
    ]
    day = clock.local_date(frozen.moment, tenant.timezone)
    with tenant_scope(tenant):
        left = selectors.quota_left_many(
            tenant_id=tenant.pk, receiver_kind="group", receiver_ids=[corp["chat_id"]], day=day
        )[corp["chat_id"]]
    assert (left.left, left.by_members, left.by_company) == (30, 1, 0)


def test_a_second_reading_counts_nothing_twice_and_asks_only_for_lists(tenant, live, simulator, corp, frozen):
    send(simulator, live, corp)
    read(tenant, frozen, simulator)
    before = [asked(simulator, name) for name in ("get_groupmsg_list_v2", "get_groupmsg_task", "send_result")]
    assert read(tenant, frozen, simulator) == 0
    after = [asked(simulator, name) for name in ("get_groupmsg_list_v2", "get_groupmsg_task", "send_result")]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 0, 0]
    assert len(entries(tenant)) == 1
    with tenant_scope(tenant):
        assert personal.read(tenant_id=tenant.pk) == 0  # not due: not even asked
    assert asked(simulator, "get_groupmsg_list_v2") == after[0]


def test_a_worker_that_died_between_list_and_cursor_is_made_good(
    tenant, live, simulator, corp, frozen, monkeypatch
):
    send(simulator, live, corp)
    with monkeypatch.context() as patched:
        patched.setattr(personal, "_settle_due", lambda client: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            read(tenant, frozen, simulator)
    assert entries(tenant) == []
    with tenant_scope(tenant), connection.cursor() as cursor:
        assert personal.read(tenant_id=tenant.pk) == 0  # its lease still runs
        cursor.execute("update wecom_personalfeed set leased_until = clock_timestamp() - interval '1 second'")
    assert read(tenant, frozen, simulator) == 1
    assert len(entries(tenant)) == 1


def test_one_still_being_dispatched_is_asked_about_later(tenant, live, simulator, corp, frozen):
    send(simulator, live, corp)
    simulator.faults(live.corp_id, dispatch_s=3600)
    assert read(tenant, frozen, simulator) == 0
    with tenant_scope(tenant):
        row = PersonalSend.objects.get()
        assert row.next_at > frozen.moment
        assert PersonalFeed.objects.get().error == ""
    simulator.faults(live.corp_id, dispatch_s=0)
    assert read(tenant, frozen, simulator) == 1
    assert len(entries(tenant)) == 1


def test_a_long_silence_is_read_from_a_month_back_and_no_further(tenant, live, simulator, corp, frozen):
    send(simulator, live, corp)
    frozen.move(days=29, hours=23)
    assert read(tenant, frozen, simulator) == 1
    frozen.move(days=45)
    assert read(tenant, frozen, simulator) == 0
    assert len(entries(tenant)) == 1


def test_a_rate_limit_is_waited_for(tenant, live, simulator, corp, frozen):
    send(simulator, live, corp)
    limit = {"path": "externalcontact/get_groupmsg_list_v2", "calls": 0, "window_s": 1}
    simulator.faults(live.corp_id, rate_limit=limit)
    read(tenant, frozen, simulator)
    with tenant_scope(tenant):
        feed = PersonalFeed.objects.get()
    assert (feed.error_code, feed.next_at) == (45009, frozen.moment + timedelta(seconds=60))
    frozen.move(seconds=61)
    simulator.faults(live.corp_id, rate_limit={})
    assert read(tenant, frozen, simulator) == 1


def test_the_tick_asks_for_connected_companies_whose_time_has_come(
    tenant, live, simulator, corp, frozen, queued
):
    tasks.poll_personal_sends()
    assert queued == [("wecom.read_personal_sends", {"tenant_id": tenant.pk})]
    read(tenant, frozen, simulator)
    with unscoped("the test looks as the tick does"):
        assert personal.tenants_with_due() == []
    frozen.move(minutes=PERSONAL_POLL_MIN.default)
    with unscoped("the test looks as the tick does"):
        assert personal.tenants_with_due() == [tenant.pk]
