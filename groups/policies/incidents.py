"""When a group blows up, and what to do then (R25). Pure.

Signals: words of complaint from several distinct customers of one group in a short time; many customers leaving one
group by themselves in a short time. Both are definitions of this product, each with its settings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.enums import IncidentKind
from tenants.words import stored, texts_of

_COMMAS = str.maketrans(dict.fromkeys("，、;；\n", ","))


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a customer."""

    at: datetime
    person: str
    text: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Distinct people who complained within one window, in the order of their first word."""

    people: tuple[str, ...]
    words: tuple[str, ...]
    first_at: datetime
    last_at: datetime


def words_from(raw: str) -> tuple[str, ...]:
    """The words of the setting: commas of any kind between, case and margins aside, each once."""
    found = (one.strip().casefold() for one in raw.translate(_COMMAS).split(","))
    return tuple(dict.fromkeys(one for one in found if one))


def word_in(text: str, words: Iterable[str]) -> str:
    """The first of these words that the text holds, or ""."""
    lower = text.casefold()
    return next((one for one in words if one in lower), "")


def complaint_cluster(
    said: Sequence[Said], *, words: Sequence[str], people: int, minutes: int
) -> Cluster | None:
    """The first window of so many minutes in which so many distinct people used such a word; None without one.

    Messages may come in any order. Both ends count: words exactly `minutes` apart stand in one window. One person
    who says it ten times is one.
    """
    hits = sorted(
        ((one.at, one.person, word) for one in said if (word := word_in(one.text, words))),
        key=lambda hit: (hit[0], hit[1]),
    )
    span, start = timedelta(minutes=minutes), 0
    for end, (at, _person, _word) in enumerate(hits):
        while at - hits[start][0] > span:
            start += 1
        window = hits[start : end + 1]
        who = tuple(dict.fromkeys(person for _at, person, _word in window))
        if len(who) >= people:
            used = tuple(dict.fromkeys(word for _at, _person, word in window))
            return Cluster(who, used, window[0][0], at)
    return None


def leave_spike(left: Sequence[datetime], *, stayed: int, people: int, percent: int, minutes: int) -> int:
    """The most who left within one window, when that is a spike; else 0.

    A spike: at least `people`, and at least `percent` of those who were there: who left in it and who stayed.
    """
    times, span, most, start = sorted(left), timedelta(minutes=minutes), 0, 0
    for end, at in enumerate(times):
        while at - times[start] > span:
            start += 1
        most = max(most, end - start + 1)
    is_spike = most >= people and 100 * most >= percent * (most + stayed)
    return most if is_spike else 0


@dataclass(frozen=True, slots=True)
class Play:
    """One step of a playbook: what to do, within how many minutes of the opening, and the words to send ("" none)."""

    key: str
    text: Any
    minutes: int
    words: str = ""


PLAYBOOKS: dict[str, tuple[Play, ...]] = {
    IncidentKind.COMPLAINT: (
        Play("freeze", _("Freeze all sends to the groups concerned"), 5),
        Play(
            "speak", _("The first speaker answers in the group, under the own name"), 15,
            "各位好，我是这个群的负责人。大家反映的情况我都看到了，正在逐一核实，今天 {时间} 前在群里给大家明确答复。"
            "着急的朋友可以直接加我私聊，我优先处理。",
        ),
        Play(
            "listen", _("Speak to everyone who complained, one by one; write down what each wants"), 60,
            "您好，我是专门处理这件事的负责人。您在群里说的情况我已经记下来了。方便的话把订单号和截图发给我，"
            "我先帮您核实，今天之内一定给您处理结果。",
        ),
        Play("collect", _("Keep the evidence: screenshots, orders, who is concerned and how many"), 60),
        Play(
            "decide", _("Agree with the leader what is offered: refund, make-up, exchange, and for whom"), 120,
        ),
        Play(
            "statement", _("Publish the statement in the group: what happened, what is offered, by when"), 180,
            "关于大家反映的 {问题}，核实情况如下：{事实}。这是我们的责任，向大家道歉。处理方案：{方案}，"
            "今天起 {时间} 内完成，由 {负责人} 逐一联系到位。有任何疑问请直接找我，我对结果负责。",
        ),
        Play(
            "settle", _("Carry out what was promised, person by person, and ask each whether it is settled"), 1440,
            "您好，之前您反映的 {问题} 已经按方案处理完成，请您查收确认。给您添麻烦了，还有哪里不满意，随时告诉我。",
        ),
        Play("review", _("Review with the team: cause, what worked, what changes"), 2880),
    ),
    IncidentKind.SABOTAGE: (
        Play("freeze", _("Freeze all sends to the groups concerned"), 5),
        Play(
            "collect", _("Take screenshots first: account, words, time, how it came in, who was written to"), 10,
        ),
        Play("mute", _("Remove the account in WeCom and take its messages back where WeCom lets you"), 15),
        Play(
            "statement", _("Make it plain in the group"), 20,
            "各位好，刚才有非本群客户的人员在群内发布不实信息和外部链接，我们已保留证据并请其离开。"
            "请大家不要点开链接、不要扫码、不要转账。官方信息只以群主和管理员发布的为准，有疑问直接 @我。",
        ),
        Play("entrance", _("Close the way it came: end or change the code, ask for confirmation to join"), 30),
        Play(
            "warn", _("Ask those who were written to in private; warn them one by one"), 60,
            "您好，提醒您一下：今天群里有人冒充工作人员私加客户。我们不会私下向您收款，也不会让您加别的群。"
            "如果有人联系过您，麻烦截图发我，谢谢。",
        ),
        Play("report", _("Report the account to WeChat; give the evidence to who handles legal matters"), 1440),
        Play("review", _("Review with the team: cause, what worked, what changes"), 2880),
    ),
}  # fmt: skip


def play_words(text: str) -> Any:
    """The stored words of a playbook's step by what it is called in any language; None for another text."""
    return _play_words().get(text)


@cache
def _play_words() -> dict[str, Any]:
    every = (play.text for plays in PLAYBOOKS.values() for play in plays)
    return {text[:200]: stored(words) for words in every for text in texts_of(words)}
