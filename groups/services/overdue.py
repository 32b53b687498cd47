"""A flash group past its end is put before people anew every day until it is dissolved (R2)."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse

from groups.enums import LIVE_STATES, Kind
from groups.models import Group
from groups.policies.checks import REGISTRY
from groups.policies.plan import GroupPlan
from groups.policies.registry import Fault
from groups.selectors import group_facts_many
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_items_close, work_items_put
from tenants.models import Tenant
from tenants.words import say, say_each

SOURCE = "groups.overdue"
CHECK = "FLASH-02"


def overdue_ask(*, tenant: Tenant) -> int:
    """Put every overdue flash group before its owner, and from the second day on before everybody.

    What somebody ticked off yesterday stands there again. Returns how many groups. Safe to repeat.
    """
    groups = list(
        Group.objects.filter(
            tenant=tenant, kind=Kind.FLASH, state__in=LIVE_STATES, dismissed_at=None, ends_on__isnull=False
        ).order_by("pk")
    )
    facts = group_facts_many(tenant=tenant, groups=groups) if groups else {}
    items = {
        group.pk: _item(tenant, group, facts[group.pk], wrong)
        for group in groups
        if (wrong := _overdue(facts[group.pk])) is not None
    }
    if items:
        with transaction.atomic():
            work_items_put(tenant_id=tenant.pk, source_kind=SOURCE, items=items)
    return len(items)


def _overdue(plan: GroupPlan) -> Fault | None:
    return REGISTRY[CHECK].test(plan)


def _message(plan: GroupPlan) -> str:
    wrong = _overdue(plan)
    return wrong.message if wrong else ""


def _item(tenant: Tenant, group: Group, plan: GroupPlan, wrong: Fault) -> dict[str, Any]:
    return {
        "staff_id": None if wrong.evidence.get("days") else group.owner_id,
        "group_id": group.pk,
        "kind": WorkKind.ALERT,
        "bucket": Bucket.MUST,
        "title": say("%(group)s is past its end: dissolve it") % {"group": group},
        "detail": say(
            "Say goodbye and dissolve it in WeCom, or set a new end on the readiness page. "
            "Until then no marketing goes to it."
        ),
        "reason": say_each(lambda: _message(plan)),
        "rule_code": CHECK,
        "due_at": group.ends_at(tenant.timezone),
        "url": f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=ending",
        "verb_label": say("See the group"),
    }


def overdue_settle(*, tenant_id: int, group_ids: Iterable[int]) -> None:
    """These groups are over, or end later now: nothing is asked any more. In the caller's transaction; repeatable."""
    work_items_close(
        tenant_id=tenant_id, source_kind=SOURCE, source_ids=list(group_ids), state=WorkState.DONE
    )
