"""What people said of a question outlives late, doubled and recalled messages; what is asked later asks anew (R75)."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from contacts.models import Question
from contacts.policies.questions import Line, questions_in
from contacts.services.questions import (
    question_close,
    question_reopen,
    question_unknown,
    questions_escalate,
    questions_replay,
)
from team.models import WorkItem
from team.services import work_item_act
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_questions import ROOM, TEXTS, Talk, batched, items
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from wecom.models import ArchiveCursor, ArchivedMessage

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
NOW = 60 * 24 * 10  # minutes from the talk's start to the clock


@pytest.fixture
def talk(tenant: Tenant, frozen: MovableClock) -> Iterator[Talk]:
    with tenant_scope(tenant):
        yield Talk(tenant, frozen.moment - timedelta(minutes=NOW))


def close(talk: Talk, msgid: str, actor: Actor, how: str = "elsewhere") -> Question:
    row = Question.objects.get(msgid=msgid)
    return question_close(tenant=talk.tenant, question_id=row.pk, how=how, actor=actor)


def marks(*only: str) -> list[tuple[str, str, datetime | None, str]]:
    rows = Question.objects.order_by("asked_at", "msgid").values_list(
        "msgid", "closed_as", "closed_at", "closed_by"
    )
    return [one for one in rows if not only or one[0] in only]


@pytest.mark.parametrize("seed", range(16))
def test_closed_stays_closed_in_whatever_order_the_rest_of_the_talk_arrives(
    talk: Talk, owner: Actor, frozen: MovableClock, seed: int
) -> None:
    """Some of ten days of talk is heard, colleagues close half of what stands there, the rest arrives in any order,
    some twice: closed is what contains a message that was closed, as it was said, and nothing else."""
    dice = random.Random(seed)
    ids = []
    for _number in range(60):
        minute, text = dice.randrange(0, NOW), dice.choice(TEXTS)
        who = dice.choice(["wm1", "wm1", "wm2", "lin"])
        private = {"room": "", "to": "lin" if who != "lin" else dice.choice(["wm1", "wm2"])}
        ids.append(talk.say(minute, who, text, **(private if dice.random() < 0.4 else {})))
    moment = talk.start + timedelta(minutes=dice.randrange(NOW // 2, NOW))
    before = ArchivedMessage.objects.filter(sent_at__lte=moment).order_by("pk")
    heard = [one.pk for one in before if dice.random() < 0.6]
    kept = {row.pk: row for row in ArchivedMessage.objects.all()}
    ArchivedMessage.objects.exclude(pk__in=heard).delete()
    talk.heard(*heard)
    frozen.move(seconds=(moment - frozen.moment).total_seconds())
    said = {}
    for row in Question.objects.order_by("pk"):
        if not said or dice.random() < 0.5:
            how = dice.choice(["elsewhere", "no_need"])
            said[row.msgid] = (how, close(talk, row.msgid, owner, how).closed_at, owner.name)
    frozen.move(seconds=(talk.start + timedelta(minutes=NOW) - frozen.moment).total_seconds())
    late = [one for one in ids if one not in heard]
    late += dice.sample(ids, 10)
    dice.shuffle(late)
    for piece in batched(late, 7):
        ArchivedMessage.objects.bulk_create([kept[one] for one in piece], ignore_conflicts=True)
        talk.heard(*piece)
    places: dict[object, list[Line]] = {}
    for row in kept.values():
        place = row.room_id or frozenset({row.sender_id, *row.receiver_ids})
        name = {one.external_userid: one.name for one in talk.people}.get(row.sender_id, "")
        text = row.content["content"]
        places.setdefault(place, []).append(Line(row.msgid, row.sent_at, row.sender_id, text, not name, name))
    expected = []
    for place, lines in places.items():
        ended = {one.who: [moment] for one in lines if one.key in said}
        asked = {"is_private": place != ROOM, "staff_names": ["林老师"], "closed": ended}
        for told in questions_in(lines, **asked):
            of_it = [said[key] for key in (told.key, *told.more) if key in said]
            expected.append((told.asked_at, told.key, {one[1] for one in of_it}))
    assert [(row[0], {row[2]} - {None}) for row in marks()] == [
        (key, at) for _at, key, at in sorted(expected)
    ]
    assert {row[1:] for row in marks() if row[1]} <= set(said.values())
    assert said
    settled = marks()
    questions_replay(tenant_id=talk.tenant.pk, app_id=talk.staff.app_id, after_id=0, chunks=50)
    assert marks() == settled


def test_a_late_first_message_keeps_what_was_said_the_page_and_the_item(
    talk: Talk, owner: Actor, frozen: MovableClock
) -> None:
    talk.heard(talk.say(NOW - 5, "wm1", "怎么补课？"))
    item = WorkItem.objects.get(source_kind="contacts.question")
    closed = close(talk, "m1", owner)
    talk.heard(talk.say(NOW - 30, "wm1", "在吗？"))
    assert marks() == [("m2", "elsewhere", closed.closed_at, owner.name)]
    assert Question.objects.get().pk == closed.pk
    assert items() == [(talk.staff.pk, "done", "")]
    work_item_act(tenant=talk.tenant, item_id=item.pk, verb="undo", actor=owner, staff_ids=[talk.staff.pk])
    assert marks() == [("m2", "", None, "")]
    assert items() == [(talk.staff.pk, "open", "在吗？")]


def test_an_open_question_with_an_earlier_first_message_is_the_same_item_and_waits_from_then(
    talk: Talk,
) -> None:
    talk.heard(talk.say(NOW - 16 * 60, "wm1", "怎么补课？"))
    before = WorkItem.objects.get(source_kind="contacts.question")
    talk.heard(talk.say(NOW - 18 * 60, "wm1", "在吗？"))
    after = WorkItem.objects.get(source_kind="contacts.question")
    assert (after.pk, after.detail, after.state) == (before.pk, "在吗？", "open")
    assert after.starts_at == talk.start + timedelta(minutes=NOW - 18 * 60)
    assert after.due_at == Question.objects.get().due_at
    assert after.due_at < before.due_at


def test_two_questions_that_turn_out_to_be_one_are_closed_as_one(talk: Talk, owner: Actor) -> None:
    hour = 60
    talk.heard(talk.say(NOW - 40 * hour, "wm1", "在吗？"), talk.say(NOW - hour, "wm1", "怎么补课？"))
    closed = close(talk, "m2", owner, "no_need")
    assert [row[1] for row in marks()] == ["", "no_need"]
    talk.heard(talk.say(NOW - 20 * hour, "wm1", "几点？"))
    assert marks() == [("m1", "no_need", closed.closed_at, owner.name)]
    assert {one[1] for one in items()} == {"done"}


def test_what_is_asked_after_closing_asks_anew(talk: Talk, owner: Actor, frozen: MovableClock) -> None:
    talk.heard(talk.say(NOW - 5, "wm1", "怎么补课？"))
    close(talk, "m1", owner)
    frozen.move(minutes=30)
    talk.heard(talk.say(NOW + 20, "wm1", "课程多少钱？"))
    assert [(row[0], row[1]) for row in marks()] == [("m1", "elsewhere"), ("m2", "")]
    assert items() == [(talk.staff.pk, "done", ""), (talk.staff.pk, "open", "课程多少钱？")]
    talk.heard(talk.say(NOW + 25, "lin", "两百"))
    assert {one[1] for one in items()} == {"done"}


def test_a_first_message_taken_back_hands_its_mark_to_the_next_one_said_before(
    talk: Talk, owner: Actor, frozen: MovableClock
) -> None:
    first = talk.say(NOW - 30, "wm1", "在吗？")
    talk.heard(first, talk.say(NOW - 5, "wm1", "怎么补课？"))
    closed = close(talk, "m1", owner)
    talk.heard(talk.take_back(NOW - 1, first))
    assert marks() == [("m2", "elsewhere", closed.closed_at, owner.name)]
    frozen.move(minutes=9)
    talk.heard(talk.say(NOW + 5, "wm1", "多少钱？"))
    assert [row[1] for row in marks()] == ["elsewhere", ""]
    second = ArchivedMessage.objects.get(msgid="m2")
    talk.heard(talk.take_back(NOW + 8, second.pk))  # nothing that was closed is left
    assert [(row[0], row[1]) for row in marks()] == [("m4", "")]


def test_a_message_taken_back_that_alone_was_closed_closes_nothing_said_since(
    talk: Talk, owner: Actor, frozen: MovableClock
) -> None:
    only = talk.say(NOW - 30, "wm1", "在吗？")
    talk.heard(only)
    close(talk, "m1", owner)
    frozen.move(minutes=9)
    back = talk.take_back(NOW + 6, only)
    talk.heard(talk.say(NOW + 5, "wm1", "多少钱？"), back)
    assert [(row[0], row[1]) for row in marks()] == [("m3", "")]


def test_what_waits_with_the_team_lead_stays_there_under_its_new_first_message(
    talk: Talk, owner: Actor, frozen: MovableClock
) -> None:
    lead = make_staff(tenant=talk.tenant, app=talk.staff.app, userid="boss", name="周店长")
    lead.membership = make_member(tenant=talk.tenant, role=Role.LEADER)
    lead.save()
    talk.heard(talk.say(NOW - 5, "wm1", "怎么补课？"))
    frozen.move(hours=30)
    ArchiveCursor.objects.update(fetched_at=frozen.moment)
    assert questions_escalate(tenant_id=talk.tenant.pk) == 1
    talk.heard(talk.say(NOW - 30, "wm1", "在吗？"))
    assert items("contacts.question_lead") == [(lead.pk, "open", "怎么补课？")]
    assert questions_escalate(tenant_id=talk.tenant.pk) == 0
    assert Question.objects.get().msgid == "m2"


def test_nobody_knows_passes_to_the_question_it_belongs_to_and_its_lead(talk: Talk, owner: Actor) -> None:
    lead = make_staff(tenant=talk.tenant, app=talk.staff.app, userid="boss", name="周店长")
    lead.membership = make_member(tenant=talk.tenant, role=Role.LEADER)
    lead.save()
    talk.heard(talk.say(NOW - 40 * 60, "wm1", "在吗？"), talk.say(NOW - 60, "wm1", "保修几年？"))
    row = Question.objects.get(msgid="m2")
    question_unknown(tenant=talk.tenant, question_id=row.pk, actor=owner)
    talk.heard(talk.say(NOW - 20 * 60, "wm1", "几点？"))
    row = Question.objects.get()
    assert (row.msgid, row.unknown_by) == ("m1", owner.name)
    assert sorted(one[1:] for one in items("contacts.question_lead")) == [("done", ""), ("open", "在吗？")]


def test_reopened_stays_open_when_more_arrives(talk: Talk, owner: Actor) -> None:
    talk.heard(talk.say(NOW - 5, "wm1", "怎么补课？"))
    row = close(talk, "m1", owner)
    question_reopen(tenant=talk.tenant, question_id=row.pk, actor=owner)
    talk.heard(talk.say(NOW - 30, "wm1", "在吗？"))
    assert marks() == [("m2", "", None, "")]
    assert items() == [(talk.staff.pk, "open", "在吗？")]
