"""The customer list, one customer, and what can be changed of them here."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from contacts.enums import CAP_PER_DAY, CAP_PER_WEEK, PATH_SKUS, PathStep, WayIn
from contacts.filters import CustomerFilter
from contacts.forms import ArchiveConsentForm, OptOutForm, TagForm
from contacts.models import Customer, CustomerTag
from contacts.policies.masking import masked_phone
from contacts.policies.paths import STEPS, way_of
from contacts.policies.steps import step_of
from contacts.selectors import (
    customer_get,
    customer_list,
    follows_of,
    groups_of_all,
    opted_out_in,
    orders_for,
    spent_of,
    tag_list,
)
from contacts.selectors.exposures import exposures_now
from contacts.selectors.identity import customer_with_records, proposals_for
from contacts.selectors.obstacles import obstacles_of
from contacts.selectors.paths import skus_from, walk_of, way_set_of
from contacts.selectors.profile import PROFILE_SIZE, known_of, profile_of
from contacts.selectors.skus import order_facts, with_sku
from contacts.selectors.sources import source_label
from contacts.selectors.stages import stage_moves, stages_of, standing_of
from contacts.selectors.tag_marks import mark_words, marks_open
from contacts.selectors.tags import customer_ties, evidence_words, fact_names
from contacts.selectors.timeline import FACETS, LIMIT, customer_timeline, facet_counts
from contacts.services.customers import customer_archive_consent, customer_set_opt_out
from contacts.services.tags import customer_tag_add, customer_tag_remove
from contacts.tables.customers import CustomerTable
from tenants import clock, preferences
from tenants.enums import Permission
from wecom.archive.enums import ConsentSource

ORDERS_SHOWN = 20
PAGES_MOST = 25  # of the timeline
FACET_LABELS = {
    "all": _("All"),
    "message": _("Messages"),
    "click": _("Clicks"),
    "learn": pgettext_lazy("timeline", "Learning"),
    "reach": _("Touches"),
    "order": _("Orders"),
    "change": _("Changes"),
}


class CustomerListPage(ListPage):
    """Everyone outside the company who is known."""

    template_name = "contacts/list.html"
    table_class = CustomerTable
    filterset_class = CustomerFilter
    key = "contacts.customers"
    title = _("Customers")
    purpose = _("Everyone known from friends and groups, each person once. Staff are never among them.")

    def queryset(self) -> QuerySet[Customer]:
        return customer_list(tenant_id=self.request.tenant.pk)

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.OPERATE):
            return []
        return [
            BulkAction(pgettext("verb", "Tag"), self.url("contacts:bulk_tag", verb="tag")),
            BulkAction(_("Take a tag off"), self.url("contacts:bulk_tag", verb="untag")),
        ]

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_id": self.request.tenant.pk, "tenant_slug": self.request.tenant.slug}

    def show(self, context: dict[str, Any]) -> HttpResponse:
        """The whole list has counted everybody; a narrowed one says how many it holds, and only that."""
        bar, counted = context["bar"], context["table"].paginator.count
        is_whole = not bar.chips and not bar.search.value()
        return super().show(
            context | {"people": counted if is_whole else None, "is_empty": is_whole and not counted}
        )


def found(tenant_id: int, pk: int) -> Customer:
    """The customer of a URL, or 404: unknown and foreign look the same."""
    try:
        return customer_get(tenant_id=tenant_id, customer_id=pk)
    except Customer.DoesNotExist as error:
        raise Http404 from error


class CustomerPage(TemplatePage):
    """One customer: who, where, what happened, what was bought, what they want."""

    template_name = "contacts/detail.html"
    partial_name = "contacts/_timeline.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """A merged record's page leads to that of its person."""
        try:
            self.customer, self.records = customer_with_records(
                tenant_id=self.request.tenant.pk, customer_id=kwargs["pk"]
            )
        except Customer.DoesNotExist as error:
            raise Http404 from error
        if self.customer.person_id is not None:
            return go(request, self.url("contacts:detail", pk=self.customer.person_id))
        return super().get(request, **kwargs)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, customer = self.request.tenant.pk, self.customer
        records = self.records
        ids = [customer.pk, *(one.pk for one in records)]
        who = {"tenant_id": tenant_id, "customer_ids": ids}
        follows, moves, ties = (
            list(follows_of(**who)),
            stage_moves(**who, limit=self._most()),
            customer_ties(**who),
        )
        stages, most = stages_of(tenant_id=tenant_id), self._most()
        own = preferences.values(tenant_id, CAP_PER_DAY, CAP_PER_WEEK, PATH_SKUS)
        entries = customer_timeline(
            tenant_id=tenant_id,
            customer_id=customer.pk,
            records=ids[1:],
            follows=follows,
            moves=moves,
            ties=ties,
            stages={number: one.name for number, one in stages.items()},
            limit=most,
        )
        facet = self.request.GET.get("only", "all")
        facet = facet if facet in FACETS else "all"
        counts = facet_counts(entries)
        orders = list(with_sku(orders_for(**who)))
        return {
            "customer": customer,
            **self._profile(customer, has_order=bool(orders)),
            "standing": standing_of(customer=customer, now=clock.now(), moves=moves, stages=stages),
            "phone": masked_phone(customer.phone, may_see=self.can(Permission.SEE_PERSONAL)),
            "entries": [one for one in entries if facet in ("all", one.facet)],
            "facet": facet,
            "is_cut": len(entries) == most,
            "told": most,
            "older": most // LIMIT + 1 if len(entries) == most and most < LIMIT * PAGES_MOST else 0,
            "facets": [(key, FACET_LABELS[key], counts[key]) for key in ("all", *FACETS)],
            "follows": follows,
            "groups": groups_of_all(**who),
            "tags": self._tags(tenant_id, ties),
            "marks": self._marks(tenant_id, ids, ties),
            **self._way(customer, skus_from(own[PATH_SKUS.key])),
            "step": step_of(customer.stage),
            "obstacles": obstacles_of(**who),
            "records": records,
            "refusal": next((one for one in (customer, *records) if one.opt_out_at), None),
            "same": proposals_for(customer=customer, records=records),
            "orders": [(one, source_label(one.source), order_facts(one)) for one in orders[:ORDERS_SHOWN]],
            "spent_fen": spent_of(orders),
            "exposures": exposures_now(tenant=self.request.tenant, customer_id=customer.pk, caps=own),
            "consent_source": dict(ConsentSource.choices).get(customer.archive_consent_source, ""),
        }

    def _most(self) -> int:
        """How many entries the timeline tells: `?pages=` times the usual."""
        asked = self.request.GET.get("pages", "")
        pages = int(asked) if asked.isdecimal() and len(asked) < 3 else 1
        return LIMIT * min(max(pages, 1), PAGES_MOST)

    def _profile(self, customer: Customer, *, has_order: bool) -> dict[str, Any]:
        """The asked fields with their sources, and how many of the nine are known."""
        year = clock.local_date(clock.now(), self.request.tenant.timezone).year
        rows = profile_of(customer=customer, this_year=year)
        return {
            "profile": rows,
            "profile_fields": PROFILE_SIZE,
            "profile_known": known_of(customer=customer, rows=rows, has_order=has_order),
        }

    def _way(self, customer: Customer, skus: list[str] | None) -> dict[str, Any]:
        """The way in with the time of each step, and who set it if anybody did."""
        walk = walk_of(tenant_id=customer.tenant_id, customer_id=customer.pk, skus=skus)
        way = way_of(walk) if walk else ""
        steps = [(PathStep(step).label, walk.at(step)) for step in STEPS[way]] if walk and way else []
        known = (
            way_set_of(tenant_id=customer.tenant_id, customer_id=customer.pk)
            if walk and walk.set_to
            else None
        )
        return {"way": WayIn(way).label if way else "", "way_steps": steps, "way_set": known}

    def _tags(self, tenant_id: int, every: list[CustomerTag]) -> list[dict[str, Any]]:
        """What the person carries, each with what a rule counted."""
        ties = [tie for tie in every if tie.tag.deleted_at is None]
        names = fact_names(tenant_id=tenant_id) if any(tie.evidence for tie in ties) else {}
        return [{"tie": tie, "why": evidence_words(tie.evidence, names)} for tie in ties]

    def _marks(self, tenant_id: int, ids: list[int], ties: list[CustomerTag]) -> list[dict[str, Any]]:
        """What of the person's tags is on its way to WeCom, and what WeCom refused."""
        if all(tie.tag.is_own for tie in ties):
            return []
        rows = marks_open(tenant_id=tenant_id, customer_ids=ids)
        return [{"mark": one, "words": mark_words(one)} for one in rows]


class ArchiveConsentPage(FormPage):
    """A drawer: the customer told staff whether messages may be kept."""

    template_name = "contacts/archive_consent.html"
    form_class = ArchiveConsentForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: ArchiveConsentForm, **kwargs: Any) -> HttpResponse:
        agreed = form.cleaned_data["agreed"]
        customer_archive_consent(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            agreed=agreed,
            ground=form.cleaned_data["ground"],
            actor=self.request.actor,
        )
        toast(self.request, _("Messages may be kept") if agreed else _("Messages are not kept from now on"))
        return drawer_done(self.request)


class OptOutPage(FormPage):
    """A drawer: the customer wants no marketing, or wants it again."""

    template_name = "contacts/opt_out.html"
    form_class = OptOutForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        customer = found(tenant_id, kwargs["pk"])
        has_refused = opted_out_in(tenant_id=tenant_id, customer_ids=[customer.pk])
        return {"opted_out": "0" if has_refused else "1"}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: OptOutForm, **kwargs: Any) -> HttpResponse:
        customer = customer_set_opt_out(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            opted_out=form.cleaned_data["opted_out"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        said = _("Gets no marketing from now on") if customer.opt_out_at else _("May be reached again")
        toast(self.request, said)
        return drawer_done(self.request)


class TagPage(FormPage):
    """A drawer: put one of the company's tags on the customer."""

    template_name = "contacts/tag.html"
    form_class = TagForm

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        rows = tag_list(tenant_id=self.request.tenant.pk)
        return {
            "tags": [(one.pk, f"{one.group.name} / {one.name}" if one.group else one.name) for one in rows],
            "today": clock.local_date(clock.now(), self.request.tenant.timezone),
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: TagForm, **kwargs: Any) -> HttpResponse:
        row, is_new = customer_tag_add(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            tag_id=form.cleaned_data["tag"],
            actor=self.request.actor,
            expires_at=form.expires_at(self.request.tenant.timezone),
        )
        # What a colleague, or another tab, put there before is not taken off by going back.
        undo = self.url("contacts:untag", pk=kwargs["pk"], tag_pk=row.tag_id) if is_new else ""
        toast(self.request, _("Tagged: %(name)s") % {"name": row.tag.name}, undo)
        return drawer_done(self.request)


class UntagView(ConsoleView):
    """Take a tag given here off again."""

    def post(self, request: HttpRequest, pk: int, tag_pk: int) -> HttpResponse:
        customer_tag_remove(
            tenant=self.request.tenant, customer_id=pk, tag_id=tag_pk, actor=self.request.actor
        )
        return go(request, self.url("contacts:detail", pk=pk))
