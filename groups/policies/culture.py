"""Culture before policing (R130), pure: when a norm is agreed, who deserves thanks, what the balance is, the words."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from groups.enums import ThanksFor
from groups.policies.replies import plain
from groups.policies.words import bare

MARK: Final = "· "  # before each norm in a welcome or an announcement
_WHO = r"(?:我们|我|本人|大家)?(?:都|也|完全|非常|坚决|很|举双手|双手)*"
_END = r"(?:的|了|呀|啊|哈|哦|嗯|吧|[+]?1|👍)*"
_YES = re.compile(
    rf"(?:{_WHO}(?:同意|赞成|赞同|支持){_END}|[+]?1+|可以|好|好的|没问题|ok|yes|agree|强|赞|👍+)"
)
_NO = re.compile(rf"{_WHO}(?:不|不太|不是很)(?:同意|赞成|赞同|支持){_END}|{_WHO}反对{_END}|不行|no|disagree")


def voice(text: str) -> bool | None:
    """Whether a message as a whole says yes (True) or no (False) to what the group is asked; None: it is talk.

    "-1" is a no: marks do not count otherwise.
    """
    said = plain(text)
    if _NO.fullmatch(said) or re.fullmatch(r"\s*[-－—]\s*1\s*", text):
        return False
    return True if _YES.fullmatch(said) else None


def yes_needed(*, spoke: int | None, seated: int, least: int, percent: int) -> int:
    """How many members must say yes: a share of those who spoke, `least` in any case, never more than sit there."""
    share = -(-(spoke or 0) * percent // 100)
    return max(1, min(max(least, share), seated))


def is_agreed(*, yes: int, no: int, needed: int | None) -> bool:
    """Enough said yes, and more than said no. Nobody was asked while `needed` is None."""
    return needed is not None and yes >= needed and yes > no


def told(text: str, *, head: str, norms: Sequence[str]) -> str:
    """The text with those norms that stand nowhere in it, each in a line under `head`. What stands there stays."""
    shown = text.casefold()
    lines = [MARK + norm for norm in dict.fromkeys(norms) if bare(norm) and bare(norm) not in shown]
    if not lines:
        return text
    rows = text.rstrip("\n").split("\n") if text.strip() else []
    if head not in rows:
        return "\n".join([*rows, head, *lines])
    place = rows.index(head) + 1
    while place < len(rows) and rows[place].startswith(MARK):
        place += 1
    return "\n".join([*rows[:place], *lines, *rows[place:]])


def untold(text: str, *, head: str, norm: str) -> str:
    """The text without the line of a norm that is kept no more; the head goes with the last one."""
    rows = text.split("\n")
    if MARK + norm not in rows:
        return text
    rows.remove(MARK + norm)
    place = rows.index(head) if head in rows else -1
    if place >= 0 and (place + 1 == len(rows) or not rows[place + 1].startswith(MARK)):
        rows.pop(place)
    return "\n".join(rows)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something a member did for the group. A thanks for this reason since `at` answers it."""

    customer_id: int
    reason: str
    at: datetime
    what: str = ""


def thanks_due(deeds: Iterable[Deed], thanked: Mapping[tuple[int, str], datetime]) -> list[Deed]:
    """Deeds nobody gave thanks for, the latest of each person and reason, the latest first.

    `thanked`: {(customer id, reason): when last}.
    """
    latest: dict[tuple[int, str], Deed] = {}
    for deed in deeds:
        key = deed.customer_id, deed.reason
        if key not in latest or (latest[key].at, latest[key].what) < (deed.at, deed.what):
            latest[key] = deed
    waiting = [deed for key, deed in latest.items() if key not in thanked or thanked[key] < deed.at]
    return sorted(waiting, key=lambda deed: (-deed.at.timestamp(), deed.customer_id, deed.reason))


@dataclass(frozen=True, slots=True)
class Balance:
    """Thanks that were said, friendly words and sanctions of one span. Two counts side by side, never a score."""

    thanks: int = 0
    kind_words: int = 0
    sanctions: int = 0

    @property
    def only_polices(self) -> bool:
        return self.sanctions > 0 and self.thanks == 0


def ask_words(*, name: str, text: str, needed: int) -> str:
    """What the owner posts in the group to ask for a norm."""
    return _(
        "%(name)s proposes that we keep to this: “%(text)s”. What do you think? Whoever agrees answers “agree”; who "
        "does not, please say so too. With %(needed)s it is ours."
    ) % {"name": name, "text": text, "needed": needed}


def thanks_words(*, reason: str, name: str) -> str:
    """A thank-you, ready to be said before the group."""
    about = {"name": name}
    if reason == ThanksFor.ANSWER:
        return (
            _("Thank you, %(name)s, for answering the others these days. This group is warm because of you.")
            % about
        )
    if reason == ThanksFor.SHARE:
        return _("Thank you, %(name)s, for sharing. Others here learn from it.") % about
    if reason == ThanksFor.BROUGHT:
        return _("Thank you, %(name)s, for bringing a friend. Welcome to both of you.") % about
    if reason == ThanksFor.IDEA:
        return _("Thank you, %(name)s, for the idea that we all agreed on. From today it is ours.") % about
    return _("Thank you, %(name)s, for looking after the group with us. It shows.") % about
