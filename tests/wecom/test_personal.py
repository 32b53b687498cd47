"""Mass sends not made here count against WeCom's limit: read once, late, twice, after a crash, and cheaply."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from outbox.models import EventRow
from tenants import clock
from tenants.models import Preference
from tenants.scoping import tenant_scope, unscoped
from wecom import selectors, tasks
from wecom.calls.moments import Moments
from wecom.enums import OWN_MOMENTS_COUNT, PERSONAL_POLL_MIN, AppState
from wecom.errors import Permanent
from wecom.gateway.client import WecomClient
from wecom.models import App, OutboundSend, OwnReach, PersonalFeed, PersonalSend, QuotaEntry
from wecom.sending import personal
from wecom.sending.own_reach import own_key

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


@pytest.fixture
def console(live, simulator):
    """Who else makes mass sends for the company: WeCom's console and other apps look alike in its list."""
    other = simulator.ask("POST", f"/sim/corps/{live.corp_id}/apps", name="console")
    app = App(
        pk=live.pk + 1, tenant_id=live.tenant_id, corp_id=live.corp_id, agent_id=other["agentid"],
        secret=other["secret"], state=AppState.CONNECTED,
    )  # fmt: skip
    return WecomClient(app)


def make(console, corp):
    made = console.mass_sends.add(
        chat_type="group", sender=corp["owner"], chat_id_list=[corp["chat_id"]], text="公司发的"
    )
    return made["msgid"]


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
        left = selectors.quota_left(
            tenant_id=tenant.pk, receiver_kind="group", receiver_ids=[corp["chat_id"]], day=day
        )
    assert left == {corp["chat_id"]: 30}


def test_a_send_from_wecoms_console_uses_up_the_limit_when_its_sender_let_it_go(
    tenant, live, simulator, corp, frozen, console
):
    msgid = make(console, corp)
    read(tenant, frozen, simulator)
    assert entries(tenant) == []
    simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, userid=corp["owner"], msgid=msgid)
    frozen.move(hours=1)
    read(tenant, frozen, simulator)
    assert entries(tenant) == [("group", corp["chat_id"], "corp", msgid)]


def ours(tenant, live, msgid):
    with tenant_scope(tenant):
        OutboundSend.objects.create(
            tenant=tenant,
            app=live,
            kind="mass_send",
            key=f"k{msgid}",
            payload={},
            state="done",
            vendor_id=msgid,
        )


def test_a_send_of_ours_is_counted_where_it_was_planned_and_not_again(
    tenant, live, simulator, corp, frozen, console
):
    known, in_flight = make(console, corp), make(console, corp)
    ours(tenant, live, known)
    read(tenant, frozen, simulator)
    with tenant_scope(tenant):
        assert [one.msgid for one in PersonalSend.objects.all()] == [in_flight]
    for msgid in (known, in_flight):
        simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, userid=corp["owner"], msgid=msgid)
    ours(tenant, live, in_flight)  # its answer came after WeCom listed it
    frozen.move(hours=1)
    read(tenant, frozen, simulator)
    with tenant_scope(tenant):
        assert not PersonalSend.objects.exists()
    assert entries(tenant) == []


def test_a_counted_send_that_a_person_later_says_was_ours_is_given_back(
    tenant, live, simulator, corp, frozen, console
):
    msgid = make(console, corp)
    simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, userid=corp["owner"], msgid=msgid)
    frozen.move(hours=1)
    read(tenant, frozen, simulator)
    assert len(entries(tenant)) == 1
    ours(tenant, live, msgid)
    frozen.move(days=2)
    read(tenant, frozen, simulator)
    assert entries(tenant) == []


def test_of_a_send_by_very_many_each_round_asks_about_some(
    tenant, live, simulator, corp, frozen, monkeypatch, console
):
    monkeypatch.setattr(personal, "TASKS_AT_ONCE", 1)
    tasks_told = [{"userid": name, "status": personal.SENT} for name in ("c", "a", "b")]
    asked_about = []

    class Told:
        def tasks(self, *, msgid):
            return iter(tasks_told)

        def results(self, *, msgid, userid):
            asked_about.append(userid)
            return iter([{"chat_id": f"of-{userid}", "status": personal.REACHED}])

    client = SimpleNamespace(mass_sends=Told())
    for tries in range(3):
        row = PersonalSend(msgid="m", chat_type="group", made_at=frozen.moment, tries=tries)
        reached, is_over = personal._reached(client, row)
        assert ([one.receiver_id for got in reached for one in got.told], is_over) == (
            [f"of-{asked_about[-1]}"],
            False,
        )
    assert asked_about == ["a", "b", "c"]


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


def reach(tenant):
    with tenant_scope(tenant):
        return sorted(OwnReach.objects.values_list("kind", "receiver_id", "sender", "sent_at", "counts"))


def test_whom_own_sends_and_posts_reached_is_kept_once_and_told(tenant, live, simulator, corp, frozen):
    began = frozen.moment
    send(simulator, live, corp)
    send(simulator, live, corp, external_userids=[corp["friend"]])
    simulator.act("staff/post-moment", corp_id=live.corp_id, userid=corp["staff"], text="今天的花")
    assert read(tenant, frozen, simulator) == 3
    kept = reach(tenant)
    assert ("group", corp["chat_id"], corp["owner"], began, True) in kept
    assert ("single", corp["friend"], corp["staff"], began, True) in kept
    assert ("moment", corp["friend"], corp["staff"], began, True) in kept
    read(tenant, frozen, simulator)
    assert reach(tenant) == kept
    with tenant_scope(tenant):
        told = [one.payload["reach_ids"] for one in EventRow.objects.filter(name="wecom.own_sends.reached")]
        assert sorted(one for some in told for one in some) == sorted(
            OwnReach.objects.values_list("pk", flat=True)
        )
        assert not QuotaEntry.objects.exclude(receiver_id__in=[corp["chat_id"], corp["friend"]]).exists()
        assert QuotaEntry.objects.count() == 2  # Moments use up no mass send


def test_a_post_the_company_gave_out_counts_when_its_colleague_posted_it(
    tenant, live, simulator, corp, frozen, console
):
    simulator.set_time(frozen.moment)
    jobid = console.moments.add(
        text="明晚八点直播", visible_range={"sender_list": {"user_list": [corp["staff"]]}}
    )
    moment_id = console.moments.job(jobid=jobid)["result"]["moment_id"]
    read(tenant, frozen, simulator)
    assert reach(tenant) == []
    simulator.act("staff/publish-moment", corp_id=live.corp_id, moment_id=moment_id, userid=corp["staff"])
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key=OWN_MOMENTS_COUNT.key, value=False)
    frozen.move(hours=1)
    read(tenant, frozen, simulator)
    kept = reach(tenant)
    assert ("moment", corp["friend"], corp["staff"], frozen.moment, False) in kept
    assert {one[0] for one in kept} == {"moment"}


def test_a_counted_send_that_was_ours_is_no_longer_said_to_have_reached_anybody(
    tenant, live, simulator, corp, frozen, console
):
    msgid = make(console, corp)
    simulator.act("staff/confirm-mass-send", corp_id=live.corp_id, userid=corp["owner"], msgid=msgid)
    frozen.move(hours=1)
    read(tenant, frozen, simulator)
    keys = {own_key(kind="group", msgid=msgid, place=corp["chat_id"])}
    with tenant_scope(tenant):
        assert set(OwnReach.objects.values_list("key", flat=True)) == keys
    ours(tenant, live, msgid)
    frozen.move(days=2)
    read(tenant, frozen, simulator)
    assert reach(tenant) == []
    with tenant_scope(tenant):
        row = EventRow.objects.get(name="wecom.own_sends.withdrawn")
        assert set(row.payload["keys"]) == keys


def test_posts_that_may_not_be_read_do_not_keep_mass_sends_from_being_counted(
    tenant, live, simulator, corp, frozen, monkeypatch
):
    def refused(*_args, **_asked):
        raise Permanent("no right", code=48002)

    monkeypatch.setattr(Moments, "every", refused)
    send(simulator, live, corp)
    assert read(tenant, frozen, simulator) == 1
    assert len(entries(tenant)) == 1


def said(tenant):
    with tenant_scope(tenant):
        return list(PersonalSend.objects.values_list("words", flat=True))


def test_the_raw_log_of_own_sends_and_what_they_say_keep_two_months(tenant, live, simulator, corp, frozen):
    send(simulator, live, corp, text="今晚八点直播")
    read(tenant, frozen, simulator)
    assert (len(reach(tenant)), said(tenant)) == (1, ["今晚八点直播"])
    frozen.move(days=61)
    read(tenant, frozen, simulator)
    assert (reach(tenant), said(tenant)) == ([], [""])
