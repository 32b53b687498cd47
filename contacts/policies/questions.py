"""Which messages wait for an answer, who gave it when, and when that was the end of it (R75). Pure.

In a group a customer's message waits when it asks something or calls a colleague by name; in private every message
waits but courtesies and stickers. What one person says until somebody answers is one question: the clock runs from
the first of it. The answer is the first message of staff after it in the same conversation; what staff say to another
person by name, or post by an SOP, is none. A colleague who closes a question ends what that person asked until then:
what comes later is another question. A question is resolved by the first answer after which the same person asked
nothing more for SETTLES_AFTER.

Only what was said near a question counts for it (REPLY_WITHIN, JOINS_WITHIN, SETTLES_AFTER): a message that arrives
late changes only the questions of `touched_by`, and deriving these anew is deriving everything anew.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

REPLY_WITHIN = timedelta(days=3)
JOINS_WITHIN = timedelta(hours=24)
SETTLES_AFTER = timedelta(hours=24)

# What the database looks for before `asks` judges: everything that may ask, and somewhat more.
MAY_ASK = "[?？@]|吗|呢|么|怎么办|多少"
_MARKED = re.compile(r"[?？]")
# Chinese questions often end without a mark.
_ENDS = re.compile(r"(吗|呢|么|怎么办|多少钱|多少)[\s~～。.!！]*$")
_CALLS = re.compile(r"@([^\s@\u2005，。,:：]+)")
_LINK = re.compile(r"https?://\S+")
_STICKER = re.compile(r"\[[^\[\]]{1,8}\]")
_WORDS = re.compile(r"[^\W_]+")
_COURTESY = re.compile(
    r"(好+(的|滴|哒|呀|啊|嘞)*|嗯+(嗯|好|呢)*|哦+|噢+|喔+|ok|okay|收到|明白(了)?|知道(了|啦)|了解(了)?|(太)?(谢|感谢|多谢|辛苦|麻烦)"
    r"(谢|了|啦|你|您|老师|亲)*|thanks|thankyou|thx|行(的)?|可以(的)?|对(的)?|是(的)?|不用(了|谢)*|没事|哈+|拜拜|再见|晚安|早安"
    r"|早上好|早|已完成|打卡)+",
    re.IGNORECASE,
)
_ACCEPTED = re.compile(r"我通过了你的.{0,8}验证请求|I've accepted your friend request", re.IGNORECASE)
_SILENT_KINDS = frozenset({"emotion"})


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation. `who` is WeCom's id of the writer, `name` what others call the person.

    `kind` is WeCom's msgtype. `is_post`: staff said it by an SOP, to everybody.
    """

    key: str
    at: datetime
    who: str
    text: str
    is_staff: bool
    name: str = ""
    kind: str = "text"
    is_post: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One question, named by its first message, and what became of it. `by`: who answered first; aware times.

    `more`: the other messages of the same question.
    """

    key: str
    who: str
    asked_at: datetime
    replied_at: datetime | None = None
    by: str = ""
    resolved_at: datetime | None = None
    more: list[str] = field(default_factory=list, compare=False)


def is_question(text: str) -> bool:
    """Whether words ask something. The marks inside an address ask nothing."""
    told = _LINK.sub(" ", text).strip()
    return bool(told) and (_MARKED.search(told) is not None or _ENDS.search(told) is not None)


def is_courtesy(text: str) -> bool:
    """Whether words are only thanks, a yes, a good-bye, a sticker: nobody waits for an answer to them."""
    told = "".join(_WORDS.findall(_STICKER.sub(" ", text)))
    return not told or _COURTESY.fullmatch(told) is not None or _ACCEPTED.search(text) is not None


def waits(line: Line, *, is_private: bool, staff_names: Collection[str] = ()) -> bool:
    """Whether a customer's message waits for an answer."""
    if line.is_staff or line.kind in _SILENT_KINDS:
        return False
    if not is_private:
        called = _CALLS.findall(line.text)
        return is_question(line.text) or any(
            one.startswith(name) for one in called for name in staff_names if name
        )
    return bool(line.kind != "text" and not line.text) or not is_courtesy(line.text)


def is_for(text: str, name: str) -> bool:
    """Whether words of staff may be meant for the person called `name`: they call nobody, or call that person."""
    called = _CALLS.findall(text)
    return not called or (bool(name) and any(one.startswith(name) for one in called))


def touched_by(first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """[from, to] in which questions were asked that messages of [first, last] may change."""
    return first - REPLY_WITHIN - SETTLES_AFTER, last + JOINS_WITHIN


def needed_for(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """[from, to] of the messages that decide the questions asked in [since, until]."""
    return since - JOINS_WITHIN, until + REPLY_WITHIN + SETTLES_AFTER


def questions_in(
    lines: Iterable[Line],
    *,
    is_private: bool,
    staff_names: Collection[str] = (),
    closed: Mapping[str, Collection[datetime]] | None = None,
) -> list[Told]:
    """Every question of one conversation with what became of it, in whatever order the messages came.

    `closed`: {who: when colleagues closed questions of theirs in this conversation}.
    """
    said = sorted(lines, key=lambda one: (one.at, one.key))
    answers = [(place, one) for place, one in enumerate(said) if one.is_staff and not one.is_post]
    asked = [
        (place, one)
        for place, one in enumerate(said)
        if waits(one, is_private=is_private, staff_names=staff_names)
    ]
    again: dict[str, list[int]] = {}
    for place, one in asked:
        again.setdefault(one.who, []).append(place)
    found: list[Told] = []
    open_now: dict[str, Told] = {}
    for place, one in asked:
        before = again[one.who][: bisect_right(again[one.who], place) - 1]
        ends = (closed or {}).get(one.who, ())
        if before and _is_more_of(said, answers, before[-1], place, ends):
            open_now[one.who].more.append(one.key)
            continue
        replies = [
            (at, each)
            for at, each in answers[bisect_right(answers, place, key=lambda pair: pair[0]) :]
            if each.at <= one.at + REPLY_WITHIN and is_for(each.text, one.name)
        ]
        resolved = next(
            (each.at for at, each in replies if _settles(said, again[one.who], at, each.at)), None
        )
        first = replies[0][1] if replies else None
        found.append(
            Told(
                one.key, one.who, one.at, first.at if first else None, first.who if first else "", resolved
            )
        )  # fmt: skip
        open_now[one.who] = found[-1]
    return found


def _is_more_of(
    said: list[Line], answers: list[tuple[int, Line]], before: int, place: int, ends: Collection[datetime]
) -> bool:
    """Whether a message goes on with what the same person said last, which nobody answered or closed in between."""
    one, last = said[place], said[before]
    if one.at - last.at > JOINS_WITHIN or any(last.at <= end < one.at for end in ends):
        return False
    start = bisect_right(answers, before, key=lambda pair: pair[0])
    stop = bisect_right(answers, place, key=lambda pair: pair[0])
    return not any(is_for(each.text, one.name) for _at, each in answers[start:stop])


def _settles(said: list[Line], asks: list[int], place: int, at: datetime) -> bool:
    after = bisect_right(asks, place)
    return after == len(asks) or said[asks[after]].at > at + SETTLES_AFTER
