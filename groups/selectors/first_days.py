"""The watch over groups in their first days (R13): which they are, and from where people came into them."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contacts.selectors.channels import channel_list
from groups.enums import FIRST_DAYS, LIVE_STATES, JoinScene
from groups.models import Group, Member
from tenants import clock, preferences

SOURCE = "source-"  # in the address: the people of one source; then a channel's id, or a way of joining


@dataclass(frozen=True)
class Source:
    """From where people came in a group's first days; `key` opens them in the members tab."""

    key: str
    label: str
    people: int


def _first_days(tenant_id: int) -> timedelta:
    return timedelta(days=preferences.value(tenant_id, FIRST_DAYS))


def in_first_days(*, tenant_id: int) -> Q:
    """Running groups that went live not longer ago than the company watches them."""
    since = clock.now() - _first_days(tenant_id)
    return Q(state__in=LIVE_STATES, dismissed_at=None, goes_live_at__gte=since)


def channels_to_choose(*, tenant_id: int) -> list[tuple[int, str]]:
    """(id, name) of the channels that a list of groups is narrowed by, those put away too."""
    return [(one.pk, one.name) for one in channel_list(tenant_id=tenant_id, archived=None)]


def groups_fed_by(*, tenant_id: int, channel_ids: list[int]) -> QuerySet:
    """Ids of the groups into which these channels brought customers in as many days as groups are watched."""
    since = clock.now() - _first_days(tenant_id)
    rows = Member.objects.filter(tenant_id=tenant_id, channel_id__in=channel_ids, joined_at__gte=since)
    return rows.filter(is_staff=False, is_creation_invitee=False).values("group_id")


def _came(group: Group) -> dict[int, tuple[str, str]]:
    """{customer: (key, label) of how they first came} of who joined in the first days. One query."""
    if group.goes_live_at is None:
        return {}
    until = group.goes_live_at + _first_days(group.tenant_id)
    rows = Member.objects.filter(
        tenant_id=group.tenant_id, group=group, is_staff=False, is_creation_invitee=False, customer_id__isnull=False,
        joined_at__gte=group.goes_live_at, joined_at__lt=until,
    )  # fmt: skip
    first = rows.order_by("customer_id", "joined_at", "pk").distinct("customer_id")
    return {
        who: (f"{SOURCE}{channel_id}", name) if channel_id else (f"{SOURCE}{scene}", _scene_words(scene))
        for who, channel_id, name, scene in first.values_list(
            "customer_id", "channel_id", "channel__name", "join_scene"
        )
    }


def _scene_words(scene: str) -> str:
    return str(JoinScene(scene).label) if scene else _("Came by an unknown way")


def sources_of(*, group: Group) -> list[Source]:
    """Who came in the first days by source, each person where they first came from; the largest first."""
    counted = Counter(_came(group).values())
    ordered = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    return [Source(key, label, people) for (key, label), people in ordered]


def people_of_source(group: Group, key: str) -> set[int]:
    """The customers whom one source brought in the first days; nobody for an unknown key."""
    return {who for who, (source, _label) in _came(group).items() if source == key}


def label_of_source(group: Group, key: str) -> str:
    """What a source is called, as those who came by it."""
    name = next((label for source, label in _came(group).values() if source == key), key)
    return _("First days · %(source)s") % {"source": name}
