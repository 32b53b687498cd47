"""Archived messages into the behaviour stream (R111): that somebody said something, where and when, not what.

The words stay in the archive. Only a passage around a word that an app above listens for (the price, the sign-up)
goes along, because a derived tier must show its evidence.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from contacts.enums import BehaviourKind
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from team.selectors import staff_by_userids
from wecom.archive.selectors import is_talk, messages_by_id
from wecom.archive.texts import plain_text

if TYPE_CHECKING:
    from team.models import Staff
    from wecom.models import ArchivedMessage

Words = Callable[..., Iterable[str]]
_words: list[Words] = []
AROUND = 30  # characters kept on either side of a word that is listened for
QUESTION_MARKS = ("?", "？")


def register_words(words: Words) -> None:
    """Words an app above listens for: `words(tenant_id=) -> words`. Twice counts once."""
    if words not in _words:
        _words.append(words)


def messages_record(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """What customers said becomes behaviours, one a message. Staff are no customers: theirs stay in the archive.

    Returns how many. Safe to repeat: a msgid counts once within its source.
    """
    rows = [row for row in messages_by_id(tenant_id=tenant_id, message_ids=message_ids) if is_talk(row)]
    people = {row.sender_id for row in rows} | {one for row in rows for one in row.receiver_ids[:1]}
    staff = staff_by_userids(tenant_id=tenant_id, userids=people, app_id=app_id)
    words = sorted({word for listed in _words for word in listed(tenant_id=tenant_id) if word})
    by_source: dict[str, list[BehaviourItem]] = {}
    for row in rows:
        if row.sender_id and row.sender_id not in staff:
            by_source.setdefault(row.source, []).append(_item(row, staff, words))
    for source in sorted(by_source):
        behaviour_record_many(tenant_id=tenant_id, source=source, items=by_source[source])
    return sum(len(items) for items in by_source.values())


def _item(row: "ArchivedMessage", staff: "dict[str, Staff]", words: list[str]) -> BehaviourItem:
    said = plain_text(row)
    listener = staff.get(row.receiver_ids[0]) if not row.room_id and row.receiver_ids else None
    return BehaviourItem(
        event_id=row.msgid,
        kind=BehaviourKind.MESSAGE,
        occurred_at=row.sent_at,
        external_userid=row.sender_id,
        chat_id=row.room_id,
        staff_id=listener.pk if listener else None,
        object_kind=row.msgtype,
        object_id=row.msgid,
        text=passage(said, words),
        data={"chars": len(said), "is_question": said.rstrip().endswith(QUESTION_MARKS)},
    )


def passage(said: str, words: Iterable[str]) -> str:
    """What stands around the first word that is listened for; "" when none is said."""
    places = [(said.find(word), word) for word in words if word in said]
    if not places:
        return ""
    at, word = min(places)
    return said[max(0, at - AROUND) : at + len(word) + AROUND].strip()
