"""The conversations that messages belong to, as the questions in them need to be read (R75)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contacts.models import Question
from contacts.policies.questions import MAY_ASK, REPLY_WITHIN, Line, needed_for, touched_by
from contacts.selectors import customers_by_external
from team.selectors import staff_list
from tenants import clock
from wecom.archive.selectors import messages_by_id
from wecom.archive.talks import talks_between
from wecom.archive.texts import kind_label, plain_text

if TYPE_CHECKING:
    from contacts.models import Customer
    from team.models import Staff
    from wecom.models import ArchivedMessage

AROUND = timedelta(days=1)
SHOWN = 60  # messages of one page
# `posts(tenant_id=, chat_ids=, person_ids=, since=, until=) -> {(chat_id or external_userid, text)}` of what SOPs sent
# to whole groups, and to single people.
Posts = Callable[..., set[tuple[str, str]]]
_posts: list[Posts] = []


def register_posts(posts: Posts) -> None:
    """What an app above says by itself in groups and to single people: no answer to anybody. Twice counts once."""
    if posts not in _posts:
        _posts.append(posts)


@dataclass(frozen=True)
class Answer:
    """A script that may answer a question."""

    title: str
    text: str


Answers = Callable[..., list[Answer]]
_answers: list[Answers] = []


def register_answers(answers: Answers) -> None:
    """`answers(tenant_id=, question=) -> scripts of an app above that may answer it`. Twice counts once."""
    if answers not in _answers:
        _answers.append(answers)


def answers_to_words(*, tenant_id: int, question: str) -> list[Answer]:
    """What may answer a question; nothing for no words."""
    if not question.strip():
        return []
    return [one for answers in _answers for one in answers(tenant_id=tenant_id, question=question)]


@dataclass(frozen=True, order=True)
class Place:
    """One conversation: a group by its chat id, or a colleague and a person in private."""

    room: str = ""
    staff: str = ""
    person: str = ""

    @property
    def is_private(self) -> bool:
        return not self.room


@dataclass(frozen=True)
class Heard:
    """One conversation's messages around [since, until], and the people in it. `messages` by msgid."""

    place: Place
    since: datetime
    until: datetime
    lines: list[Line]


@dataclass(frozen=True)
class Talks:
    """Several conversations with what their questions need."""

    heard: list[Heard]
    messages: "dict[str, ArchivedMessage]"
    people: "dict[str, Customer]"


def place_of(row: "ArchivedMessage", staff: "dict[str, Staff]") -> Place | None:
    """The conversation of a message; None for one among colleagues."""
    if row.room_id:
        return Place(room=row.room_id)
    to = row.receiver_ids[0] if row.receiver_ids else ""
    if row.sender_id in staff:
        return Place(staff=row.sender_id, person=to) if to and to not in staff else None
    return Place(staff=to, person=row.sender_id) if to in staff and row.sender_id else None


def talks_of(
    *, tenant_id: int, app_id: int, rows: Iterable["ArchivedMessage"], staff: "dict[str, Staff]"
) -> Talks:
    """The conversations that these messages belong to, each with what decides the questions that they may change.

    Four queries whatever their number, and what a registered `posts` takes.
    """
    spans: dict[Place, tuple[datetime, datetime]] = {}
    for row in rows:
        if (place := place_of(row, staff)) is not None:
            first, last = spans.get(place, (row.sent_at, row.sent_at))
            spans[place] = (min(first, row.sent_at), max(last, row.sent_at))
    if not spans:
        return Talks([], {}, {})
    asked = {place: touched_by(*span) for place, span in spans.items()}
    read = {place: needed_for(*span) for place, span in asked.items()}
    since, until = min(one for one, _end in read.values()), max(end for _one, end in read.values())
    rooms = {place.room for place in spans if place.room}
    persons = {place.person for place in spans if place.is_private}
    found = talks_between(
        tenant_id=tenant_id,
        app_id=app_id,
        room_ids=rooms,
        person_ids=persons,
        staff_userids=staff,
        words=MAY_ASK,
        since=since,
        until=until,
    )
    people = customers_by_external(
        tenant_id=tenant_id, external_userids={row.sender_id for row in found} - set(staff)
    )
    posts = _posted(tenant_id, rooms, persons, since, until)
    by_place: dict[Place, list[Line]] = {place: [] for place in spans}
    for row in found:
        place = place_of(row, staff)
        if place in read and read[place][0] <= row.sent_at <= read[place][1]:
            by_place[place].append(_line(row, staff, people, posts))
    heard = [Heard(place, *asked[place], by_place[place]) for place in sorted(spans)]
    return Talks(heard, {row.msgid: row for row in found}, people)


def closed_in(
    *, tenant_id: int, talks: Talks, groups: Mapping[str, int], staff: "dict[str, Staff]"
) -> dict[Place, dict[str, list[datetime]]]:
    """{conversation: {WeCom's id of a person: when colleagues closed questions of theirs there}}, as far as it may
    decide these talks. `groups`: {chat id: group}. One query."""
    if not talks.heard or not talks.people:
        return {}
    since = min(needed_for(one.since, one.until)[0] for one in talks.heard)
    names = {person.pk: name for name, person in talks.people.items()}
    rows = Question.objects.filter(tenant_id=tenant_id, customer_id__in=names, closed_at__gte=since)
    by_seat: dict[tuple[int | None, int | None], list[tuple[str, datetime]]] = {}
    for group_id, staff_id, customer_id, at in rows.values_list(
        "group_id", "staff_id", "customer_id", "closed_at"
    ):
        by_seat.setdefault((group_id, staff_id), []).append((names[customer_id], at))
    found: dict[Place, dict[str, list[datetime]]] = {}
    for place in (one.place for one in talks.heard):
        asked_of = staff.get(place.staff)
        for who, at in by_seat.get((groups.get(place.room), asked_of.pk if asked_of else None), ()):
            found.setdefault(place, {}).setdefault(who, []).append(at)
    return found


def _posted(
    tenant_id: int, rooms: Collection[str], persons: Collection[str], since: datetime, until: datetime
) -> set[tuple[str, str]]:
    said = [
        posts(tenant_id=tenant_id, chat_ids=rooms, person_ids=persons, since=since, until=until)
        for posts in _posts
    ]
    return {(place, _flat(text)) for one in said for place, text in one}


def _flat(text: str) -> str:
    return " ".join(text.split())


def _line(
    row: "ArchivedMessage",
    staff: "dict[str, Staff]",
    people: "dict[str, Customer]",
    posts: set[tuple[str, str]],
) -> Line:
    text, is_staff = plain_text(row), row.sender_id in staff
    person = people.get(row.sender_id)
    return Line(
        key=row.msgid,
        at=row.sent_at,
        who=row.sender_id,
        text=text,
        is_staff=is_staff,
        name=person.name if person else "",
        kind=row.msgtype,
        is_post=is_staff and bool(text) and (row.room_id or row.receiver_ids[0], _flat(text)) in posts,
    )


def tenants_with_late_questions() -> list[int]:
    """Tenants with a question that is due to go to the team lead. Runs across tenants: the caller is a tick."""
    rows = Question.objects.filter(
        replied_at=None, closed_at=None, escalated_at=None, is_live=True, lead_at__lte=clock.now()
    )
    return list(rows.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def texts_of(*, tenant_id: int, message_ids: Iterable[int]) -> dict[int, str]:
    """{number of a message: its words, or what kind of thing it was}; what is not kept any more is absent."""
    rows = messages_by_id(tenant_id=tenant_id, message_ids=message_ids)
    return {row.pk: plain_text(row) or kind_label(row.msgtype) for row in rows}


@dataclass(frozen=True)
class Waiting:
    """A question that nobody has answered: when, who (their name, or ""), in their words."""

    at: datetime
    who: str
    text: str


def questions_waiting(*, tenant_id: int, group_id: int) -> list[Waiting]:
    """What waits in a group for an answer, the oldest first; older than REPLY_WITHIN waits no more. Two queries."""
    rows = Question.objects.filter(
        tenant_id=tenant_id, group_id=group_id, replied_at=None, closed_at=None,
        asked_at__gte=clock.now() - REPLY_WITHIN,
    )  # fmt: skip
    told = list(rows.select_related("customer").order_by("asked_at", "pk"))
    texts = texts_of(tenant_id=tenant_id, message_ids=[row.message_id for row in told])
    return [
        Waiting(row.asked_at, row.customer.name if row.customer else "", texts.get(row.message_id, ""))
        for row in told
    ]


@dataclass(frozen=True)
class Spoken:
    """One message as the page of a question shows it. `is_first`: the question itself, `is_reply`: its first answer."""

    at: datetime
    who: str
    text: str
    is_staff: bool
    is_first: bool
    is_reply: bool


def spoken_around(*, question: Question) -> list[Spoken]:
    """What the asker and staff said from the question to its answer, or for a day; empty where the words are not kept
    any more. Four queries."""
    tenant_id = question.tenant_id
    first = next(iter(messages_by_id(tenant_id=tenant_id, message_ids=[question.message_id])), None)
    if first is None:
        return []
    ends = question.resolved_at or question.replied_at or question.asked_at + AROUND
    staff = {one.userid: one for one in staff_list(tenant_id=tenant_id) if one.app_id == first.app_id}
    place = place_of(first, staff)
    rows = talks_between(
        tenant_id=tenant_id,
        app_id=first.app_id,
        room_ids=[first.room_id] if first.room_id else [],
        person_ids=[] if first.room_id else [first.sender_id],
        staff_userids=staff,
        words=".",
        since=question.asked_at,
        until=ends,
    )
    theirs = [
        row for row in rows if place_of(row, staff) == place and row.sender_id in {first.sender_id, *staff}
    ]
    said = sorted(theirs, key=lambda row: (row.sent_at, row.msgid))[:SHOWN]
    name = question.customer.name if question.customer else ""
    return [
        Spoken(
            at=row.sent_at,
            who=str(staff[row.sender_id]) if row.sender_id in staff else name,
            text=plain_text(row) or kind_label(row.msgtype),
            is_staff=row.sender_id in staff,
            is_first=row.pk == first.pk,
            is_reply=row.sender_id in staff and row.sent_at == question.replied_at,
        )
        for row in said
    ]
