"""What is known of a lead's customer beside the intent, and how the chat with them is opened."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from console.pages import ConsoleView, render
from contacts.enums import FollowState
from contacts.policies.steps import step_of
from contacts.selectors import follows_of, groups_of_all
from contacts.selectors.identity import person_records
from contacts.selectors.stages import stage_moves, stages_of, standing_of
from contacts.selectors.tags import customer_ties, evidence_words, fact_names
from content.selectors.facts import personas_fitting
from leads.models import Lead
from leads.selectors.board import lead_get
from tenants import clock
from tenants.enums import Permission

MOVES = 20


class _OfLead(ConsoleView):
    def lead(self, pk: int) -> Lead:
        try:
            return lead_get(tenant_id=self.request.tenant.pk, lead_id=pk)
        except ObjectDoesNotExist as error:
            raise Http404 from error


class LeadPerson(_OfLead):
    """Trust stage, kind of person, groups and tags with why. The part alone."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = self.lead(pk)
        tenant_id = self.request.tenant.pk
        records = person_records(customer=lead.customer)
        customer = records[0]  # the one that stands for the person
        who: dict[str, Any] = {"tenant_id": tenant_id, "customer_ids": [one.pk for one in records]}
        ties = [tie for tie in customer_ties(**who) if tie.tag.deleted_at is None]
        names = fact_names(tenant_id=tenant_id) if any(tie.evidence for tie in ties) else {}
        moves = stage_moves(**who, limit=MOVES)
        context = {
            "lead": lead,
            "customer": customer,
            "standing": standing_of(
                customer=customer, now=clock.now(), moves=moves, stages=stages_of(tenant_id=tenant_id)
            ),
            "step": step_of(customer.stage),
            "personas": personas_fitting(tenant_id=tenant_id, customer_id=customer.pk),
            "groups": groups_of_all(**who),
            "tags": [(tie, evidence_words(tie.evidence, names)) for tie in ties],
            "can_work": self.can(Permission.WORK),
        }
        return render(request, "leads/_about.html", context, partial="leads/_about.html")


class LeadChat(_OfLead):
    """Where the chat with this customer is: whose friend they are, under which name, and the phone's page."""

    permission = Permission.WORK

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = self.lead(pk)
        customer = lead.customer
        records = [one.pk for one in person_records(customer=customer)]
        ties = follows_of(tenant_id=self.request.tenant.pk, customer_ids=records)
        phone = reverse("leads_phone:lead", kwargs={"phone_slug": self.request.tenant.slug, "pk": lead.pk})
        context = {
            "lead": lead,
            "friends": [(tie, tie.remark or customer.name) for tie in ties if tie.state == FollowState.FULL],
            "phone_url": phone,
        }
        return render(request, "leads/chat.html", context, partial="leads/chat.html")
