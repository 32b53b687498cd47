"""Ready plans of a new-user group (R18), pure: to people a flash sale or a group-buy, to companies long lessons and
real feedback. Each answers what the readiness gate asks, plans a first week within its rules, and sets a goal."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from groups.enums import ContentKind, Opening, Purpose, Question, Scenario, Slot
from groups.policies.answers import Week

_M, _V, _T = ContentKind.MARKETING.value, ContentKind.VALUE.value, ContentKind.TALK.value
REPURCHASE, UPGRADE, REFERRAL, DEAL, FEEDBACK = "repurchase", "upgrade", "referral", "deal", "feedback"


@dataclass(frozen=True)
class Plan:
    """One ready plan. `answers` hold texts in the present language; `goals` are percents of the group's customers."""

    opening: Opening
    to_company: bool
    value: Any
    answers: dict[str, dict[str, Any]]
    week: Week
    goals: dict[str, int]
    purpose: str = Purpose.CONVERSION
    scenario: str = Scenario.WELFARE


def _week(morning: str, noon: str, evening: str) -> Week:
    """A week from three strings of seven letters: v value, t talk, m marketing, - nothing."""
    kinds = {"v": _V, "t": _T, "m": _M, "-": ""}
    return {
        slot.value: [kinds[one] for one in line]
        for slot, line in zip((Slot.MORNING, Slot.NOON, Slot.EVENING), (morning, noon, evening), strict=True)
    }


USUAL_CRISIS: dict[str, Any] = {
    "first_speaker": _("The group's owner, within 15 minutes"),
    "complaint": _("Say sorry, take it to a private chat, answer in the group with what was done"),
    "competitor": _("Freeze sends, remove who attacks, tell the group plainly"),
}
_COMMON: dict[str, dict[str, Any]] = {
    Question.RULES: {
        "lines": _(
            "No illegal, obscene or false content\nNo adding members privately\nNo unrelated ads or links"
        ),
        "ladder": _("Warn, mute, remove"),
    },
    Question.CRISIS: USUAL_CRISIS,
}

PLANS: dict[str, Plan] = {
    Opening.FLASH_SALE: Plan(
        opening=Opening.FLASH_SALE,
        to_company=False,
        value=_("Every week one thing you use anyway, at a price for this group only"),
        answers={
            **_COMMON,
            Question.POSITIONING: {
                "audience": _("Customers who have bought once"),
                "not_for": _("Resellers; people who have never bought"),
                "outcome": _("Buy again what suits them, at an honest price"),
                "actions": _("Flash sale on two evenings, tips for use every morning, questions any time"),
            },
            Question.DELIVERABLE: {
                "promises": _(
                    "Flash sale on day 3 at 20:00\n"
                    "Flash sale on day 6 at 20:00\n"
                    "Questions answered within a day"
                ),
            },
            Question.MANAGEMENT: {"duties": _(
                "Owner: stock, price and end of each "
                "sale; helper: answers, orders"
            )},
            Question.ENDING: {
                "how": _("Notice three days before, last sale, then dissolved"),
                "next": _("Buyers of both sales: the members' group"),
            },
        },
        week=_week("vvvvvvv", "ttmttmt", "-tmt-m-"),
        goals={REPURCHASE: 20, UPGRADE: 8, REFERRAL: 5},
    ),
    Opening.GROUP_BUY: Plan(
        opening=Opening.GROUP_BUY,
        to_company=False,
        value=_("Buy together what is good, cheaper the more take part"),
        answers={
            **_COMMON,
            Question.POSITIONING: {
                "audience": _("Customers who have bought once and know others who would"),
                "not_for": _("Resellers; people who only hunt for prizes"),
                "outcome": _("Buy again together with friends, at the price of the group"),
                "actions": _("One group-buy a week, choose the next product together, show what came"),
            },
            Question.DELIVERABLE: {
                "promises": _(
                    "Group-buy opens on day 4 at 12:00\n"
                    "Group-buy ends on day 6 at 20:00\n"
                    "All orders sent within 48 hours"
                ),
            },
            Question.MANAGEMENT: {"duties": _(
                "Owner: product, price and number needed; "
                "helper: lists who takes part"
            )},
            Question.ENDING: {
                "how": _("Notice three days before, last parcels shown, then dissolved"),
                "next": _("Who brought friends: the members' group"),
            },
        },
        week=_week("vvvvvvv", "tttmtmt", "t-tmtm-"),
        goals={REPURCHASE: 20, UPGRADE: 5, REFERRAL: 10},
    ),
    Opening.EDUCATION: Plan(
        opening=Opening.EDUCATION,
        to_company=True,
        value=_("A case and a lesson each day from companies like yours, and honest answers"),
        answers={
            **_COMMON,
            Question.POSITIONING: {
                "audience": _("People who decide or prepare the purchase in a company"),
                "not_for": _("Competitors; people who cannot take part in the decision"),
                "outcome": _("Know what fits their company, and see that it works elsewhere"),
                "actions": _(
                    "A lesson every morning, a customer's own report "
                    "every other day, questions in the evening"
                ),
            },
            Question.DELIVERABLE: {
                "promises": _(
                    "Lesson 1 on day 1 at 9:00\n"
                    "Report of a customer on day 3 at 12:00\n"
                    "Questions to an expert on day 5 at 20:00"
                ),
            },
            Question.MANAGEMENT: {"duties": _(
                "Owner: lessons and reports; expert: answers; "
                "sales: private talks only when asked"
            )},
            Question.ENDING: {
                "how": _("Summary with all lessons, private talk offered, then dissolved"),
                "next": _("Customers: the delivery group; others: monthly letter"),
            },
        },
        week=_week("vvvvvvv", "-v-v-v-", "ttttmtt"),
        goals={DEAL: 10, FEEDBACK: 20, UPGRADE: 5, REFERRAL: 5},
        scenario=Scenario.KNOWLEDGE,
    ),
}  # fmt: skip


def answers_in_words(plan: Plan) -> dict[str, dict[str, Any]]:
    """The plan's answers as text of the present language, with its week."""
    told = {
        str(question): {key: str(text) for key, text in answer.items()}
        for question, answer in plan.answers.items()
    }
    return {**told, str(Question.OPERATION): {"week": plan.week}}


def merged(
    *, stored: dict[str, dict[str, Any]], filled: dict[str, dict[str, Any]], fresh: dict[str, dict[str, Any]]
) -> tuple[dict[str, dict[str, Any]], int]:
    """(answers to write, how many texts of people were kept).

    A text that somebody wrote stays; an empty one, or one that an earlier plan (`filled`) wrote, is replaced.
    """
    kept, made = 0, {}
    for question, answer in fresh.items():
        mine, before = dict(stored.get(question, {})), filled.get(question, {})
        for key, text in answer.items():
            if _says(mine.get(key)) and mine[key] != before.get(key) and mine[key] != text:
                kept += 1
            else:
                mine[key] = text
        made[question] = mine
    return made, kept


def _says(value: Any) -> bool:
    if isinstance(value, dict):
        return any(any(days) for days in value.values())
    return bool(str(value or "").strip())
