"""Notices: who is told what, by which way, when, and never twice."""

import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils.translation import gettext

from team.handlers import on_app_state_changed
from team.models import Mailing, Notice, NoticeChoice, Staff, Telling
from team.services import mailings, work_item_close
from team.services.mailings import mailings_make, mailings_send
from team.services.notices import message_answered, messages_hand, notify, send_test, work_tell
from tenants.enums import Role
from tenants.models import Membership, Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.team.noticing import cards, put, say, told
from wecom.events import AppStateChanged
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ZONE = "Asia/Shanghai"


def test_a_key_tells_a_person_once_by_whatever_id(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        assert say(lin) == 1
        assert say(lin) == 0
        assert notify(
            tenant_id=tenant.pk, staff_ids=[lin.pk], member_ids=[lin.membership_id or 0], kind="lead", title="t",
            url="/", key="k1",
        ) == 0  # fmt: skip
        assert Notice.objects.count() == 1
        other = make_staff(tenant=tenant)
        assert notify(
            tenant_id=tenant.pk, staff_ids=[lin.pk, other.pk, lin.pk], kind="lead", title="t", url="/", key="k2"
        ) == 2  # fmt: skip


def test_who_was_linked_since_is_not_told_again(tenant: Tenant, noon: MovableClock) -> None:
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant)
        assert say(staff) == 1
        staff.membership = make_member(tenant=tenant)
        staff.save()
        assert say(staff) == 0
        assert Notice.objects.count() == 1


def test_leavers_and_strangers_are_not_told(tenant: Tenant, other_tenant: Tenant, noon: MovableClock) -> None:
    with tenant_scope(other_tenant):
        foreign = make_staff(tenant=other_tenant)
    with tenant_scope(tenant):
        gone = make_staff(tenant=tenant, is_active=False)
        made = notify(
            tenant_id=tenant.pk,
            staff_ids=[gone.pk, foreign.pk, 999999],
            kind="lead",
            title="t",
            url="/",
            key="k",
        )
        assert (made, Notice.objects.count()) == (0, 0)


def test_an_unknown_kind_is_refused(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant), pytest.raises(ValueError, match="weather"):
        say(lin, kind="weather")


def test_what_waits_goes_as_one_message_urgent_first(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        say(lin, kind="question", key="q", title="周女士问回放在哪里看")
        say(lin, kind="incident", key="i", title="群里有人发广告")
        assert messages_hand(tenant_id=tenant.pk) == 1
        (card,) = cards()
        assert card["description"].startswith("群里有人发广告\n周女士")
        assert card["url"].partition("?")[0].endswith(f"/m/{tenant.slug}/")
        assert messages_hand(tenant_id=tenant.pk) == 0
        assert len(cards()) == 1


def test_one_matter_says_what_and_leads_there(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        say(lin, phone_url="/m/x/leads/1/", detail="启蒙03群")
        messages_hand(tenant_id=tenant.pk)
        (card,) = cards()
        assert (card["title"], card["description"]) == ("王女士点了支付", "启蒙03群")
        assert card["url"].partition("?")[0].endswith("/m/x/leads/1/")
        assert OutboundSend.objects.get().payload["touser"] == ["linxiao"]


def test_matters_that_read_alike_are_not_one_message_for_wecom(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    """WeCom swallows an app message whose content is that of one in the last four hours."""
    with tenant_scope(tenant):
        for key in ("first", "second"):
            say(lin, key=key, phone_url="/m/x/tasks/#today")
            messages_hand(tenant_id=tenant.pk)
            noon.move(hours=1)
        one, other = cards()
        assert (one["title"], one["url"].partition("?")[0]) == (
            other["title"],
            other["url"].partition("?")[0],
        )
        assert one != other
        assert one["url"].endswith("#today")


def test_the_pause_gathers_and_the_urgent_waits_a_minute(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        say(lin, kind="question", key="1")
        messages_hand(tenant_id=tenant.pk)
        say(lin, kind="question", key="2")
        noon.move(seconds=600)
        assert messages_hand(tenant_id=tenant.pk) == 0  # 30 minutes between two
        say(lin, kind="lead", key="3")
        assert messages_hand(tenant_id=tenant.pk) == 1  # the hot lead goes at once
        say(lin, kind="lead", key="4")
        noon.move(seconds=30)
        assert messages_hand(tenant_id=tenant.pk) == 0
        noon.move(seconds=31)
        assert messages_hand(tenant_id=tenant.pk) == 1
        noon.move(seconds=1800)
        messages_hand(tenant_id=tenant.pk)
        assert Telling.objects.filter(channel="app", state="waiting").count() == 0


def test_quiet_hours_hold_messages_until_they_end(tenant: Tenant, lin: Staff, noon: MovableClock) -> None:
    with tenant_scope(tenant):
        noon.moment = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)  # 22:30 in Shanghai
        say(lin)
        assert messages_hand(tenant_id=tenant.pk) == 0
        noon.moment = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)  # 07:59
        assert messages_hand(tenant_id=tenant.pk) == 0
        noon.moment = datetime(2026, 3, 5, 0, 0, tzinfo=UTC)
        assert messages_hand(tenant_id=tenant.pk) == 1


def test_what_was_held_back_arrives_with_the_first_tick_that_is_not_quiet_and_once(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    """Two matters of the night, and every seven minutes two ticks at once: one message at 08:04."""
    start, sent = datetime(2026, 3, 4, 14, 30, tzinfo=UTC), []  # 22:30 in Shanghai
    with tenant_scope(tenant):
        noon.moment = start
        say(lin, key="1", title="王女士点了支付")
        noon.moment = start + timedelta(hours=2)
        say(lin, key="2", title="李先生点了支付")
        for minute in range(0, 12 * 60, 7):
            noon.moment = start + timedelta(minutes=minute)
            for _tick in range(2):
                sent += [noon.moment] * messages_hand(tenant_id=tenant.pk)
        assert sent == [start + timedelta(minutes=574)]  # the first of the ticks after 08:00
        assert {"王女士", "李先生"} <= {
            name for name in ("王女士", "李先生") for card in cards() if name in str(card)
        }
        assert len(cards()) == 1
        assert not Telling.objects.filter(channel="app", state="waiting").exists()


def test_who_wants_urgent_ones_at_night_gets_only_those(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        NoticeChoice.objects.create(tenant=tenant, member=lin.membership, rings_in_quiet=True)
        noon.moment = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
        say(lin, kind="question", key="q", title="问题")
        say(lin, kind="lead", key="l", title="线索")
        assert messages_hand(tenant_id=tenant.pk) == 1
        assert [one["title"] for one in cards()] == ["线索"]


def test_the_days_number_keeps_the_rest_for_the_digest(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key="notices.most_a_day", value=1)
        for number in range(3):
            say(lin, kind="question", key=f"q{number}", title=f"第{number}问")
            messages_hand(tenant_id=tenant.pk)
            noon.move(seconds=1801)
        say(lin, kind="incident", key="i", title="事故")
        messages_hand(tenant_id=tenant.pk)
        assert [one["title"] for one in cards()] == ["第0问", "事故"]
        noon.moment = datetime(2026, 3, 5, 0, 31, tzinfo=UTC)
        mailings_make(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        (letter,) = mail.outbox
        assert ("第1问" in letter.body, "第2问" in letter.body) == (True, True)
        assert ("第0问" in letter.body, "事故" in letter.body) == (False, False)  # told by message already


def test_tasks_and_reminders_use_none_of_the_days_number(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key="notices.most_a_day", value=1)
        for number, (kind, title) in enumerate(
            (("task", "发早课"), ("reminder", "早课还没发"), ("question", "怎么请假？"))
        ):
            say(lin, kind=kind, key=f"k{number}", title=title)
            messages_hand(tenant_id=tenant.pk)
            noon.move(seconds=1801)
        assert [one["title"] for one in cards()] == ["发早课", "早课还没发", "怎么请假？"]


def test_what_was_read_or_settled_is_not_told_any_more(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        put(tenant, lin, 1)
        put(tenant, lin, 2)
        work_tell(tenant_id=tenant.pk)
        Notice.objects.filter(item__source_id=1).update(read_at=noon.moment)
        work_item_close(tenant_id=tenant.pk, source_kind="groups.violation", source_id=2)
        noon.moment = datetime(2026, 3, 5, 0, 31, tzinfo=UTC)
        assert mailings_make(tenant_id=tenant.pk) == 0
        assert (Mailing.objects.count(), mail.outbox) == (0, [])
        assert set(Telling.objects.values_list("state", flat=True)) == {"dropped"}


def test_work_that_comes_up_is_told_once_and_again_when_it_rises(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        lead = {"kind": "lead", "source_kind": "leads.lead", "title": "王女士: 回复"}
        put(tenant, lin, 7, **{**lead, "tier": "A", "bucket": "remind"})
        work_tell(tenant_id=tenant.pk)
        assert Notice.objects.count() == 0  # an A lead stands on Today
        put(tenant, lin, 7, **{**lead, "tier": "A+"})
        for _again in range(2):
            work_tell(tenant_id=tenant.pk)
            put(tenant, lin, 7, **{**lead, "tier": "A+", "detail": "又看了一次"})
        assert Notice.objects.count() == 1
        put(tenant, lin, 7, **{**lead, "tier": "S"})
        work_tell(tenant_id=tenant.pk)
        assert Notice.objects.count() == 2
        other = make_staff(tenant=tenant)
        put(tenant, other, 7, **{**lead, "tier": "S"})  # given to a colleague
        work_tell(tenant_id=tenant.pk)
        assert Notice.objects.filter(staff=other).count() == 1


def test_what_is_for_anyone_is_told_to_those_who_lead(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        leader = make_staff(tenant=tenant, membership=make_member(tenant=tenant, role=Role.LEADER))
        put(tenant, None, 1)
        work_tell(tenant_id=tenant.pk)
        assert [one.staff_id for one in Notice.objects.all()] == [leader.pk]


def test_what_is_to_be_checked_is_said_by_its_place_on_today(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        put(tenant, lin, 2, source_kind="groups.week", kind="check")
        work_tell(tenant_id=tenant.pk)
        assert Notice.objects.count() == 0


def test_the_digest_goes_once_a_day_in_the_receivers_language_with_links(
    tenant: Tenant, lin: Staff, noon: MovableClock, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://qunce.example"
    with tenant_scope(tenant):
        user = lin.membership.user  # type: ignore[union-attr]
        user.language = "en"
        user.save()
        say(lin, kind="alert", key="a", title=lambda: gettext("Calls to WeCom are stopped"))
        assert mailings_make(tenant_id=tenant.pk) == 0  # not yet half past eight
        noon.moment = datetime(2026, 3, 5, 0, 30, tzinfo=UTC)
        assert mailings_make(tenant_id=tenant.pk) == 1
        assert mailings_make(tenant_id=tenant.pk) == 0
        mailings_send(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        (letter,) = mail.outbox
        link = f"https://qunce.example/t/{tenant.slug}/notices/{Notice.objects.get().pk}/"
        html = letter.alternatives[0][0]
        assert letter.to == ["xiao@example.com"]
        assert "Calls to WeCom are stopped" in letter.body
        assert (link in letter.body, link in html) == (True, True)
        assert "1 matter at" in letter.body
        assert told(lin) == {"mail": "sent"}
        noon.move(seconds=86400)
        assert mailings_make(tenant_id=tenant.pk) == 0  # nothing new, nothing sent


def test_a_lead_reads_chinese_where_the_words_are_gettext(tenant: Tenant, lin: Staff) -> None:
    with tenant_scope(tenant):
        say(lin, kind="incident", title=lambda: gettext("Calls to WeCom are stopped"))
        messages_hand(tenant_id=tenant.pk)
        assert "Calls" not in cards()[0]["title"]


class Refusing:
    """A mail server by its manners: what it says to opening a line and to a letter."""

    def __init__(self, opening: Exception | None = None, letter: Exception | None = None) -> None:
        self.opening, self.letter, self.taken = opening, letter, 0

    def open(self) -> bool:
        if self.opening:
            raise self.opening
        return True

    def send_messages(self, letters: list[Any]) -> int:
        self.taken += 1
        if self.letter:
            raise self.letter
        return len(letters)

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def due_letter(tenant: Tenant, lin: Staff, noon: MovableClock) -> Callable[[], Mailing]:
    """A digest that waits to go; returns its row as it stands."""
    with tenant_scope(tenant):
        say(lin, kind="alert")
        noon.moment = datetime(2026, 3, 5, 0, 30, tzinfo=UTC)
        mailings_make(tenant_id=tenant.pk)
    return lambda: Mailing.objects.get()


def test_a_server_that_is_away_is_tried_again_and_the_letter_goes_once(
    tenant: Tenant,
    lin: Staff,
    due_letter: Callable[[], Mailing],
    noon: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = Refusing(opening=ConnectionRefusedError("connection refused"))
    monkeypatch.setattr(mailings, "get_connection", lambda: away)
    with tenant_scope(tenant):
        mailings_send(tenant_id=tenant.pk)
        row = due_letter()
        assert (row.state, row.attempts) == ("queued", 1)
        assert "connection refused" in row.error
        mailings_send(tenant_id=tenant.pk)
        assert due_letter().attempts == 1  # not before the pause is over
        monkeypatch.undo()
        noon.move(seconds=61)
        mailings_send(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        assert (due_letter().state, len(mail.outbox), told(lin)) == ("sent", 1, {"mail": "sent"})


def test_a_bounce_is_shown_and_not_tried_again(
    tenant: Tenant,
    lin: Staff,
    due_letter: Callable[[], Mailing],
    noon: MovableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bounce = Refusing(letter=smtplib.SMTPRecipientsRefused({"xiao@example.com": (550, b"no such user")}))
    monkeypatch.setattr(mailings, "get_connection", lambda: bounce)
    with tenant_scope(tenant):
        mailings_send(tenant_id=tenant.pk)
        noon.move(seconds=7200)
        mailings_send(tenant_id=tenant.pk)
        assert (due_letter().state, bounce.taken, told(lin)) == ("failed", 1, {"mail": "failed"})
        assert Notice.objects.filter(kind="trouble", member=lin.membership).count() == 1


@pytest.mark.parametrize(
    ("code", "state"), [(451, "queued"), (550, "failed")], ids=["greylisted", "refused for good"]
)
def test_an_answer_of_the_server_decides_whether_to_try_again(
    tenant: Tenant, due_letter: Callable[[], Mailing], monkeypatch: pytest.MonkeyPatch, code: int, state: str
) -> None:
    server = Refusing(letter=smtplib.SMTPDataError(code, b"no"))
    monkeypatch.setattr(mailings, "get_connection", lambda: server)
    with tenant_scope(tenant):
        mailings_send(tenant_id=tenant.pk)
        assert due_letter().state == state


def test_a_line_that_breaks_in_the_act_leaves_the_letter_unknown(
    tenant: Tenant, due_letter: Callable[[], Mailing], noon: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Refusing(letter=smtplib.SMTPServerDisconnected("gone"))
    monkeypatch.setattr(mailings, "get_connection", lambda: server)
    with tenant_scope(tenant):
        mailings_send(tenant_id=tenant.pk)
        noon.move(seconds=7200)
        mailings_send(tenant_id=tenant.pk)
        assert (due_letter().state, server.taken) == ("unknown", 1)


def test_a_message_that_did_not_arrive_comes_with_the_digest(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        say(lin, kind="question")
        messages_hand(tenant_id=tenant.pk)
        message_answered(
            tenant_id=tenant.pk, send_id=OutboundSend.objects.get().pk, is_done=False, error="81013"
        )
        noon.moment = datetime(2026, 3, 5, 0, 31, tzinfo=UTC)
        mailings_make(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        assert (len(mail.outbox), told(lin)) == (1, {"app": "failed", "mail": "sent"})


def test_a_mute_holds_everything_but_the_bell_and_a_test(
    tenant: Tenant, lin: Staff, noon: MovableClock
) -> None:
    with tenant_scope(tenant):
        muted = noon.moment + timedelta(hours=1)
        NoticeChoice.objects.create(
            tenant=tenant, member=lin.membership, muted_until=muted, rings_in_quiet=True
        )
        say(lin)
        assert messages_hand(tenant_id=tenant.pk) == 0
        assert Notice.objects.get(is_shown=True).read_at is None
        assert send_test(tenant_id=tenant.pk, member_id=lin.membership_id or 0) == 1
        assert send_test(tenant_id=tenant.pk, member_id=lin.membership_id or 0) == 0  # once a minute
        assert (messages_hand(tenant_id=tenant.pk), mailings_make(tenant_id=tenant.pk)) == (1, 1)
        noon.move(seconds=3600)
        assert messages_hand(tenant_id=tenant.pk) == 1


def test_a_stopped_app_is_told_to_those_who_repair_it(tenant: Tenant, lin: Staff, noon: MovableClock) -> None:
    with tenant_scope(tenant):
        event = AppStateChanged(
            tenant_id=tenant.pk,
            occurred_at=noon.moment,
            app_id=1,
            state="broken",
            code=40001,
            reason="密钥错误",
        )
        for _twice in range(2):
            on_app_state_changed(tenant_id=tenant.pk, events=[event])
        owner = Membership.objects.get(role=Role.OWNER)
        assert [(one.member_id, one.kind) for one in Notice.objects.all()] == [(owner.pk, "breaker")]
        mailings_make(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        assert "密钥错误" in mail.outbox[0].body  # at once: WeCom cannot carry it
