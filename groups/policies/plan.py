"""What the checks know about a group and its plan: plain values, gathered by one selector or given by an example."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from groups.enums import LIVE_STATES, State


@dataclass(frozen=True)
class Limits:
    """The tenant's settings that the checks read."""

    name_characters: int = 12
    name_emoji: int = 2
    staff_least: int = 3
    staff_most: int = 5
    size_target: int = 200
    size_reason: int = 500
    marketing_percent: int = 50
    dead_days: int = 7
    active_hours: int = 168
    flash_days: int = 7
    super_percent: int = 30
    super_band: int = 5
    super_tag: str = "超级用户"
    promise_gap_percent: int = 10
    first_days: int = 7
    setup_days: int = 5
    first_silent_hours: int = 48
    ad_percent: int = 50
    rule_characters: int = 5
    ladder_steps: int = 3
    usual_days: int = 33
    posts_a_day: int = 6
    outsider_ads: int = 5
    day_items: int = 1


@dataclass(frozen=True)
class Allowed:
    """A leader's approval of one check."""

    reason: str
    review_on: date | None
    approved_by: str


@dataclass(frozen=True)
class GroupPlan:
    """One group, as planned and as it runs, at one moment.

    `name` is the one people see: WeCom's, or the planned one while no chat exists. `staff_count` counts distinct
    staff in the group, or those chosen for it while no chat exists. `last_message_at` is the latest customer
    message; `sees_messages` is False while no source of messages is connected: then silence proves nothing.
    None stands for what nobody measures. `week_ahead` counts what is planned for the next seven days; `sent`,
    `sent_marketing` and `spoken` are of the last seven, `spoken_before` of the seven before. `outsider_ads`: links,
    cards and mini-programs that customers posted in the seven days before last night. `promises_due` counts promises
    that are due by now, `promises_open` those of them not yet kept. `days` holds, day by day, the kinds of what a plan
    under judgement brings (an SOP version, or a week); None: the first week of the readiness gate is the plan. `posts`
    counts the messages to the group on each of those days.
    """

    now: datetime
    today: date
    brand: str = ""
    name: str = ""
    planned_name: str = ""
    series: str = ""
    sibling_count: int = 0
    kind: str = ""
    sub_kind: str = ""
    purpose: str = ""
    payment_basis: str = ""
    state: str = State.PLANNING
    is_linked: bool = False
    staff_count: int = 0
    customer_count: int = 0
    target_size: int = 200
    size_reason: str = ""
    goes_live_at: datetime | None = None
    starts_on: date | None = None
    ends_at: datetime | None = None  # on the company's wall: its date is the last day
    value_proposition: str = ""
    welcome: str = ""
    announcement: str = ""
    replies: str = ""  # one a line (policies.replies)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    approvals: Mapping[str, Allowed] = field(default_factory=dict)
    last_message_at: datetime | None = None
    sees_messages: bool = False
    is_heard: bool = False
    owner_sits_in: bool | None = None
    week_ahead: int | None = None
    sent: int = 0
    sent_marketing: int = 0
    spoken: int = 0
    spoken_before: int = 0
    outsider_ads: int | None = None
    super_count: int | None = None
    open_codes: int = 0
    side: str = ""  # "new", "old" or "" (policies.sides)
    newcomer_codes: int = 0  # codes that lead newcomers into it and carry no reason
    promises_due: int = 0
    promises_open: int = 0
    days: tuple[tuple[str, ...], ...] | None = None
    posts: tuple[int, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    @property
    def members(self) -> int:
        """Everyone in the chat, staff too: what WeCom's limit counts."""
        return self.staff_count + self.customer_count if self.is_linked else 0

    def answer(self, question: str) -> Mapping[str, Any]:
        return self.answers.get(question, {})
