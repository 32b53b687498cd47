"""The ledger of questions (R75): the same however messages come, figures that the questions prove, Today follows."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from contacts.models import Question
from contacts.policies.questions import Line, questions_in
from contacts.selectors.service import Wanted, service_figures
from contacts.selectors.worktime import worktime_of
from contacts.services.questions import (
    question_unknown,
    questions_escalate,
    questions_follow,
    questions_replay,
)
from groups.models import Group
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from wecom.archive.enums import ArchiveState
from wecom.models import ArchiveCursor, ArchivedMessage

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
ROOM = "wrROOM"
TEXTS = ("几点开始？", "能退吗", "好的", "@王芳 周三", "八点", "@林雪 可以")


def batched(ids: list[int], size: int) -> list[list[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


class Talk:
    """A group and two private chats of one company, and the messages said there."""

    def __init__(self, tenant: Tenant, start: datetime) -> None:
        self.tenant, self.start, self.count = tenant, start, 0
        self.staff = make_staff(tenant=tenant, userid="lin", name="林老师")
        self.people = [
            make_customer(tenant=tenant, app=self.staff.app, external_userid=f"wm{n}", name=name)
            for n, name in enumerate(["林雪", "王芳"], start=1)
        ]
        self.group: Group = make_group(tenant=tenant, app=self.staff.app, chat_id=ROOM, owner=self.staff)
        ArchiveCursor.objects.create(
            tenant=tenant, app=self.staff.app, state=ArchiveState.RUNNING, fetched_at=clock.now()
        )

    def say(self, minutes: float, who: str, text: str, *, room: str = ROOM, to: str = "", **more: Any) -> int:
        self.count += 1
        fields = {
            "msgid": f"m{self.count}", "action": "send", "msgtype": "text", "sender_id": who, "room_id": room,
            "receiver_ids": [to] if to else [], "content": {"content": text},
            "sent_at": self.start + timedelta(minutes=minutes),
        }  # fmt: skip
        row = ArchivedMessage.objects.create(tenant=self.tenant, app=self.staff.app, **fields | more)
        return row.pk

    def heard(self, *ids: int) -> int:
        return questions_follow(tenant_id=self.tenant.pk, app_id=self.staff.app_id, message_ids=ids)

    def take_back(self, minutes: float, message_id: int) -> int:
        """What the archive does when somebody recalls: the row is marked, and a message says so."""
        row = ArchivedMessage.objects.get(pk=message_id)
        at = self.start + timedelta(minutes=minutes)
        ArchivedMessage.objects.filter(pk=message_id).update(recalled_at=at)
        return self.say(minutes, row.sender_id, "", msgtype="revoke", recalls=row.msgid)


def ledger(tenant: Tenant) -> list[tuple[Any, ...]]:
    rows = Question.objects.filter(tenant=tenant).order_by("asked_at", "msgid")
    return list(
        rows.values_list("msgid", "customer_id", "asked_at", "replied_at", "replied_by_id", "resolved_at")
    )


def items(kind: str = "contacts.question") -> list[tuple[int | None, str, str]]:
    rows = WorkItem.objects.filter(source_kind=kind).order_by("pk")
    return list(rows.values_list("staff_id", "state", "detail"))


@pytest.fixture
def talk(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield Talk(tenant, frozen.moment - timedelta(days=10))


def chatter(talk: Talk, seed: int) -> list[int]:
    """Ten days of talk in a group and in private, some of it taken back."""
    dice = random.Random(seed)
    ids = []
    for _number in range(60):
        minute, text = dice.randrange(0, 60 * 24 * 10), dice.choice(TEXTS)
        who = dice.choice(["wm1", "wm2", "lin", "lin"])
        if dice.random() < 0.4:
            other = "lin" if who != "lin" else dice.choice(["wm1", "wm2"])
            ids.append(talk.say(minute, who, text, room="", to=other))
        else:
            ids.append(talk.say(minute, who, text))
    ids += [talk.take_back(60 * 24 * 10, one) for one in dice.sample(ids, 6)]
    return ids


@pytest.mark.parametrize("seed", range(8))
def test_late_doubled_and_shuffled_messages_give_what_the_whole_talk_gives(talk: Talk, seed: int) -> None:
    """Messages are stored and told in any order, piece by piece, some twice: the ledger is what the policy says of
    everything on record, and looking at everything anew changes nothing."""
    ids = chatter(talk, seed)
    dice = random.Random(seed)
    told = [*ids, *dice.sample(ids, 20)]
    dice.shuffle(told)
    kept = {row.pk: row for row in ArchivedMessage.objects.filter(pk__in=ids)}
    ArchivedMessage.objects.filter(pk__in=ids).delete()
    for piece in batched(told, 7):
        ArchivedMessage.objects.bulk_create([kept[one] for one in piece], ignore_conflicts=True)
        here = set(ArchivedMessage.objects.values_list("msgid", flat=True))
        for one in kept.values():  # a recall marks its message when both are there
            if one.recalls and one.msgid in here:
                ArchivedMessage.objects.filter(msgid=one.recalls).update(recalled_at=one.sent_at)
            elif not one.recalls:
                by = next((two for two in kept.values() if two.recalls == one.msgid), None)
                if by is not None and by.msgid not in here:
                    ArchivedMessage.objects.filter(msgid=one.msgid).update(recalled_at=None)
        talk.heard(*piece)
    people = {one.external_userid: one for one in talk.people}
    expected = []
    places: dict[Any, list[Line]] = {}
    for row in ArchivedMessage.objects.filter(recalled_at=None, recalls=""):
        place = row.room_id or frozenset({row.sender_id, *row.receiver_ids})
        name = people[row.sender_id].name if row.sender_id in people else ""
        places.setdefault(place, []).append(
            Line(row.msgid, row.sent_at, row.sender_id, row.content["content"], row.sender_id == "lin", name)
        )
    for place, lines in places.items():
        for one in questions_in(lines, is_private=place != ROOM, staff_names=["林老师"]):
            by = talk.staff.pk if one.by else None
            expected.append((one.key, people[one.who].pk, one.asked_at, one.replied_at, by, one.resolved_at))
    assert ledger(talk.tenant) == sorted(expected, key=lambda one: (one[2], one[0]))
    assert len(expected) > 5
    before = ledger(talk.tenant)
    done = questions_replay(tenant_id=talk.tenant.pk, app_id=talk.staff.app_id, after_id=0, chunks=50)
    assert done is None
    assert ledger(talk.tenant) == before


def test_many_messages_cost_as_many_statements_as_few(talk: Talk, frozen: MovableClock) -> None:
    def cost(rooms: int) -> int:
        ids = []
        for number in range(rooms):
            make_group(
                tenant=talk.tenant, app=talk.staff.app, chat_id=f"wr{rooms}-{number}", owner=talk.staff
            )
            ids.append(talk.say(60 * 24 * 9.9, "wm1", "几点？", room=f"wr{rooms}-{number}"))
        with CaptureQueriesContext(connection) as seen:
            talk.heard(*ids)
        return len(seen)

    talk.heard(talk.say(0, "wm1", "几点？"))
    assert cost(2) == cost(40)
    assert Question.objects.count() == 43


def test_today_asks_the_owner_until_somebody_answers(talk: Talk, frozen: MovableClock) -> None:
    now = 60 * 24 * 10
    talk.heard(talk.say(now - 5, "wm1", "今晚几点开始？"))
    item = WorkItem.objects.get(source_kind="contacts.question")
    assert (item.staff_id, item.group_id, item.kind, item.detail) == (
        talk.staff.pk, talk.group.pk, "question", "今晚几点开始？",
    )  # fmt: skip
    assert "林雪" in item.title
    assert item.starts_at == talk.start + timedelta(minutes=now - 5)
    answer = talk.say(now, "lin", "八点")
    talk.heard(answer)
    assert items() == [(talk.staff.pk, "done", "")]
    talk.heard(talk.take_back(now + 1, answer))  # the answer was taken back: it waits again
    assert items() == [(talk.staff.pk, "open", "今晚几点开始？")]


def test_a_question_taken_back_asks_nobody(talk: Talk) -> None:
    asked = talk.say(60 * 24 * 10 - 5, "wm1", "几点？")
    talk.heard(asked)
    talk.heard(talk.take_back(60 * 24 * 10, asked))
    assert ledger(talk.tenant) == []
    assert items() == [(talk.staff.pk, "done", "")]


def test_old_and_imported_questions_stand_in_the_ledger_and_ask_nobody(talk: Talk) -> None:
    old = talk.say(0, "wm1", "几点？")
    imported = talk.say(60 * 24 * 10 - 5, "wm2", "能退吗", source="file")
    talk.heard(old, imported)
    assert len(ledger(talk.tenant)) == 2
    assert items() == []


def test_done_on_today_closes_the_question_and_undo_opens_it(talk: Talk, owner: Actor) -> None:
    talk.heard(talk.say(60 * 24 * 10 - 5, "wm1", "几点？"))
    item = WorkItem.objects.get(source_kind="contacts.question")
    who = {"tenant": talk.tenant, "item_id": item.pk, "actor": owner, "staff_ids": [talk.staff.pk]}
    work_item_act(verb="done", **who)
    row = Question.objects.get()
    assert (row.closed_as, row.closed_by) == ("elsewhere", owner.name)
    work_item_act(verb="undo", **who)
    row.refresh_from_db()
    assert row.closed_at is None
    assert items() == [(talk.staff.pk, "open", "几点？")]


def test_what_waits_too_long_goes_to_the_lead_once_and_only_if_the_archive_was_read(
    talk: Talk, frozen: MovableClock
) -> None:
    lead = make_staff(tenant=talk.tenant, app=talk.staff.app, userid="boss", name="周店长")
    lead.membership = make_member(tenant=talk.tenant, role=Role.LEADER)
    lead.save()
    talk.heard(talk.say(60 * 24 * 10 - 5, "wm1", "几点？"))
    frozen.move(hours=30)
    assert questions_escalate(tenant_id=talk.tenant.pk) == 0  # an answer may lie in what was not read yet
    ArchiveCursor.objects.update(fetched_at=clock.now())
    assert questions_escalate(tenant_id=talk.tenant.pk) == 1
    assert questions_escalate(tenant_id=talk.tenant.pk) == 0
    assert items("contacts.question_lead") == [(lead.pk, "open", "几点？")]
    talk.heard(talk.say(60 * 24 * 10 + 1700, "lin", "八点"))
    assert items("contacts.question_lead") == [(lead.pk, "done", "")]


def test_nobody_knows_goes_to_the_lead_at_once(talk: Talk, owner: Actor) -> None:
    talk.heard(talk.say(60 * 24 * 10 - 5, "wm1", "保修几年？"))
    row = Question.objects.get()
    question_unknown(tenant=talk.tenant, question_id=row.pk, actor=owner)
    question_unknown(tenant=talk.tenant, question_id=row.pk, actor=owner)
    assert len(items("contacts.question_lead")) == 1
    assert owner.name in WorkItem.objects.get(source_kind="contacts.question_lead").reason


def test_posts_of_an_sop_are_no_answer(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.selectors.questions._posts", [lambda **_who: {(ROOM, "今晚 八点直播")}])
    talk.heard(talk.say(0, "wm1", "能退吗"), talk.say(5, "lin", "今晚  八点直播"))
    assert ledger(talk.tenant)[0][3] is None
    talk.heard(talk.say(9, "lin", "可以退"))
    assert ledger(talk.tenant)[0][3] == talk.start + timedelta(minutes=9)


def test_figures_are_what_the_questions_say(talk: Talk, frozen: MovableClock) -> None:
    """Percentiles of the database against a loop over the ledger, on the clock and in working hours, and each split
    adds up to the whole."""
    talk.heard(*chatter(talk, 3))
    Preference.objects.create(tenant=talk.tenant, key="service.work_days", value="12345")
    Preference.objects.create(tenant=talk.tenant, key="service.days_off", value="2026-02-25")
    hours = worktime_of(talk.tenant)
    since, until = talk.start, frozen.moment + timedelta(days=1)
    found = service_figures(tenant_id=talk.tenant.pk, wanted=Wanted(since, until), hours=hours)
    rows = list(Question.objects.all())
    told = found["all"][None]

    def at(values: list[float], share: float) -> float:
        values = sorted(values)
        place = (len(values) - 1) * share
        low = int(place)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (place - low)

    replied = [row for row in rows if row.replied_at]
    clock_s = [(row.replied_at - row.asked_at).total_seconds() for row in replied]
    work_s = [hours.seconds(row.asked_at, row.replied_at) for row in replied]
    ended = [hours.seconds(row.asked_at, row.resolved_at) for row in rows if row.resolved_at]
    assert len(replied) > 5
    assert sum(work_s) < sum(clock_s)
    assert (told.asked, told.answered, told.resolved) == (len(rows), len(replied), len(ended))
    assert told.reply.p50 == pytest.approx(at(clock_s, 0.5))
    assert told.reply.p90 == pytest.approx(at(clock_s, 0.9))
    assert told.reply_work.p50 == pytest.approx(at(work_s, 0.5))
    assert told.reply_work.p90 == pytest.approx(at(work_s, 0.9))
    assert told.resolve_work.p90 == pytest.approx(at(ended, 0.9))
    for split in ("staff", "group", "day"):
        assert sum(one.asked for one in found[split].values()) == told.asked
    of_group = Wanted(since, until, group_id=talk.group.pk)
    only = service_figures(tenant_id=talk.tenant.pk, wanted=of_group, hours=hours)["all"][None]
    assert only.asked == sum(row.group_id == talk.group.pk for row in rows)


def test_two_workers_at_once_leave_one_truth(
    tenant: Tenant, frozen: MovableClock, transactional_db: None
) -> None:
    with tenant_scope(tenant):
        talk = Talk(tenant, frozen.moment - timedelta(days=10))
        ids = chatter(talk, 5)

    def work(piece: list[int]) -> None:
        with tenant_scope(tenant):
            talk.heard(*piece)
        connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, [*batched(ids, 9), *batched(ids, 13)]))
    with tenant_scope(tenant):
        parallel = ledger(tenant)
        Question.objects.all().delete()
        talk.heard(*ids)
        assert ledger(tenant) == parallel


def test_page_shows_figures_with_the_questions_behind_them_and_their_words(
    talk: Talk, frozen: MovableClock
) -> None:
    now = 60 * 24 * 10
    talk.heard(
        talk.say(now - 300, "wm1", "今晚几点开始？"), talk.say(now - 270, "lin", "八点"),
        talk.say(now - 200, "wm2", "能退吗"),
        talk.say(now - 60 * 24 * 40, "wm1", "很久以前的问题？"),
    )  # fmt: skip
    client = sign_in(talk.tenant)
    base = f"/t/{talk.tenant.slug}/customers/service/"
    with CaptureQueriesContext(connection) as seen:
        whole = body(client.get(base))
    assert len(seen) <= 25
    assert "今晚几点开始？" in whole
    assert "能退吗" in whole
    assert "很久以前的问题？" not in whole  # the last 30 days
    assert "很久以前的问题？" in body(client.get(base, {"days": "90"}))
    assert "30:00" in whole or "30 min" in whole  # P50 of one answer after half an hour
    waiting = body(client.get(base, {"state": "waiting"}))
    assert "能退吗" in waiting
    assert "今晚几点开始？" not in waiting
    of_group = body(client.get(base, {"group": str(talk.group.pk), "by": "group"}))
    assert "今晚几点开始？" in of_group
    other = make_staff(tenant=talk.tenant, app=talk.staff.app, userid="he")
    assert "今晚几点开始？" not in body(client.get(base, {"staff": str(other.pk)}))
    day = clock.local_date(frozen.moment - timedelta(days=3), talk.tenant.timezone).isoformat()
    assert "今晚几点开始？" not in body(client.get(base, {"day": day}))
    for broken in ({"day": "2026-99-99"}, {"day": "x"}, {"group": "9" * 30}, {"staff": "-1"}, {"days": "0"}):
        assert client.get(base, broken).status_code == 200
    leader = sign_in(talk.tenant, Role.LEADER)
    assert "今晚几点开始？" in body(leader.get(base, {"export": "csv"}))


def test_viewers_see_times_and_no_words(talk: Talk) -> None:
    talk.heard(talk.say(60 * 24 * 10 - 5, "wm1", "今晚几点开始？"))
    client = sign_in(talk.tenant, Role.VIEWER)
    base = f"/t/{talk.tenant.slug}/customers/service/"
    row = Question.objects.get()
    for path in (base, f"{base}{row.pk}/"):
        said = body(client.get(path))
        assert "今晚几点开始" not in said
        assert "林雪" not in said
    assert client.post(f"{base}{row.pk}/no_need/").status_code == 403


def test_one_question_shows_what_was_said_and_is_closed_and_opened(talk: Talk) -> None:
    now = 60 * 24 * 10
    talk.heard(talk.say(now - 9, "wm1", "今晚几点开始？"), talk.say(now - 7, "wm2", "别人说的？"))
    client = sign_in(talk.tenant)
    row = Question.objects.get(customer__name="林雪")
    base = f"/t/{talk.tenant.slug}/customers/service/{row.pk}/"
    said = body(client.get(base))
    assert "今晚几点开始？" in said
    assert "别人说的" not in said
    assert client.post(f"{base}no_need/").status_code == 302
    assert client.post(f"{base}elsewhere/").status_code == 409
    row.refresh_from_db()
    assert row.closed_as == "no_need"
    assert items()[0][1:] == ("done", "")
    assert client.post(f"{base}reopen/").status_code == 302
    assert items()[0][1:] == ("open", "今晚几点开始？")


def test_without_an_archive_the_page_says_unknown_and_how_to_get_it(
    tenant: Tenant, frozen: MovableClock
) -> None:
    said = body(sign_in(tenant, Role.OWNER).get(f"/t/{tenant.slug}/customers/service/"))
    assert "Unknown: no archive" in said
    assert "/settings/wecom/archive" in said or "archive/" in said
    assert "q-tiles" not in said
