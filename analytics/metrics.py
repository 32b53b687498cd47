"""Every metric, declared once (R95): what a screen shows, exports and opens is this declaration.

`source` names where the rows come from; `owner` who answers for the definition. A figure without a source is
shown as "–", never as 0.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.enums import Course, Scope, Unit


@dataclass(frozen=True)
class Metric:
    """One metric. `definition` is the formula in words; `freshness` is filled by the page that shows it."""

    key: str
    label: Any
    definition: Any
    denominator: Any
    exclusions: Any
    time_rule: Any
    source: Any
    owner: Any
    freshness: Any = None


_COHORT = _("The camp's cohort, frozen at the end of the first day; later joiners stand apart")
_STAFF = _("Staff never count; one person in several groups counts once")
_OPERATIONS = _("Operations lead")
_DAYS = _("Whole days in the company's time zone, today until the last count")

_CAME = _("Came in the time shown, until the page was made")
_NEWCOMERS = _("Newcomers of the week")
_AFTER = _("Calendar days in the company's time zone after each person's own join, up to the last midnight")

METRICS: dict[str, Metric] = {
    one.key: one
    for one in (
        Metric(
            "acquisition",
            _("Acquisition"),
            _("People who joined a group of the camp ÷ people exposed to the invitation"),
            _("People exposed; unknown until a channel reports views"),
            _STAFF,
            _("Joined before the cohort was frozen"),
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "activation",
            _("Activation"),
            _("First key interaction within 3 days after joining"),
            _COHORT,
            _STAFF,
            _("3 × 24 hours from each person's own join"),
            _("Behaviour stream"),
            _OPERATIONS,
        ),
        Metric(
            "retention",
            _("Retention"),
            _("Active in the last 7 days and still in a group of the camp"),
            _COHORT,
            _STAFF,
            _("7 × 24 hours back from now"),
            _("Behaviour stream, group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "referral",
            _("Referral"),
            _("Brought at least one person into a group of the camp"),
            _COHORT,
            _("People put in when the group was made, and staff, are no invitees"),
            _("Since the camp began"),
            _("Inviter as WeCom reports it"),
            _OPERATIONS,
        ),
        Metric(
            "revenue",
            _("Revenue"),
            _("Distinct buyers with a paid order"),
            _COHORT,
            _("Fully refunded orders; staff"),
            _("Ordered from the camp's start until its end"),
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "orders",
            _("Orders a day"),
            _("Paid orders by day, split by why the customer bought"),
            _("None: a count"),
            _("Fully refunded orders; staff"),
            _("Day of the order in the company's time zone"),
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "tier_flow",
            _("Movement of tiers"),
            _("Tier 7 days ago against tier now, each person in one cell"),
            _COHORT,
            _("Those who had bought or left by then"),
            _("Now and 7 × 24 hours before"),
            _("Tier history, rule of each moment"),
            _OPERATIONS,
        ),
        Metric(
            "stage_moves",
            _("Movement of trust stages"),
            _("Trust stage at the end of one day against that of a later day, each person in one cell"),
            _("Everybody known by the later day"),
            _("Records that turned out to be another's: one person is one"),
            _("Ends of both days in the company's time zone; of today, now"),
            _("Moves between stages, by rule or by hand"),
            _OPERATIONS,
        ),
        Metric(
            "circle_moves",
            _("Movement of circles"),
            _("Innermost circle on one day against that of a later day, each person in one cell"),
            _("Everybody in a circle on either day"),
            _STAFF,
            _("The circle of a day follows from the 14 days before it"),
            _("Circles, worked out each night"),
            _OPERATIONS,
        ),
        Metric(
            "tier_moves",
            _("Movement of tiers"),
            _("Tier at the end of one day against that of a later day, each person in one cell"),
            _("Everybody of the camp by the later day, late joiners too"),
            _STAFF,
            _("Ends of both days in the company's time zone; of today, now"),
            _("Tier history, rule of each moment; shop orders; group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "lift",
            _("Above the natural rate"),
            _("Conversion of the cohort − assumed natural rate"),
            _COHORT,
            _("No hold-out group: a comparison, not a cause"),
            _("From the camp's start until now or its end"),
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "execution",
            _("Execution rate"),
            _("Confirmed within its window ÷ due"),
            _("Touches whose window has ended, without those cancelled or blocked by a rule"),
            _("Late, skipped, missed and without evidence stand apart"),
            _("The window of each touch"),
            _("Send results, archive, screenshots reviewed"),
            _OPERATIONS,
        ),
        Metric(
            "late_joiners",
            _("Late joiners"),
            _("People who joined after the cohort was frozen"),
            _("None: a count"),
            _STAFF,
            _("Joined after the first day"),
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "cohort",
            _("Cohort"),
            _("People in a group of the camp when the cohort was frozen"),
            _("None: a count"),
            _STAFF,
            _("End of the first day"),
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "channel_people",
            _("Came by the channel"),
            _("Distinct people whom the channel brought first, by a code or link of it"),
            _("None: a count"),
            _("Staff; whoever came by another channel before"),
            _CAME,
            _("Codes and links of the channel as WeCom reports them"),
            _OPERATIONS,
        ),
        Metric(
            "channel_precise",
            _("Precise share"),
            _(
                "Still in a group or a friend 3 × 24 hours after coming, with a tag of the setting if it names any"
            ),
            _("People whom the channel brought at least 3 × 24 hours ago"),
            _("Staff; whoever came by another channel before"),
            _CAME,
            _("Group members and friends by WeCom, tags carried now"),
            _OPERATIONS,
        ),
        Metric(
            "channel_kept",
            _("D7 retention"),
            _("Still in a group or a friend 7 × 24 hours after coming"),
            _("People whom the channel brought at least 7 × 24 hours ago"),
            _("Staff; whoever came by another channel before"),
            _CAME,
            _("Group members and friends by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "channel_bought",
            _("Conversion of the channel"),
            _("Distinct people with a paid order within 30 × 24 hours after coming"),
            _("People whom the channel brought"),
            _("Fully refunded orders; staff"),
            _CAME,
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "channel_cost",
            _("Cost of the channel"),
            _("Its cost, spread evenly over its period, as far as that lies in the time shown"),
            _("None: an amount"),
            _("What nobody wrote down"),
            _("Whole days in the company's time zone"),
            _("Channels, as written down by staff"),
            _OPERATIONS,
        ),
        Metric(
            "channel_roi",
            _("Sales ÷ cost"),
            _(
                "What orders within 30 × 24 hours after coming were paid with, less refunds ÷ cost of the channel"
            ),
            _("Cost of the channel in the time shown"),
            _("Fully refunded orders; staff"),
            _CAME,
            _("Shop orders, channels"),
            _OPERATIONS,
        ),
        Metric(
            "day_customers",
            _("Customers in groups"),
            _("Distinct customers who sat in a group at the end of the last day"),
            _("None: a count"),
            _STAFF,
            _("End of the day in the company's time zone; of today, now"),
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "day_joined",
            _("Joined, times"),
            _("Joinings of customers; somebody who joins two groups joins twice"),
            _("None: a count"),
            _("Staff; people put in when the chat was made"),
            _DAYS,
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "day_left",
            _("Left, times"),
            _("Leavings of customers, of their own will or removed"),
            _("None: a count"),
            _("Staff; chats that were dissolved"),
            _DAYS,
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "day_active",
            _("Active customers"),
            _("Distinct customers now in a group who did something there or outside any group"),
            _("Customers in groups at the end of the last day"),
            _STAFF,
            _DAYS,
            _("Behaviour stream"),
            _OPERATIONS,
        ),
        Metric(
            "day_speakers",
            _("Customers who wrote"),
            _("Distinct customers now in a group who wrote in it"),
            _("Customers in groups at the end of the last day"),
            _STAFF,
            _DAYS,
            _("Chat archive or import"),
            _OPERATIONS,
        ),
        Metric(
            "day_messages",
            _("Customer messages"),
            _("Messages of customers in groups"),
            _("None: a count"),
            _STAFF,
            _DAYS,
            _("Chat archive or import"),
            _OPERATIONS,
        ),
        Metric(
            "day_buyers",
            _("Buyers"),
            _("Distinct customers with a paid order placed while they sat in a group"),
            _("Customers in groups at the end of the last day"),
            _("Fully refunded orders; staff"),
            _DAYS,
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "day_paid_fen",
            _("Sales of members"),
            _("What those orders were paid with, less what was given back"),
            _("None: an amount"),
            _("Fully refunded orders; staff"),
            _DAYS,
            _("Shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "funnel_reached",
            _("Reached the step"),
            _(
                "People who took this step after the one before, in this order, and within the window of their first"
            ),
            _("People who took the first step within the days chosen"),
            _(
                "Staff; fully refunded orders; being put in when the chat was made is no join; one person counts once"
            ),
            _(
                "Each person's first such step in those days begins; until its window has ended they are on the way"
            ),
            _("Behaviour stream, group members and friends by WeCom, shop orders"),
            _OPERATIONS,
        ),
        Metric(
            "cohort_people",
            _("Newcomers of a week"),
            _("People whose first join of the company, group, channel or camp lies in the week"),
            _("None: a count"),
            _(
                "Staff; people put in when the chat was made, until they join by themselves; one person counts once"
            ),
            _("Monday to Sunday in the company's time zone"),
            _("Group members by WeCom; the camp's list for camps"),
            _OPERATIONS,
        ),
        Metric(
            "seat_on",
            _("In group"),
            _("Sat in one of its groups at the end of the day so many days after their own join"),
            _NEWCOMERS,
            _("Weeks whose people have not all lived through that day are empty"),
            _AFTER,
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "seat_since",
            _("In group then or later"),
            _("Sat in one of its groups on the day so many days after their own join, or on a later one"),
            _NEWCOMERS,
            _("Weeks whose people have not all lived through that day are empty"),
            _AFTER,
            _("Group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "act_on",
            _("Active in group"),
            _("On that very day did something in a group of it while sitting there, or outside any group"),
            _NEWCOMERS,
            _("Weeks whose people have not all lived through that day are empty"),
            _AFTER,
            _("Behaviour stream, group members by WeCom"),
            _OPERATIONS,
        ),
        Metric(
            "act_since",
            _("Active in group then or later"),
            _(
                "On that day or later did something in a group of it while sitting there, or outside any group"
            ),
            _NEWCOMERS,
            _("Weeks whose people have not all lived through that day are empty"),
            _AFTER,
            _("Behaviour stream, group members by WeCom"),
            _OPERATIONS,
        ),
    )
}

RARRA = ("retention", "activation", "referral", "revenue", "acquisition")
AARRR = ("acquisition", "activation", "retention", "revenue", "referral")


@dataclass(frozen=True)
class Aim:
    """How a metric serves as a target (R96, R97): its unit, over which days it is told, and how it gets there.

    `span`: the days up to the last that it is told of, as screens show it; 0: the whole period.
    """

    metric: Metric
    unit: Unit
    course: Course
    span: int
    scopes: frozenset[str]


_EVERYBODY = frozenset({Scope.COMPANY.value, Scope.TEAM.value})
_CAMP = frozenset({Scope.CAMP.value})
AIMS: dict[str, Aim] = {
    one.metric.key: one
    for one in (
        Aim(METRICS["day_buyers"], Unit.PEOPLE, Course.CLIMBS, 28, _EVERYBODY),
        Aim(METRICS["day_paid_fen"], Unit.FEN, Course.ADDS, 0, _EVERYBODY),
        Aim(METRICS["day_active"], Unit.PEOPLE, Course.CLIMBS, 7, _EVERYBODY),
        Aim(METRICS["day_customers"], Unit.PEOPLE, Course.CLIMBS, 1, _EVERYBODY),
        Aim(METRICS["day_joined"], Unit.TIMES, Course.ADDS, 0, _EVERYBODY),
        Aim(METRICS["day_speakers"], Unit.PEOPLE, Course.CLIMBS, 7, _EVERYBODY),
        Aim(METRICS["day_messages"], Unit.TIMES, Course.ADDS, 0, _EVERYBODY),
        Aim(METRICS["revenue"], Unit.SHARE, Course.ADDS, 0, _CAMP),
        Aim(METRICS["activation"], Unit.SHARE, Course.ADDS, 0, _CAMP),
        Aim(METRICS["retention"], Unit.SHARE, Course.HOLDS, 0, _CAMP),
        Aim(METRICS["referral"], Unit.SHARE, Course.ADDS, 0, _CAMP),
    )
}
