"""Choices, transition tables and settings of leads.

The tier rule is no setting: it is edited as a draft and published as a numbered version that never changes
(`services.rule_drafts`), so that every tier names the version that made it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import Declared, declare


class Tier(models.TextChoices):
    """How strong the intent is (R68). The highest match wins; "" is unranked."""

    S = "S", _("Asked about the course")
    A_PLUS = "A+", _("Clicked pay, no order")
    A = "A", _("Opened the purchase link")
    B = "B", _("Learned and handed in")


TIERS: tuple[str, ...] = (Tier.S, Tier.A_PLUS, Tier.A, Tier.B)  # highest first
MAYBE_S = "S?"  # how a suggested S is shown until a person has confirmed it
URGENT_TIERS = frozenset({Tier.S, Tier.A_PLUS})


class LeadState(models.TextChoices):
    """A lead ends only as won, as not buying with a reason, or by opt-out (R70)."""

    OPEN = "open", pgettext_lazy("lead", "Open")
    WON = "won", _("Won")
    NOT_BUYING = "not_buying", _("Not buying")
    OPTED_OUT = "opted_out", _("Opted out")
    UNRANKED = "unranked", _("No intent shown now")


CLOSED_STATES = frozenset({LeadState.WON, LeadState.NOT_BUYING, LeadState.OPTED_OUT})


class LeadEventKind(models.TextChoices):
    """What a row of a lead's history tells. Stored data."""

    TIER = "tier", _("Tier changed")
    S_SET = "s_set", _("Set to S by hand")
    S_CONFIRMED = "s_confirmed", _("S confirmed")
    S_DENIED = "s_denied", _("Not S")
    FOLLOWED = "followed", _("Followed up")
    NEXT_SET = "next_set", _("Next action set")
    SNOOZED = "snoozed", _("Put off")
    ASSIGNED = "assigned", _("Assigned")
    CLOSED_WON = "closed_won", _("Marked as won")
    CLOSED_NOT_BUYING = "closed_not_buying", _("Marked as not buying")
    REOPENED = "reopened", _("Opened again")
    SLA_MISSED = "sla_missed", _("Deadline missed")
    DOUBT = "doubt", _("Doubt noted")
    DOUBT_ANSWERED = "doubt_answered", _("Doubt answered")
    NEED = "need", _("Need noted")


MARK_KINDS = frozenset(
    {
        LeadEventKind.S_SET, LeadEventKind.S_CONFIRMED, LeadEventKind.S_DENIED,
        LeadEventKind.CLOSED_WON, LeadEventKind.CLOSED_NOT_BUYING, LeadEventKind.REOPENED,
    }
)  # fmt: skip


class FollowResult(models.TextChoices):
    """What came of a follow-up: one tap."""

    NO_REPLY = "no_reply", _("No reply")
    TALKED = "talked", _("Talked")
    NEW_DOUBT = "new_doubt", _("New doubt")
    PAID = "paid", _("Paid")
    THINKING = "thinking", _("Thinking it over")
    NOT_BUYING = "not_buying", _("Not buying")


class NextAction(models.TextChoices):
    """Usual next actions; any other text may be written instead."""

    CONFIRM_S = "confirm_s", _("Confirm whether this is S")
    REPLY = "reply", _("Answer the question")
    ASK_PAYMENT = "ask_payment", _("Ask whether paying went wrong")
    ASK_HOW = "ask_how", _("Ask “how is it going?”")
    ASK_DOUBTS = "ask_doubts", _("Ask “what doubts remain?”")
    ANSWER_DOUBT = "answer_doubt", _("Answer the open doubt")


FIRST_ACTION: dict[str, str] = {
    Tier.S: NextAction.REPLY,
    Tier.A_PLUS: NextAction.ASK_PAYMENT,
    Tier.A: NextAction.ASK_DOUBTS,
    Tier.B: NextAction.ASK_HOW,
}


class CloseReason(models.TextChoices):
    """Why somebody does not buy: counted, so that the offer can change."""

    PRICE = "price", _("Too expensive")
    TIME = "time", _("No time")
    NEED = "need", _("No need")
    COMPETITOR = "competitor", _("Bought elsewhere")
    TRUST = "trust", _("Does not trust it yet")
    UNREACHABLE = "unreachable", _("Cannot be reached")
    OTHER = "other", _("Another reason")


class DoubtState(models.TextChoices):
    OPEN = "open", _("Not answered")
    ANSWERED = "answered", _("Answered")


class NeedKind(models.TextChoices):
    """What is learned about why somebody would buy (R74). An objection is a doubt: it is answered, not just noted."""

    NEED = "need", pgettext_lazy("what they need", "Need")
    PAIN = "pain", pgettext_lazy("what they need", "Pain")
    SCENARIO = "scenario", pgettext_lazy("what they need", "Scenario")
    COMPETITOR = "competitor", pgettext_lazy("what they need", "Also looks at")
    OBJECTION = "objection", pgettext_lazy("what they need", "Doubt")


NOTED_KINDS: tuple[str, ...] = (NeedKind.NEED, NeedKind.PAIN, NeedKind.SCENARIO, NeedKind.COMPETITOR)


class ShareReason(models.TextChoices):
    """Why a lead should go to a colleague."""

    FRIEND = "friend", _("friend of the customer, can write at once")
    SKILL = "skill", _("has the skill for this tier")
    LEAST = "least", _("carries least")
    ONLY = "only", _("the only one who can")
    NOBODY = "nobody", _("nobody is at work")


def _count(key: str, default: int, label: object) -> Declared:
    return declare(key, default=default, kind=PreferenceKind.INTEGER, label=label, minimum=1, maximum=100_000)


SLA_S_MIN = _count("lead.sla_s_min", 10, _("Minutes to answer an S lead"))
SLA_A_PLUS_MIN = _count("lead.sla_a_plus_min", 30, _("Minutes to follow an A+ lead"))
SLA_A_MIN = _count("lead.sla_a_min", 240, _("Minutes to follow an A lead"))
SLA_B_MIN = _count("lead.sla_b_min", 1440, _("Minutes to follow a B lead"))
SLA_SETTINGS: dict[str, Declared] = {
    Tier.S: SLA_S_MIN,
    Tier.A_PLUS: SLA_A_PLUS_MIN,
    Tier.A: SLA_A_MIN,
    Tier.B: SLA_B_MIN,
}

COHORT_DAYS = declare(
    "lead.cohort_days",
    default=1,
    kind=PreferenceKind.INTEGER,
    label=_("Days after the start when a camp's cohort is frozen"),
    minimum=0,
    maximum=14,
)
RETRY_HOURS = _count("lead.retry_hours", 24, _("Hours until the next try after no reply"))
TALK_HOURS = _count("lead.talk_hours", 48, _("Hours until the next contact after a talk"))
BASE_RATE = declare(
    "lead.base_rate",
    default=0.10,
    kind=PreferenceKind.DECIMAL,
    label=_("Natural conversion assumed until own history exists"),
    minimum=0,
    maximum=1,
)
