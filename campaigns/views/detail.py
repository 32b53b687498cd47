"""One campaign: the overview, its rules, its review."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.enums import PRIZE_YUAN_MOST, CampaignState, GoalKind
from campaigns.forms import ReviewForm
from campaigns.models import Campaign
from campaigns.policies.pictures import code_uri
from campaigns.policies.readiness import by_step, forces_sharing
from campaigns.selectors.figures import Figures, figures_of
from campaigns.selectors.frame import groups_of_campaign, missing_of, people_in, prize_list
from campaigns.selectors.ledger import Books, awards_of, books_of
from campaigns.selectors.pages import home_token, page_url
from campaigns.services.life import campaign_review
from campaigns.tables import award_chip
from campaigns.views.parts import campaign_of, head
from console.formats import MISSING
from console.pages import FormPage, TemplatePage, go, toast
from console.templatetags.q import figure, money
from tenants import clock, preferences
from tenants.enums import Permission

LATEST = 8


class CampaignPage(TemplatePage):
    """What a campaign stands at; of a draft, what is missing."""

    template_name = "campaigns/detail.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, row = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        groups = groups_of_campaign(tenant_id=tenant_id, campaign_id=row.pk)
        people = people_in(tenant_id=tenant_id, group_ids=[one.pk for one in groups])
        prizes = prize_list(tenant_id=tenant_id, campaign_id=row.pk)
        books = books_of(
            tenant_id=tenant_id, campaign_id=row.pk, prizes=prizes, ceiling_fen=row.budget_fen or 0
        )
        figures = figures_of(campaign=row)
        latest = awards_of(tenant_id=tenant_id, campaign_id=row.pk)[:LATEST]
        is_draft = row.state == CampaignState.DRAFT
        lacking = by_step(missing_of(campaign=row)) if is_draft else {}
        facts = head(self.request, row, "overview")
        only = facts["plays"][0] if len(facts["plays"]) == 1 else None
        token = "" if is_draft else (only.token(row) if only else "") or home_token(row)
        return {
            **facts, "groups": groups, "people": len(people), "books": books,
            "figures": figures, "stats": self._stats(row, figures, books), "bar": _bar(books),
            "latest": [(one, award_chip(one)) for one in latest], "steps": lacking.items(),
            "is_whole": is_draft and not any(lacking.values()), "now": clock.now(),
            "page_url": page_url(token) if token else "", "page_code": code_uri(page_url(token)) if token else "",
            "checks": _checks(self.request.tenant.pk, row, [one.unit_fen for one in prizes]),
        }  # fmt: skip

    def _stats(self, row: Campaign, figures: Figures, books: Books) -> list[dict[str, Any]]:
        roi, at = figures.roi, clock.now()
        awards = self.url("campaigns:awards", pk=row.pk)
        ledger = self.url("campaigns:ledger", pk=row.pk)
        return [
            {
                "label": GoalKind(row.goal_kind).label, "value": figure(figures.goal_now),
                "unit": f"/ {figure(row.goal_target)}" if row.goal_target else "", "url": awards,
                "source": _("Prizes and orders"), "people": _("%(n)s people") % {"n": figure(figures.people)},
                "against": _goal_words(row, figures),
                "metric": {
                    "label": GoalKind(row.goal_kind).label,
                    "definition": _("The figure this campaign is for; chosen before it started."),
                    "source": _("Prizes given, orders of the shop"), "freshness": at,
                },
            },
            {
                "label": _("Prizes given"), "value": figure(figures.given),
                "unit": f"/ {figure(figures.awards)}", "url": awards, "source": _("Prize ledger"),
                "people": _("%(n)s prizes") % {"n": figure(figures.awards)},
                "against": ngettext(
                    "%(n)s waits to be handed over or paid", "%(n)s wait to be handed over or paid",
                    figures.open_count,
                ) % {"n": figures.open_count} if figures.open_count else "",
                "metric": {
                    "label": _("Prizes given"),
                    "definition": _("Handed over or paid. Prizes that were taken back do not count."),
                    "denominator": _("Prizes that people were promised"), "freshness": at,
                },
            },
            {
                "label": _("Budget"), "value": money(books.budget.used),
                "unit": f"/ {money(books.budget.ceiling)}", "url": ledger, "source": _("Prize ledger"),
                "people": _("All entries"),
                "against": _("given out %(spent)s, set aside %(held)s")
                % {"spent": money(books.budget.spent), "held": money(books.budget.held)},
                "metric": {
                    "label": _("Budget"),
                    "definition": _("Given out: prizes handed over and red packets paid. Set aside: prizes that "
                                    "people were promised. The ceiling holds for both."),
                    "freshness": at,
                },
            },
            {
                "label": "ROI", "value": MISSING if roi.value is None else f"{roi.value:.1f}".replace("-", "−"),
                "unit": "", "source": _("Orders of the shop"), "url": "",
                "against": _("%(orders)s orders, window of %(days)s days")
                % {"orders": figure(roi.orders), "days": figures.window_days},
                "metric": {
                    "label": "ROI",
                    "definition": _("(net revenue in the window − prizes − advertising − work) ÷ cost. There is no "
                                    "control group: it does not say that the campaign caused the orders."),
                    "freshness": at,
                },
            },
        ]  # fmt: skip


def _goal_words(row: Campaign, figures: Figures) -> str:
    if not row.goal_target:
        return ""
    if figures.goal_now >= row.goal_target:
        return _("reached")
    return _("%(n)s to go") % {"n": figure(row.goal_target - figures.goal_now)}


def _bar(books: Books) -> dict[str, str]:
    """Where the parts of the budget's bar begin and how long they are, in percent."""
    whole = max(books.budget.ceiling, 1)
    spent, held = books.budget.spent / whole * 100, books.budget.held / whole * 100
    return {
        "spent": f"{spent:.2f}%", "held": f"{held:.2f}%", "used": f"{spent + held:.2f}%",
        "free": f"{max(100 - spent - held, 0):.2f}%", "percent": f"{spent + held:.1f}%",
    }  # fmt: skip


def _checks(tenant_id: int, row: Campaign, costs: list[int]) -> list[dict[str, Any]]:
    """What the law and WeChat ask of it, and whether it holds."""
    most = preferences.value(tenant_id, PRIZE_YUAN_MOST) * 100
    sharing = forces_sharing(row.rules_text)
    return [
        {
            "holds": max(costs, default=0) <= most,
            "label": _("No prize is worth more than %(most)s") % {"most": money(most)},
            "why": _("The most that a prize may be worth by law."),
        },
        {
            "holds": not sharing, "label": _("Nobody has to share or collect likes"),
            "why": _("The rules say “%(words)s”.") % {"words": sharing}
            if sharing else _("WeChat forbids a reward for sharing."),
        },
        {
            "holds": bool(row.rules_text), "label": _("The rules are written down"),
            "why": _("Members can ask for them at any time."),
        },
        {
            "holds": row.ends_at is not None, "label": _("The end is fixed"),
            "why": _("Once it has started, nobody can move it: not even the database lets it happen."),
        },
    ]  # fmt: skip


class RulesPage(TemplatePage):
    """The rules as customers get them."""

    template_name = "campaigns/rules.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = campaign_of(self.request, kwargs["pk"])
        prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=row.pk)
        return {**head(self.request, row, "rules"), "prizes": prizes}


class ReviewPage(FormPage):
    """The review: figures against the goal, what stays, what changes. It closes the books."""

    template_name = "campaigns/review.html"
    form_class = ReviewForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, row = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        prizes = prize_list(tenant_id=tenant_id, campaign_id=row.pk)
        books = books_of(
            tenant_id=tenant_id, campaign_id=row.pk, prizes=prizes, ceiling_fen=row.budget_fen or 0
        )
        figures = figures_of(campaign=row)
        reached = figures.goal_now / row.goal_target if row.goal_target else None
        return {
            **head(self.request, row, "review"), "books": books, "figures": figures, "reached": reached,
            "goal": GoalKind(row.goal_kind).label,
        }  # fmt: skip

    def done(self, form: ReviewForm, **kwargs: Any) -> Any:
        given = form.cleaned_data
        campaign_review(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], kept=given["kept"], changed=given["changed"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Reviewed. The books are closed; what was left went back."))
        return go(self.request, self.url("campaigns:review", pk=kwargs["pk"]))
