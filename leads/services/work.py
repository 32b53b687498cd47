"""Leads on people's lists: one work item for each open lead, closed with it."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from leads.enums import URGENT_TIERS, LeadState, Tier
from leads.models import Lead
from leads.policies.wording import headline
from team.services import work_items_close, work_items_put
from tenants.models import Tenant
from tenants.words import say, say_list

SOURCE = "leads.lead"
RULE_CODE = "LEAD-ORDER-01"


def work_items_sync(*, tenant_id: int, leads: Iterable[Lead], now: datetime) -> None:
    """Put an item for each open lead and close those of the others. Safe to repeat; constant queries."""
    rows = list(leads)
    if not rows:
        return
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)
    open_now = [one for one in rows if one.state == LeadState.OPEN]
    work_items_put(
        tenant_id=tenant_id,
        source_kind=SOURCE,
        items={one.pk: _item(one, slug, now) for one in open_now},
    )
    work_items_close(
        tenant_id=tenant_id,
        source_kind=SOURCE,
        source_ids=[one.pk for one in rows if one.state != LeadState.OPEN],
        state="done",
    )


def _bucket(lead: Lead) -> str:
    if lead.column in URGENT_TIERS:
        return "must"
    return "remind" if lead.tier == Tier.A else "suggest"


def _item(lead: Lead, slug: str, now: datetime) -> dict[str, object]:
    facts = headline(tier=lead.tier, counts=lead.counts, suggestion=lead.suggestion, evidence=lead.evidence)
    name = lead.customer.name or say("Someone in the group")
    if lead.suggestion is not None:
        why = say("Maybe S: the word “%(word)s”") % {"word": lead.suggestion["word"]}
    else:
        why = say("Tier %(tier)s by rule v%(number)s") % {"tier": lead.tier, "number": lead.rule_version}
    return {
        "staff_id": lead.owner_id,
        "group_id": lead.group_id,
        "kind": "lead",
        "bucket": _bucket(lead),
        "tier": lead.column,
        "title": say_list((name, lead.next_action_words), ": "),
        "detail": facts,
        "reason": why,
        "rule_code": RULE_CODE,
        "due_at": lead.next_action_at,
        "url": reverse("leads:detail", kwargs={"tenant_slug": slug, "pk": lead.pk}),
        "phone_url": reverse("leads_phone:lead", kwargs={"phone_slug": slug, "pk": lead.pk}),
        "verb_label": say("Confirm S") if lead.is_maybe_s else say("Follow up"),
    }
