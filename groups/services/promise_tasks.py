"""Promises become work of the group's owner before they fall due; those that time made overdue are judged (R17)."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from groups.enums import LIVE_STATES, PROMISE_REMIND_HOURS, Kind, PromiseState
from groups.models import Promise
from groups.services.glance import glances_bring_up
from team.enums import Bucket, WorkKind
from team.services import work_item_put
from tenants import clock, preferences
from tenants.models import Tenant
from tenants.words import say, say_count

WORK = "groups.promise"
TOLD_AT_ONCE = 500


def promises_fall_due(*, tenant_id: int) -> int:
    """Give owners what falls due soon, and judge groups whose promises time alone made overdue. Safe to repeat.

    Returns how many promises were told or judged.
    """
    tenant, now = Tenant.objects.get(pk=tenant_id), clock.now()
    soon = now + timedelta(hours=preferences.value(tenant_id, PROMISE_REMIND_HOURS))
    waiting = Promise.objects.filter(
        tenant=tenant, state=PromiseState.OPEN, group__kind=Kind.DELIVERY, group__state__in=LIVE_STATES
    )
    with transaction.atomic():
        near = waiting.filter(told_at=None, due_at__lte=soon).select_related("group")
        told = list(near.select_for_update(of=("self",), skip_locked=True).order_by("pk")[:TOLD_AT_ONCE])
        for promise in told:
            _tell(tenant, promise)
        overdue = list(waiting.filter(judged_at=None, due_at__lte=now).values_list("pk", "group_id"))
    glances_bring_up(tenant_id=tenant_id, group_ids={group_id for _pk, group_id in overdue})
    # One that somebody moved away meanwhile is to be judged when it falls due again.
    judged = Promise.objects.filter(tenant=tenant, pk__in=[pk for pk, _group_id in overdue], due_at__lte=now)
    judged.update(judged_at=now)
    return len(told) + len(overdue)


def tenants_with_promises_due() -> list[int]:
    """Tenants with an open promise to tell or to judge. Across tenants: the caller is a tick.

    The widest window of any tenant is looked at; `promises_fall_due` keeps to the tenant's own.
    """
    now = clock.now()
    widest = now + timedelta(hours=PROMISE_REMIND_HOURS.maximum or 0)
    waiting = Promise.objects.filter(
        Q(told_at=None, due_at__lte=widest) | Q(judged_at=None, due_at__lte=now),
        state=PromiseState.OPEN, group__kind=Kind.DELIVERY, group__state__in=LIVE_STATES,
    )  # fmt: skip
    return sorted(set(waiting.order_by().values_list("tenant_id", flat=True).distinct()))


def promise_tell_if_near(*, tenant: Tenant, promise: Promise) -> None:
    """Give the owner an open promise that falls due soon, once. Under the promise's lock; safe to repeat."""
    soon = clock.now() + timedelta(hours=preferences.value(tenant.pk, PROMISE_REMIND_HOURS))
    waits = promise.state == PromiseState.OPEN and promise.told_at is None
    if waits and promise.group.state in LIVE_STATES and promise.due_at <= soon:
        _tell(tenant, promise)


def _tell(tenant: Tenant, promise: Promise) -> None:
    """The promise as a task of the group's owner. Under the promise's lock."""
    group = promise.group
    page = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": group.pk})
    work_item_put(
        tenant_id=tenant.pk, source_kind=WORK, source_id=promise.pk, staff_id=group.owner_id, group_id=group.pk,
        kind=WorkKind.CHECK, bucket=Bucket.MUST, due_at=promise.due_at, rule_code="DELIV-02",
        title=say("Keep the promise: %(text)s") % {"text": promise.text},
        reason=say_count(
            "Promised to %(n)s customer; an overdue promise turns the group amber.",
            "Promised to %(n)s customers; an overdue promise turns the group amber.",
            promise.beneficiary_count,
        ) % {"n": promise.beneficiary_count},
        verb_label=say("Say how it was kept"),
        url=f"{page}?tab=promises",
        phone_url=reverse(
            "groups_phone:promise", kwargs={"phone_slug": tenant.slug, "pk": promise.pk}
        ),
    )  # fmt: skip
    promise.told_at = clock.now()
    promise.save(update_fields=["told_at"])
