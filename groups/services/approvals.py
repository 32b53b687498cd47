"""Exceptions of a group that an operator asks a leader for (R128): checks to pass, and another type once it is live."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse

from groups.enums import Kind
from groups.errors import ReasonNeeded
from groups.models import Group
from groups.policies.checks import REGISTRY
from groups.selectors import groups_by_id
from groups.services.setup import check_approvable, group_approve, group_set_kind, kind_needs_approval
from team.services import approval_ask
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

CHECKS = {"UNPAID-01": "groups.unpaid", "SIZE-01": "groups.size", "STAFF-01": "groups.staff"}
KIND = "groups.kind"


def target_of(group_id: int) -> str:
    """What a request about a group is filed under."""
    return f"group:{group_id}"


def check_ask(
    *, tenant: Tenant, group_id: int, code: str, reason: str, actor: Actor, review_on: date | None = None
) -> None:
    """Ask a leader to let one check pass. UNPAID-01 needs a review day ahead. Safe to repeat.

    Raises NotPermitted, ReasonNeeded, ApprovalInvalid, Group.DoesNotExist, ApprovalWaits.
    """
    require(actor, Permission.OPERATE)
    check_approvable(tenant=tenant, code=code, reason=reason, review_on=review_on)
    group = Group.objects.get(tenant=tenant, pk=group_id)
    words = {"check": REGISTRY[code].title, "day": review_on.isoformat() if review_on else ""}
    said = say("Let the check “%(check)s” pass") % words
    if review_on:
        said = say("Let the check “%(check)s” pass and look again on %(day)s") % words
    approval_ask(
        tenant=tenant, kind=CHECKS[code], target=target_of(group.pk), label=str(group), said=said, reason=reason,
        wish={"group_id": group.pk, "code": code, "review_on": review_on.isoformat() if review_on else ""},
        url=reverse("groups:readiness", args=[tenant.slug, group.pk]), actor=actor,
    )  # fmt: skip


def check_granted(*, tenant: Tenant, wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: the check passes."""
    day = date.fromisoformat(wish["review_on"]) if wish["review_on"] else None
    group_approve(
        tenant=tenant, group_id=wish["group_id"], code=wish["code"], reason=reason, review_on=day, actor=actor
    )


def kinds_ask(*, tenant: Tenant, group_ids: Iterable[int], kind: str, reason: str, actor: Actor) -> set[int]:
    """Ask for another type of those groups that are live and have one; returns their ids. Safe to repeat.

    Nothing is asked for groups that the actor may change without. Raises NotPermitted, ReasonNeeded, ApprovalWaits.
    """
    require(actor, Permission.OPERATE)
    rows = groups_by_id(tenant_id=tenant.pk, group_ids=group_ids)
    asked = {pk for pk, group in rows.items() if kind_needs_approval(group, kind, actor)}
    if asked and not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        for pk in sorted(asked):
            group = rows[pk]
            words = {"before": Kind(group.kind).label, "after": Kind(kind).label}
            approval_ask(
                tenant=tenant, kind=KIND, target=target_of(pk), label=str(group), reason=reason, actor=actor,
                said=say("From %(before)s to %(after)s") % words, wish={"group_id": pk, "kind": kind},
                url=reverse("groups:detail", args=[tenant.slug, pk]),
            )  # fmt: skip
    return asked


def kind_granted(*, tenant: Tenant, wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: the group is of the other type now."""
    group_set_kind(tenant=tenant, group_id=wish["group_id"], kind=wish["kind"], reason=reason, actor=actor)
