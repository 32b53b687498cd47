"""The ledger of customers' questions (R75): kept in step with the archive, and what people say of a question."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from contacts.enums import ANSWER_MINUTES, LEAD_MINUTES, QuestionClose
from contacts.errors import QuestionSettled
from contacts.models import Question
from contacts.policies.questions import JOINS_WITHIN, REPLY_WITHIN, Told, questions_in
from contacts.selectors import group_ids_by_chat
from contacts.selectors.questions import Place, Talks, closed_in, talks_of
from contacts.selectors.worktime import worktime_of
from contacts.services.question_items import items_ask, items_end, lead_ask
from outbox.dispatch import enqueue
from team.enums import WorkState
from team.selectors import staff_list
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.locking import one_at_a_time
from tenants.models import Tenant
from tenants.services import require
from wecom.archive.enums import MessageSource
from wecom.archive.selectors import coverage, messages_by_id
from wecom.archive.talks import apps_with_messages, message_ids_after, messages_by_msgid

if TYPE_CHECKING:
    from team.models import Staff

REPLAY_TASK = "contacts.replay_questions"
REPLAY_ROWS = 500
_DERIVED = ("asked_at", "replied_at", "replied_by_id", "resolved_at")
_NAMING = ("msgid", "message_id", "is_live", "due_at", "lead_at")  # what hangs on a question's first message
_MARKS = (
    "closed_as",
    "closed_at",
    "closed_by",
    "unknown_by",
    "escalated_at",
)  # what people and the tick said


def questions_follow(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """Bring the ledger in step with these messages, whether they are new, late, told twice or take others back.

    Returns how many questions came, changed or went. Safe to repeat, in any order, and in parallel: the outcome depends
    on the messages on record only. A constant number of statements for any number of messages and conversations.
    """
    told = messages_by_id(tenant_id=tenant_id, message_ids=message_ids)
    if not told:
        return 0
    with transaction.atomic():
        one_at_a_time("contacts_questions", tenant_id=tenant_id)
        taken_back = messages_by_msgid(
            tenant_id=tenant_id, app_id=app_id, msgids={row.recalls for row in told if row.recalls}
        )
        rows = [row for row in (*told, *taken_back) if not row.recalls and row.sender_id]
        staff = {row.userid: row for row in staff_list(tenant_id=tenant_id).filter(app_id=app_id)}
        talks = talks_of(tenant_id=tenant_id, app_id=app_id, rows=rows, staff=staff)
        gone = {row.msgid for row in rows if row.recalled_at is not None}
        return _settle(tenant_id, talks, staff, gone)


@dataclass(frozen=True)
class _Standing:
    """What the messages say now: `rows` {msgid: the question as it should stand}, and `opened_by` {msgid of another
    message of a question: msgid of its first}."""

    rows: dict[str, Question]
    opened_by: dict[str, str]


def _settle(tenant_id: int, talks: Talks, staff: "dict[str, Staff]", gone: set[str]) -> int:
    """Write what the conversations say over what the ledger holds of them."""
    standing = _standing(tenant_id, talks, staff)
    wanted = standing.rows
    looked_at = gone | {
        line.key
        for one in talks.heard
        for line in one.lines
        if not line.is_staff and one.since <= line.at <= one.until
    }
    rows = Question.objects.filter(tenant_id=tenant_id, msgid__in=looked_at).select_related(
        "group", "customer"
    )
    known = {row.msgid: row for row in rows.order_by("asked_at", "pk")}
    renamed, marked = _keep_marks(known, standing, gone)
    over = [row for msgid, row in known.items() if msgid not in wanted]
    fresh = [row for msgid, row in wanted.items() if msgid not in known]
    moved = [
        row
        for msgid, row in known.items()
        if msgid in wanted and (_move(row, wanted[msgid]) or msgid in renamed or msgid in marked)
    ]
    items_end(tenant_id=tenant_id, questions=over)
    Question.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in over]).delete()
    Question.objects.bulk_create(fresh)
    Question.objects.bulk_update(moved, [*_NAMING, *(one.removesuffix("_id") for one in _DERIVED), *_MARKS])
    _tell(tenant_id, [*fresh, *moved], talks, marked)
    return len(over) + len(fresh) + len(moved)


def _keep_marks(known: dict[str, Question], standing: _Standing, gone: set[str]) -> tuple[set[str], set[str]]:
    """What people said of a question stays with it when another message turns out to be its first.

    A row whose question begins with a message that has no row yet goes on as that one, under the same number; what was
    said of the others passes to it. Changes `known`. Returns the msgids of rows (that go on, that took something over).
    """
    renamed: set[str] = set()
    marked: set[str] = set()
    for row in [one for msgid, one in known.items() if msgid not in standing.rows]:
        to = standing.opened_by.get(row.msgid) or (
            _next_of(row, known, standing) if row.msgid in gone else ""
        )
        if to in known:
            if _take_over(known[to], row):
                marked.add(to)
        elif to in standing.rows:
            del known[row.msgid]
            for name in _NAMING:
                setattr(row, name, getattr(standing.rows[to], name))
            known[to] = row
            renamed.add(to)
    return renamed, marked


def _next_of(row: Question, known: dict[str, Question], standing: _Standing) -> str:
    """The message that a question goes on with whose first message was taken back, "" where it was the only one."""
    last = min(filter(None, (row.asked_at + JOINS_WITHIN, row.closed_at)))
    after = [
        one
        for msgid, one in standing.rows.items()
        if msgid not in known and _seat(one) == _seat(row) and row.asked_at <= one.asked_at <= last
    ]
    return min(after, key=lambda one: one.asked_at).msgid if after else ""


def _take_over(row: Question, other: Question) -> bool:
    """Give a row what people said of another that turned out to be the same question; whether it got anything. What
    was said first counts."""
    before = [getattr(row, name) for name in _MARKS]
    if other.closed_at is not None and (row.closed_at is None or other.closed_at < row.closed_at):
        row.closed_as, row.closed_at, row.closed_by = other.closed_as, other.closed_at, other.closed_by
    row.unknown_by = row.unknown_by or other.unknown_by
    row.escalated_at = min(filter(None, (row.escalated_at, other.escalated_at)), default=None)
    return before != [getattr(row, name) for name in _MARKS]


def _seat(row: Question) -> tuple[int | None, int | None, int | None]:
    """Who asks, and where: (group, colleague asked in private, customer)."""
    return row.group_id, row.staff_id, row.customer_id


def _move(row: Question, to: Question) -> bool:
    """Give a row what was derived now; whether anything differs."""
    if all(getattr(row, name) == getattr(to, name) for name in _DERIVED):
        return False
    for name in _DERIVED:
        setattr(row, name, getattr(to, name))
    return True


def _standing(tenant_id: int, talks: Talks, staff: "dict[str, Staff]") -> _Standing:
    """The questions of the time that the messages may have changed, as they should stand."""
    names = [row.name for row in staff.values() if row.name]
    rooms = {one.place.room for one in talks.heard if one.place.room}
    groups = group_ids_by_chat(tenant_id=tenant_id, chat_ids=rooms) if rooms else {}
    closed = closed_in(tenant_id=tenant_id, talks=talks, groups=groups, staff=staff)
    found = [
        (one, told)
        for one in talks.heard
        for told in questions_in(
            one.lines, is_private=one.place.is_private, staff_names=names, closed=closed.get(one.place)
        )
        if one.since <= told.asked_at <= one.until
    ]
    if not found:
        return _Standing({}, {})
    tenant = Tenant.objects.get(pk=tenant_id)
    own = preferences.values(tenant_id, ANSWER_MINUTES, LEAD_MINUTES)
    hours = worktime_of(tenant)
    made = {}
    for one, told in found:
        row = _row(tenant_id, talks, staff, groups, one.place, told)
        row.due_at = hours.after(told.asked_at, own[ANSWER_MINUTES.key])
        row.lead_at = hours.after(told.asked_at, own[LEAD_MINUTES.key])
        made[told.key] = row
    return _Standing(made, {key: told.key for _one, told in found for key in told.more})


def _row(
    tenant_id: int, talks: Talks, staff: "dict[str, Staff]", groups: dict[str, int], place: Place, told: Told
) -> Question:
    message, by = talks.messages[told.key], staff.get(told.by)
    return Question(
        tenant_id=tenant_id,
        msgid=told.key,
        message_id=message.pk,
        customer=talks.people.get(told.who),
        group_id=groups.get(place.room),
        staff=staff.get(place.staff),
        is_private=place.is_private,
        is_live=message.source == MessageSource.ARCHIVE,
        asked_at=told.asked_at,
        replied_at=told.replied_at,
        replied_by=by,
        resolved_at=told.resolved_at,
    )


def _tell(tenant_id: int, changed: Sequence[Question], talks: Talks, marked: set[str]) -> None:
    """Today follows: what waits is asked for, what was answered is over. Old questions ask nobody any more. `marked`:
    msgids of questions that took over what was said of others."""
    since = clock.now() - REPLY_WITHIN
    asking = [row for row in changed if row.waits and row.is_live and row.asked_at > since]
    items_end(tenant_id=tenant_id, questions=[row for row in changed if not row.waits])
    if not asking:
        return
    texts = {line.key: line.text for one in talks.heard for line in one.lines}
    fresh = Question.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in asking])
    rows = list(fresh.select_related("group__owner", "customer", "staff"))
    items_ask(tenant_id=tenant_id, questions=rows, words=texts)
    late = [row for row in rows if row.msgid in marked and row.escalated_at is not None]
    lead_ask(tenant_id=tenant_id, questions=late, words=texts)


def question_close(*, tenant: Tenant, question_id: int, how: str, actor: Actor) -> Question:
    """A person says that a question needs no more answer here: answered elsewhere, or none needed.

    Raises Question.DoesNotExist, QuestionSettled (closed in another way already), NotPermitted, ValueError for a word
    that is none. Saying the same twice is safe.
    """
    require(actor, Permission.WORK)
    wanted = QuestionClose(how)
    with transaction.atomic():
        row = _locked(tenant, question_id)
        if row.closed_as == wanted:
            return row
        if row.closed_at is not None:
            raise QuestionSettled
        row.closed_as, row.closed_at, row.closed_by = wanted, clock.now(), actor.name[:128]
        row.save(update_fields=["closed_as", "closed_at", "closed_by"])
        _note(tenant, actor, row, "contacts.question.closed", {"closed_as": ["", wanted.value]})
        items_end(tenant_id=tenant.pk, questions=[row], by=actor.name)
    return row


def question_reopen(*, tenant: Tenant, question_id: int, actor: Actor, from_item: bool = False) -> Question:
    """Take back what was said. What nobody has answered waits on Today again. Safe to repeat.

    `from_item`: it was taken back on Today, which opens its item itself.

    Raises Question.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, question_id)
        if row.closed_at is None:
            return row
        before, row.closed_as, row.closed_at, row.closed_by = row.closed_as, "", None, ""
        row.save(update_fields=["closed_as", "closed_at", "closed_by"])
        _note(tenant, actor, row, "contacts.question.reopened", {"closed_as": [before, ""]})
        if row.waits and row.is_live and row.asked_at > clock.now() - REPLY_WITHIN:
            state = WorkState.DONE if from_item else ""
            items_ask(tenant_id=tenant.pk, questions=[row], words=_words(tenant.pk, row), state=state)
    return row


def question_unknown(*, tenant: Tenant, question_id: int, actor: Actor) -> Question:
    """Nobody here knows the answer: it goes to the team lead at once. Safe to repeat.

    Raises Question.DoesNotExist, QuestionSettled, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, question_id)
        if row.unknown_by:
            return row
        if row.closed_at is not None or row.resolved_at is not None:
            raise QuestionSettled
        row.unknown_by, row.escalated_at = actor.name[:128], row.escalated_at or clock.now()
        row.save(update_fields=["unknown_by", "escalated_at"])
        _note(tenant, actor, row, "contacts.question.unknown", {"unknown_by": ["", row.unknown_by]})
        lead_ask(tenant_id=tenant.pk, questions=[row], words=_words(tenant.pk, row))
    return row


def question_work_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done on Today: the question was answered where the archive does not hear; undo opens it again. What is gone or
    settled meanwhile needs nothing."""
    row = Question.objects.filter(tenant=tenant, pk=source_id).first()
    if row is None:
        return
    if verb == "done" and row.closed_at is None and row.resolved_at is None:
        question_close(tenant=tenant, question_id=row.pk, how=QuestionClose.ELSEWHERE, actor=actor)
    elif verb == "undo":
        question_reopen(tenant=tenant, question_id=row.pk, actor=actor, from_item=True)


def questions_escalate(*, tenant_id: int) -> int:
    """Questions that waited too long go to the team lead, once each, if the archive was read since: an answer may be
    on its way. Returns how many. Safe to repeat and in parallel."""
    heard_until = coverage(tenant_id=tenant_id).as_of
    if heard_until is None:
        return 0
    now = clock.now()
    with transaction.atomic():
        rows = list(
            Question.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
            .select_related("group__owner", "customer", "staff")
            .filter(
                tenant_id=tenant_id, replied_at=None, closed_at=None, escalated_at=None, is_live=True,
                lead_at__lte=min(now, heard_until),
            )
            .order_by("pk")[:REPLAY_ROWS]
        )  # fmt: skip
        Question.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in rows]).update(escalated_at=now)
        recent = [row for row in rows if row.asked_at > now - REPLY_WITHIN]
        ids = [row.message_id for row in recent]
        texts = {
            row.msgid: str(row.content.get("content") or "")
            for row in messages_by_id(tenant_id=tenant_id, message_ids=ids)
        }
        lead_ask(tenant_id=tenant_id, questions=recent, words=texts)
    return len(recent)


def questions_count_anew(*, tenant: Tenant, actor: Actor) -> None:
    """Have every message on record looked at again: for what came before questions were counted, or before its
    people were known. Raises NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        audit.record(tenant=tenant, actor=actor, verb="contacts.questions.recounted")
        for app_id in apps_with_messages(tenant_id=tenant.pk):
            enqueue(REPLAY_TASK, tenant_id=tenant.pk, app_id=app_id, after_id=0)


def questions_replay(*, tenant_id: int, app_id: int, after_id: int, chunks: int) -> int | None:
    """Look at the next messages on record. Returns where to go on, None: that was all. Safe to repeat."""
    for _chunk in range(chunks):
        ids = message_ids_after(tenant_id=tenant_id, app_id=app_id, after_id=after_id, limit=REPLAY_ROWS)
        if not ids:
            return None
        questions_follow(tenant_id=tenant_id, app_id=app_id, message_ids=ids)
        after_id = ids[-1]
    return after_id


def _locked(tenant: Tenant, question_id: int) -> Question:
    rows = Question.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("group__owner", "customer", "staff").get(tenant=tenant, pk=question_id)


def _note(tenant: Tenant, actor: Actor, row: Question, verb: str, changes: dict[str, Any]) -> None:
    audit.record(tenant=tenant, actor=actor, verb=verb, target=row.customer or row, changes=changes)


def _words(tenant_id: int, row: Question) -> dict[str, str]:
    found = messages_by_id(tenant_id=tenant_id, message_ids=[row.message_id])
    return {one.msgid: str(one.content.get("content") or "") for one in found}
