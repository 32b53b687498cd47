"""New members before the group's owner (R123): one item a group, with everybody who came since the last greeting."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from groups.enums import GREET_HOURS, LIVE_STATES
from groups.models import Group, Member
from team.enums import Bucket, WorkKind
from team.selectors import ItemStanding, work_items_of
from team.services import work_items_put
from tenants import clock, preferences
from tenants.models import Tenant
from tenants.words import say, say_count

SOURCE = "groups.newcomers"
STANDS = timedelta(hours=24)  # nobody is greeted a day late


def newcomers_put(*, tenant_id: int, joined: Iterable[tuple[int, datetime]]) -> int:
    """Put before each owner who came into their group: `joined` are (group id, when), of customers. Returns how many.

    Who came before the owner last said "greeted", or more than a day ago, is not brought up again: safe to repeat, and
    in any order. Groups that nobody owns or that do not run are left out. Constant queries.
    """
    now = clock.now()
    first: dict[int, datetime] = {}
    for group_id, at in joined:
        if at > now - STANDS:
            first[group_id] = min(at, first.get(group_id, at))
    groups = Group.objects.filter(
        tenant_id=tenant_id, pk__in=list(first), owner__isnull=False, state__in=LIVE_STATES, dismissed_at=None
    ).in_bulk()
    if not groups:
        return 0
    with transaction.atomic():
        standing = work_items_of(tenant_id=tenant_id, source_kind=SOURCE, source_ids=groups)
        since = {pk: _since(standing.get(pk), first[pk]) for pk in groups}
        people = _people(tenant_id, {pk: at for pk, at in since.items() if at})
        tenant = Tenant.objects.get(pk=tenant_id)
        hours = preferences.value(tenant_id, GREET_HOURS)
        items = {
            pk: _item(tenant, groups[pk], people[pk], begun, hours)
            for pk, begun in since.items()
            if begun is not None and pk in people
        }
        work_items_put(tenant_id=tenant_id, source_kind=SOURCE, items=items)
    return len(items)


def _since(standing: ItemStanding | None, at: datetime) -> datetime | None:
    """From when on people are to be greeted; None where the owner has seen to them since."""
    if standing is None or (standing.done_at is None and standing.starts_at is None):
        return at
    if standing.done_at is not None:
        return at if at > standing.done_at else None
    return min(at, standing.starts_at or at)


def _people(tenant_id: int, since: Mapping[int, datetime]) -> dict[int, int]:
    """{group: customers who came since and are there}; groups without any are left out. One query."""
    came = Q()
    for group_id, at in since.items():
        came |= Q(group_id=group_id, joined_at__gte=at)
    if not came:
        return {}
    rows = Member.objects.filter(
        came,
        tenant_id=tenant_id,
        left_at=None,
        is_staff=False,
        customer__isnull=False,
        is_creation_invitee=False,
    )
    return dict(rows.order_by().values("group_id").annotate(n=Count("pk")).values_list("group_id", "n"))


def _item(tenant: Tenant, group: Group, count: int, since: datetime, hours: int) -> dict[str, Any]:
    """The owner's item. It names nobody: whoever is erased stands in no list."""
    return {
        "staff_id": group.owner_id,
        "group_id": group.pk,
        "kind": WorkKind.NEW_MEMBERS,
        "bucket": Bucket.REMIND,
        "title": say_count("%(n)s new member in %(group)s", "%(n)s new members in %(group)s", count)
        % {"n": count, "group": group},
        "detail": say("Say hello, and ask for an introduction."),
        "reason": say("Joined, not greeted yet"),
        "starts_at": since,
        "due_at": since + timedelta(hours=hours),
        "window_ends_at": since + STANDS,
        "url": f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=members",
        "verb_label": say("Say hello"),
    }
