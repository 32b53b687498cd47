"""How questions are answered (R75): figures with the questions behind them, and one question with its messages."""

from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import ExpressionWrapper, F, QuerySet
from django.db.models.fields import DurationField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from console.keys import key_of
from console.listing import ListPage
from console.pages import ConsoleView, go, render, toast
from console.templatetags.q import duration_s, figure, percent
from contacts.enums import ANSWER_MINUTES, LEAD_MINUTES, QuestionClose
from contacts.filters import DAYS_WITHOUT_CHOICE, QUESTION_DAYS, QuestionFilter
from contacts.models import Question
from contacts.selectors import groups_for_choice
from contacts.selectors.questions import answers_to_words, spoken_around, texts_of
from contacts.selectors.ratings import Rated, Rating, ratings, ratings_lowest
from contacts.selectors.service import (
    ALL,
    BY_DAY,
    BY_GROUP,
    BY_STAFF,
    Service,
    Wanted,
    question_get,
    question_list,
    service_figures,
)
from contacts.selectors.worktime import worktime_of
from contacts.services.questions import (
    question_close,
    question_reopen,
    question_unknown,
    questions_count_anew,
)
from contacts.tables.questions import HIDDEN, QuestionTable, standing
from team.selectors import staff_names
from tenants import audit, clock, preferences
from tenants.enums import Permission
from wecom.archive.selectors import coverage

LINES = 30  # colleagues, groups or days that stand in one table
AUDIT_S = 3600  # one entry for a person who looks again within the hour


class ServicePage(ListPage):
    """`?days=30` or `?day=2026-03-02`, `group`, `staff`, `state`; `?by=staff|group|day` splits the figures."""

    template_name = "contacts/service.html"
    partial_name = "contacts/_service.html"
    table_class = QuestionTable
    filterset_class = QuestionFilter
    key = "contacts.service"
    title = pgettext_lazy("questions", "Service")
    purpose = gettext_lazy("Who asked, how soon somebody answered, and what still waits.")

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """[since, until) of the questions counted: one local day, or the last days with today."""
        zone, today = self.request.tenant.timezone, self._today
        try:
            day = parse_date(self.request.GET.get("day", ""))
        except ValueError:
            day = None
        if day is not None and date(2000, 1, 1) <= day <= date(2200, 1, 1):
            return clock.day_bounds(day, zone)
        asked = key_of(self.request.GET.get("days"))
        days = asked if asked in QUESTION_DAYS else DAYS_WITHOUT_CHOICE
        return clock.day_bounds(today - timedelta(days=days - 1), zone)[0], clock.day_bounds(today, zone)[1]

    @cached_property
    def _today(self) -> date:
        return clock.local_date(clock.now(), self.request.tenant.timezone)

    @cached_property
    def hours(self) -> Any:
        return worktime_of(self.request.tenant)

    @property
    def may_see(self) -> bool:
        return self.can(Permission.SEE_PERSONAL)

    def queryset(self) -> QuerySet[Question]:
        since, until = self.span
        rows = question_list(tenant_id=self.request.tenant.pk).filter(asked_at__gte=since, asked_at__lt=until)
        took = {
            name: ExpressionWrapper(F(f"{at}_at") - F("asked_at"), output_field=DurationField())
            for name, at in (("reply", "replied"), ("resolve", "resolved"))
        }
        return rows.annotate(**took)

    def table_kwargs(self) -> dict[str, Any]:
        tenant = self.request.tenant
        return {
            "tenant": tenant,
            "hours": self.hours,
            "may_see": self.may_see,
            "texts": lambda ids: texts_of(tenant_id=tenant.pk, message_ids=ids),
        }

    def get(self, request: HttpRequest, **kwargs: Any) -> Any:
        if self.may_see:
            note_reading(request)
        return super().get(request, **kwargs)

    def context(self) -> dict[str, Any]:
        tenant = self.request.tenant
        source = coverage(tenant_id=tenant.pk)
        base = {
            "source": source,
            "may_manage": self.can(Permission.MANAGE),
            "may_see": self.may_see,
            "may_operate": self.can(Permission.OPERATE),
            "hours": self.hours,
        }
        wanted = self._wanted()
        rated = ratings(tenant_id=tenant.pk, wanted=wanted, zone=tenant.timezone)
        base["rated"] = self._rated(wanted, rated[BY_STAFF])
        if not source.sees_messages:
            return base
        found = service_figures(tenant_id=tenant.pk, wanted=wanted, hours=self.hours)
        by = self.request.GET.get("by", "")
        by = by if by in (BY_STAFF, BY_GROUP, BY_DAY) else BY_STAFF
        own = preferences.values(tenant.pk, ANSWER_MINUTES, LEAD_MINUTES)
        return base | {
            "found": found[ALL][None],
            "stats": self._stats(found[ALL][None], rated[ALL][None]),
            "by": by,
            "bys": [
                (BY_STAFF, _("By colleague")),
                (BY_GROUP, _("By group")),
                (BY_DAY, _("By day")),
            ],
            "lines": self._split(by, found[by], rated[by]),
            "answer_minutes": own[ANSWER_MINUTES.key],
            "lead_minutes": own[LEAD_MINUTES.key],
        }

    def _rated(self, wanted: Wanted, of_staff: dict[Any, Rated]) -> list[tuple[Rating, str]]:
        """The ratings behind the figures, each with the colleague it is for."""
        if not of_staff:
            return []
        tenant_id = self.request.tenant.pk
        names = dict(staff_names(tenant_id=tenant_id, staff_ids=[one for one in of_staff if one]))
        return [
            (one, names.get(one.staff_id or 0, "–"))
            for one in ratings_lowest(tenant_id=tenant_id, wanted=wanted)
        ]

    def _wanted(self) -> Wanted:
        group_id, staff_id = (key_of(self.request.GET.get(one)) for one in ("group", "staff"))
        return Wanted(*self.span, group_id, staff_id)

    def _link(self, **changes: Any) -> str:
        query = self.request.GET.copy()
        for key in ("page", "sort", "view", "export", "state", *changes):
            query.pop(key, None)
        query.update({key: str(value) for key, value in changes.items() if value})
        return f"?{query.urlencode()}"

    def _stats(self, found: Service, rated: Rated) -> list[dict[str, Any]]:
        share = percent(found.answered / found.asked) if found.asked else "–"
        slowest = self._link(state="answered", sort="-reply")
        longest = self._link(state="resolved", sort="-resolve")
        work = _("in working hours %(p50)s, %(p90)s")

        def timed(label: str, on_clock: Any, worked: Any, url: str) -> dict[str, Any]:
            said = {"p50": duration_s(worked.p50), "p90": duration_s(worked.p90)}
            return {
                "label": label, "value": duration_s(on_clock.p50), "unit": f" · {duration_s(on_clock.p90)}",
                "url": url if on_clock.p50 is not None else "", "against": work % said,
                "people": _("The slowest first"),
            }  # fmt: skip

        return [
            {
                "label": _("Questions"), "value": figure(found.asked), "url": self._link(),
                "against": _("%(n)s answered, %(share)s") % {"n": figure(found.answered), "share": share},
                "people": _("All"),
            },
            timed(_("First reply, P50 · P90"), found.reply, found.reply_work, slowest),
            timed(_("Resolved, P50 · P90"), found.resolve, found.resolve_work, longest),
            {
                "label": _("Wait for an answer"), "value": figure(found.waiting),
                "url": self._link(state="waiting"), "people": _("See them"),
                "against": _("%(n)s not resolved") % {"n": figure(found.open)},
            },
            {
                "label": _("Rating by customers, 1–5"), "value": score(rated.mean),
                "url": "#s-rated" if rated.count else "", "people": _("See them"),
                "against": ngettext("%(n)s rating", "%(n)s ratings", rated.count) % {"n": figure(rated.count)},
            },
        ]  # fmt: skip

    def _split(self, by: str, found: dict[Any, Service], rated: dict[Any, Rated]) -> list[dict[str, Any]]:
        """The first lines of a split, those with most questions first; days in their order."""
        none, every = Service(), {*found, *rated}
        keys = (
            sorted(every, reverse=True)
            if by == BY_DAY
            else sorted(every, key=lambda key: (-found.get(key, none).asked, key or 0))
        )
        keys = keys[:LINES]
        names = self._names(by, keys)
        return [
            {
                "name": names.get(key) or self._nameless(by), "found": found.get(key, none), "url": self._of(by, key),
                "rated": rated.get(key), "score": score(rated[key].mean if key in rated else None),
            }
            for key in keys
        ]  # fmt: skip

    def _names(self, by: str, keys: list[Any]) -> dict[Any, Any]:
        tenant_id = self.request.tenant.pk
        if by == BY_DAY:
            return {key: key for key in keys}
        if by == BY_STAFF:
            return dict(staff_names(tenant_id=tenant_id, staff_ids=[key for key in keys if key]))
        return dict(groups_for_choice(tenant_id=tenant_id))

    def _nameless(self, by: str) -> str:
        return _("Nobody yet") if by == BY_STAFF else _("In private, or a group that is over")

    def _of(self, by: str, key: Any) -> str:
        if key is None:
            return ""
        if by == BY_DAY:
            return self._link(day=key.isoformat(), days="")
        return self._link(**{by: key})


def score(mean: float | None) -> str:
    """A mean of ratings: 4.6; none is a dash."""
    return "–" if mean is None else f"{mean:.1f}"


class QuestionPage(ConsoleView):
    """One question: how it stands, the messages from it to its answer, scripts that may answer it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant = self.request.tenant
        question = question_get(tenant_id=tenant.pk, question_id=pk)
        may_see = self.can(Permission.SEE_PERSONAL)
        lines = spoken_around(question=question) if may_see else []
        if lines:
            note_reading(request)
        hours = worktime_of(tenant)
        name = question.customer.name if question.customer else ""
        first = next((one.text for one in lines if one.is_first), "")
        context = {
            "question": question,
            "name": name if may_see or not name else name[:1] + HIDDEN * 2,
            "tone": standing(question)[0],
            "standing": standing(question)[1],
            "lines": lines,
            "may_see": may_see,
            "may_work": self.can(Permission.WORK),
            "owner": question.staff or (question.group.owner if question.group else None),
            "times": [
                (label, duration_s(None if at is None else (at - question.asked_at).total_seconds()),
                 duration_s(None if at is None else hours.seconds(question.asked_at, at)), at)
                for label, at in (
                    (_("First reply"), question.replied_at), (_("Resolved"), question.resolved_at),
                )
            ],
            "answers": answers_to_words(tenant_id=tenant.pk, question=first) if question.waits else [],
        }  # fmt: skip
        return render(request, "contacts/question.html", context, partial="contacts/question.html")


class QuestionActView(ConsoleView):
    """What a person says of a question: elsewhere, no_need, unknown, reopen."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        who: dict[str, Any] = {
            "tenant": self.request.tenant, "question_id": pk, "actor": self.request.actor,
        }  # fmt: skip
        undo = ""
        if verb == "reopen":
            question_reopen(**who)
            said = _("Open again.")
        elif verb == "unknown":
            question_unknown(**who)
            said = _("The team lead has it now.")
        elif verb in QuestionClose.values:
            question_close(**who, how=verb)
            said, undo = _("Noted."), self.url("contacts:question_act", pk=pk, verb="reopen")
        else:
            raise Http404
        toast(request, said, undo)
        return go(request, self.url("contacts:question", pk=pk))


class CountAnewView(ConsoleView):
    """Look at every message on record again."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        questions_count_anew(tenant=self.request.tenant, actor=self.request.actor)
        toast(request, _("All messages on record are looked at again; the figures follow in some minutes."))
        return go(request, self.url("contacts:service"))


def note_reading(request: Any) -> None:
    """Who read words of customers here."""
    actor = request.actor
    if cache.add(f"contacts:questions:read:{request.tenant.pk}:{actor.kind}:{actor.id}", 1, timeout=AUDIT_S):
        with transaction.atomic():
            audit.record(tenant=request.tenant, actor=actor, verb="contacts.questions.read")
