"""What became of a run: execution, who followed it with what result, results by strategy; and the review after it."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.keys import key_of
from console.pages import ConsoleView, TemplatePage, go, toast
from groups.enums import PaymentBasis
from sop.enums.reviews import Decision, ItemKind, ItemState, Quadrant
from sop.filters import payments_asked
from sop.forms import DecisionForm, PointForm
from sop.models import Review, Run
from sop.selectors.execution import Execution, execution_rate, skip_reasons, together
from sop.selectors.pulses import pulses_of_run
from sop.selectors.quadrants import INTERACTION, ORDERS, run_quadrants
from sop.selectors.reviews import items_of, review_numbers, review_of
from sop.selectors.talks import run_talk
from sop.selectors.templates import step_list
from sop.services.reviews import (
    review_finish,
    review_item_add,
    review_item_remove,
    review_item_settle,
    review_to_draft,
)
from sop.views.runs import found_run
from tenants.enums import Permission

_ADVICE = {
    Quadrant.STANDARD: gettext_lazy("Keep it: this is the standard others can copy."),
    Quadrant.FIX_PLAN: gettext_lazy("The plan did not carry: improve the SOP, not the person."),
    Quadrant.LEARN: gettext_lazy("Find out what they do instead, and take it into the next version."),
    Quadrant.COACH: gettext_lazy("Go through the steps with them first; the plan has not been tried yet."),
}


class ResultsPage(TemplatePage):
    """Execution; who followed with what result (`?by=orders` turns it); results by strategy.

    `?payment=` looks at the groups that are paid for in this way only.
    """

    template_name = "sop/run_results.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        run = found_run(self.request, kwargs["pk"])
        default = INTERACTION if run.key_interaction else ORDERS
        asked = self.request.GET.get("by", default)
        by = asked if asked in (INTERACTION, ORDERS) else default
        payments = payments_asked(self.request.GET)
        staff = execution_rate(tenant_id=tenant.pk, by="staff", run_ids=[run.pk], payments=payments)
        found = run_quadrants(tenant=tenant, run=run, by=by, rates=staff, payments=payments)
        return {
            "run": run,
            "tab": "results",
            "total": together(staff),
            "payments": payments,
            "payment_bases": PaymentBasis.choices,
            "paid_query": "".join(f"&{urlencode({'payment': one})}" for one in payments),
            "parts": [
                ("step", _("By step"), _("Step"), self._parts(run, "step", payments)),
                ("staff", _("By colleague"), _("Colleague"), _told(staff)),
                ("group", _("By group"), _("Group"), self._parts(run, "group", payments)),
            ],
            "reasons": skip_reasons(tenant_id=tenant.pk, run_id=run.pk, payments=payments),
            "quadrants": found,
            "cells": [(one, one.label, _ADVICE[one], found.of(one)) for one in Quadrant],
            "unjudged": found.of(None),
            "pulses": [] if payments else pulses_of_run(tenant=tenant, run=run),
            "talk": run_talk(tenant=tenant, run=run, payments=payments),
        }

    def _parts(self, run: Run, by: str, payments: Collection[str]) -> list[Execution]:
        return _told(execution_rate(tenant_id=run.tenant_id, by=by, run_ids=[run.pk], payments=payments))


def _told(rates: list[Execution]) -> list[Execution]:
    """Those with anything to tell."""
    return [one for one in rates if one.due or one.blocked or one.waiting]


class ReviewPage(TemplatePage):
    """The review of a run: what the numbers said, the points, the decision, and the version that answers them."""

    template_name = "sop/review.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        run = found_run(self.request, kwargs["pk"])
        review = review_of(tenant=self.request.tenant, run=run)
        steps = step_list(version=run.version)
        return {
            "run": run,
            "tab": "review",
            "review": review,
            "numbers": review_numbers(tenant=self.request.tenant, run=run),
            "points": [(kind, label, list(items_of(review, kind))) for kind, label in _kinds()]
            if review is not None
            else [],
            "titles": {one.key: one.title for one in steps},
            "steps": steps,
            "decisions": Decision.choices,
            "can_edit": self.can(Permission.OPERATE)
            and review is not None
            and not (review.next_version and review.next_version.state == "published"),
        }


def _kinds() -> list[tuple[ItemKind, str]]:
    return [(one, str(one.label)) for one in ItemKind]


class ReviewActView(ConsoleView):
    """POST: add or remove a point, decide, or open the next version."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        verbs = {"add": self._add, "remove": self._remove, "finish": self._finish, "draft": self._draft}
        if verb not in verbs:
            raise Http404
        review = review_of(tenant=self.request.tenant, run=found_run(request, pk))
        if review is None:
            raise Http404
        return verbs[verb](review)

    def _back(self, review: Review) -> HttpResponse:
        return go(self.request, self.url("sop:review", pk=review.run_id))

    def _common(self, review: Review) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "review_id": review.pk, "actor": self.request.actor}

    def _add(self, review: Review) -> HttpResponse:
        form = PointForm(self.request.POST)
        if form.is_valid():
            review_item_add(**self._common(review), **form.cleaned_data)
        else:
            toast(self.request, _("Write the point in a few words."))
        return self._back(review)

    def _remove(self, review: Review) -> HttpResponse:
        item_id = key_of(self.request.POST.get("item"))
        if item_id is not None:
            review_item_remove(**self._common(review), item_id=item_id)
        return self._back(review)

    def _finish(self, review: Review) -> HttpResponse:
        form = DecisionForm(self.request.POST)
        if form.is_valid():
            review_finish(**self._common(review), **form.cleaned_data)
            toast(self.request, _("The review is done."))
        else:
            toast(self.request, _("Choose what becomes of the plan."))
        return self._back(review)

    def _draft(self, review: Review) -> HttpResponse:
        draft = review_to_draft(**self._common(review))
        toast(self.request, _("The points stand beside the draft. Change their steps, or say why not."))
        return go(self.request, self.url("sop:version", pk=draft.pk))


class ReviewItemView(ConsoleView):
    """POST: what the draft does about a point: done, left with a reason, or open again."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        states = {"done": ItemState.CHANGED, "left": ItemState.LEFT, "open": ItemState.OPEN}
        if verb not in states:
            raise Http404
        item = review_item_settle(
            tenant=self.request.tenant,
            item_id=pk,
            state=states[verb],
            reason=request.POST.get("reason", ""),
            actor=self.request.actor,
        )
        version_id = item.review.next_version_id
        if version_id is None:
            return go(request, self.url("sop:review", pk=item.review.run_id))
        return go(request, self.url("sop:version", pk=version_id))
