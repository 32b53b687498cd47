"""The check-in on a member's phone (R86): today's task, the month, the row of days, what comes next."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils import dateformat, formats
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from campaigns.enums import AwardState, Phase, PlayKind
from campaigns.enums.checkins import DayState, ProofKind, RewardKind
from campaigns.models import Award, Campaign, CheckInPlan, CheckInReward
from campaigns.phone.base import PlayPage
from campaigns.phone.points import PointsParts
from campaigns.policies.checkins import (
    Mark,
    Terms,
    cards_left,
    days_in_period,
    days_to_make_up,
    month_weeks,
    period_bounds,
    streak_on,
    task_of,
)
from campaigns.selectors.checkins import checkin_on, marks_of, plan_get, rewards_held, terms_of
from campaigns.selectors.pages import prizes_of
from campaigns.selectors.points import points_of
from campaigns.services.checkins import checkin_make, checkin_make_up
from console.templatetags.q import day as day_words
from tenants import clock
from tenants.errors import DomainError

MADE_UP_SHOWN = 3  # days that can be made up, each a button


class CheckInPage(PointsParts, PlayPage):
    """Check in, make a day up, see the month and what it gives."""

    kind = PlayKind.CHECK_IN
    template_name = "campaigns/h5/checkin.html"
    parts: ClassVar[dict[str, str]] = {**PlayPage.parts, **PointsParts.parts}

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = plan_get(tenant_id=tenant_id, plan_id=row_id)
        return found.campaign if found else None

    @cached_property
    def plan(self) -> CheckInPlan:
        found = plan_get(tenant_id=self.visit.tenant.pk, plan_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def person_id(self) -> int:
        """Whose days these are: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.plan, self.visit.tenant.timezone)

    @cached_property
    def today(self) -> date:
        return clock.local_date(clock.now(), self.visit.tenant.timezone)

    @cached_property
    def marks(self) -> list[Mark]:
        return marks_of(plan=self.plan, person_id=self.person_id) if self.person_id else []

    def notices(self) -> list[Any]:
        rejected = _("What is not what was asked for can be rejected; what it gave goes back then.")
        return [*super().notices(), rejected]

    def context(self) -> dict[str, Any]:
        terms, marks, today, customer = self.terms, self.marks, self.today, self.visit.customer
        mine = checkin_on(plan=self.plan, person_id=self.person_id, day=today) if self.person_id else None
        is_done = mine is not None and mine.rejected_at is None
        is_open = self.why_not is None
        missed = days_to_make_up(terms, marks, today)
        cards = cards_left(terms, marks)
        shown_day = min(max(today, terms.first), terms.last)
        count = days_in_period(terms, marks, shown_day)
        rewards = rewards_held(plan=self.plan, person_id=self.person_id) if self.person_id else []
        held_gifts = [one for one in rewards if one.kind == RewardKind.GIFT]
        return {
            "plan": self.plan, "task": task_of(self.plan.tasks, terms.first, shown_day), "today": today,
            "mine": mine, "is_done": is_done, "can_check_in": is_open and not is_done,
            "needs_words": self.plan.proof == ProofKind.TEXT, "needs_link": self.plan.proof == ProofKind.LINK,
            "streak": streak_on((one.day for one in marks), today), "count": count,
            "days_done": sum(not one.is_made for one in marks), "days_made": sum(one.is_made for one in marks),
            "cards": cards, "missed": missed[:MADE_UP_SHOWN] if is_open and cards else [],
            "has_cards": bool(terms.cards_start or terms.card_days), "month": self._month(shown_day),
            "next": self._next(count, shown_day), "gives": self._gives(), "points": points_of(customer=customer)
            if customer else 0, "gift_words": self._gift_words(held_gifts),
            "mine_count": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
            "is_just_done": "done" in self.visit.request.GET and is_done, "points_url": f"{self.home}points/",
            "period": period_bounds(terms, shown_day), "has_points": bool(
                terms.day_points or terms.streak_points or terms.goal_points
            ),
        }  # fmt: skip

    def _month(self, day: date) -> dict[str, Any]:
        """The calendar of the month that the address asks for, within the campaign."""
        terms = self.terms
        year, month = _asked_month(self.visit.request.GET.get("month", "")) or (day.year, day.month)
        first = date(year, month, 1)
        if not (terms.first.year, terms.first.month) <= (year, month) <= (terms.last.year, terms.last.month):
            first = day.replace(day=1)
        year, month = first.year, first.month
        weeks = month_weeks(terms, self.marks, year=year, month=month, today=self.today)
        before, after = _month_before(first), _month_after(first)
        here: list[list[tuple[date | None, str]]] = [
            [(one, state.value) if one.month == month else (None, "") for one, state in week]
            for week in weeks
        ]
        return {
            "weeks": here, "name": formats.date_format(first, "YEAR_MONTH_FORMAT"),
            "before": before.strftime("%Y-%m") if before >= terms.first.replace(day=1) else "",
            "after": after.strftime("%Y-%m") if after <= terms.last.replace(day=1) else "",
            "heads": _heads(),
            "said": self._calendar_words(here),
        }  # fmt: skip

    def _calendar_words(self, weeks: list[list[tuple[date | None, str]]]) -> str:
        """The calendar for whoever hears it."""
        days = [state for week in weeks for _day, state in week]
        return _("%(done)s days done, %(made)s made up, %(missed)s missed") % {
            "done": days.count(DayState.DONE), "made": days.count(DayState.MADE),
            "missed": days.count(DayState.MISSED),
        }  # fmt: skip

    def _next(self, count: int, day: date) -> str:
        """What comes next, in a sentence."""
        terms, left = self.terms, self.terms.goal_days - count
        _first, last = period_bounds(terms, day)
        if self.phase == Phase.ENDED:
            return ""
        if left <= 0:
            return (
                _("Reached. A new goal begins after %(day)s.") % {"day": day_words(last)}
                if last < terms.last
                else _("Reached. Well done.")
            )
        return ngettext("%(n)s more day until %(day)s.", "%(n)s more days until %(day)s.", left) % {
            "n": left, "day": day_words(last),
        }  # fmt: skip

    def _gives(self) -> list[str]:
        """What there is to get, one line each."""
        terms, gift = self.terms, self.plan.gift
        told: list[tuple[object, str]] = [
            (terms.day_points, _("Each day: %(n)s points") % {"n": terms.day_points}),
            (terms.streak_points, _("Every %(days)s days in a row: %(n)s points more")
             % {"days": terms.streak_days, "n": terms.streak_points}),
            (terms.goal_points, _("At the goal: %(n)s points") % {"n": terms.goal_points}),
            (terms.goal_draws, ngettext("At the goal: %(n)s draw", "At the goal: %(n)s draws", terms.goal_draws)
             % {"n": terms.goal_draws}),
            (gift, _("At the goal: %(gift)s, as long as there are any") % {"gift": gift.name if gift else ""}),
            (terms.card_days, _("Every %(days)s days in a row, done on the day: 1 make-up card")
             % {"days": terms.card_days}),
        ]  # fmt: skip
        return [words for is_given, words in told if is_given]

    def _gift_words(self, held: list[CheckInReward]) -> str:
        """What became of the gift: reached and set aside, or reached with none left."""
        gift = self.plan.gift
        if gift is None:
            return ""
        if held:
            state = Award.objects.filter(
                tenant_id=self.visit.tenant.pk, pk__in=[one.award_id for one in held if one.award_id]
            ).exclude(state=AwardState.RETURNED)
            return _("%(gift)s is yours: see My prizes.") % {"gift": gift.name} if state.exists() else ""
        return ""

    def post(self) -> HttpResponse:
        """Check in, or make a day up. The same form sent twice is one day."""
        given = self.visit.request.POST
        day = _asked_day(given.get("day", ""))
        if day is None:
            return self._refused(_("Open the page again."), 422)
        who: dict[str, Any] = {
            "tenant": self.visit.tenant, "plan": self.plan, "person_id": self.person_id, "day": day,
        }  # fmt: skip
        try:
            if given.get("act") == "make-up":
                checkin_make_up(**who)
            else:
                checkin_make(**who, proof=given.get("proof", ""))
        except DomainError as error:
            return self._refused(str(error.message), error.status, proof=given.get("proof", ""))
        return self.go("?made=1" if given.get("act") == "make-up" else "?done=1")

    def _refused(self, words: str, status: int, proof: str = "") -> HttpResponse:
        """The page again with why; what was typed stays."""
        context = {**self.context(), "refused": words, "typed": proof[:600]}
        return self.answer(self.template_name, context, status=status)


def _heads() -> list[str]:
    """一 to 日, or Mon to Sun."""
    is_chinese = (get_language() or "").startswith("zh")
    names = [dateformat.format(date(2026, 6, number), "D") for number in range(1, 8)]  # the first is a Monday
    return [one[-1] if is_chinese else one for one in names]


def _asked_day(raw: str) -> date | None:
    try:
        return date.fromisoformat(raw) if len(raw) == 10 else None
    except ValueError:
        return None


def _asked_month(raw: str) -> tuple[int, int] | None:
    found = _asked_day(f"{raw}-01") if len(raw) == 7 else None
    return (found.year, found.month) if found else None


def _month_before(first: date) -> date:
    return date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)


def _month_after(first: date) -> date:
    return date(first.year + (first.month == 12), first.month % 12 + 1, 1)
