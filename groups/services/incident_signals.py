"""Signals of a blow-up (R25): complaint words and many leaving at once open one draft a group and tell its owner once.

What customers write is known only through the message archive or an imported chat log; people leaving always is.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from groups.enums import (
    COMPLAINT_MINUTES,
    COMPLAINT_PEOPLE,
    COMPLAINT_WORDS,
    LEAVE_MINUTES,
    LEAVE_PEOPLE,
    LEAVE_PERCENT,
    IncidentKind,
    IncidentLevel,
    IncidentOrigin,
    QuitScene,
)
from groups.events import MemberLeft
from groups.models import Group, Incident, Member
from groups.policies.incidents import Said, complaint_cluster, leave_spike, word_in, words_from
from groups.selectors.incidents import incident_running, incident_settled_at
from groups.services.incidents import IncidentWish, incident_open, signal_title
from team.selectors import staff_by_userids
from tenants import clock, preferences
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.words import Words, say, say_count, say_list
from wecom.archive.selectors import is_talk, messages_by_id, room_talk_between
from wecom.archive.texts import plain_text

FRESH = timedelta(hours=24)  # what is older than this asks nobody to act now: an old chat log being imported


def complaints_look(*, tenant: Tenant, app_id: int, message_ids: Iterable[int]) -> list[Incident]:
    """Look at messages just stored. Returns the drafts opened. Safe to repeat: a group has one incident at a time.

    Costs nothing beyond reading the messages while none of them holds a word of complaint.
    """
    words = words_from(preferences.value(tenant.pk, COMPLAINT_WORDS))
    since = clock.now() - FRESH
    heard: dict[str, list[datetime]] = {}
    for row in messages_by_id(tenant_id=tenant.pk, message_ids=message_ids):
        if row.room_id and is_talk(row) and row.sent_at >= since and word_in(plain_text(row), words):
            heard.setdefault(row.room_id, []).append(row.sent_at)
    if not heard:
        return []
    rooms = Group.objects.filter(tenant=tenant, app_id=app_id, chat_id__in=heard).order_by("pk")
    opened = [_look_in(tenant, group, words, heard[group.chat_id]) for group in rooms]
    return [one for one in opened if one is not None]


def _look_in(tenant: Tenant, group: Group, words: tuple[str, ...], at: list[datetime]) -> Incident | None:
    minutes = preferences.value(tenant.pk, COMPLAINT_MINUTES)
    span = timedelta(minutes=minutes)
    with transaction.atomic():
        group = _waiting(tenant, group.pk)
        if incident_running(tenant_id=tenant.pk, group_id=group.pk) is not None:
            return None
        since, until = min(at) - span, max(at) + span
        settled = incident_settled_at(tenant_id=tenant.pk, group_id=group.pk)
        rows = room_talk_between(
            tenant_id=tenant.pk, room_id=group.chat_id, since=max(since, settled or since), until=until
        )
        staff = staff_by_userids(
            tenant_id=tenant.pk, userids={row.sender_id for row in rows}, app_id=group.app_id
        )
        said = [
            Said(row.sent_at, row.sender_id, plain_text(row))
            for row in rows
            if row.sender_id and row.sender_id not in staff
        ]
        cluster = complaint_cluster(
            said, words=words, people=preferences.value(tenant.pk, COMPLAINT_PEOPLE), minutes=minutes
        )
        if cluster is None:
            return None
        note = say_count(
            "%(n)s customer complained within %(m)s minutes: %(words)s",
            "%(n)s customers complained within %(m)s minutes: %(words)s",
            len(cluster.people),
        ) % {"n": len(cluster.people), "m": minutes, "words": say_list(cluster.words, say(", "))}
        evidence = {
            "people": list(cluster.people), "words": list(cluster.words), "first_at": cluster.first_at.isoformat(),
            "last_at": cluster.last_at.isoformat(),
        }  # fmt: skip
        return _draft(tenant, group, IncidentOrigin.WORDS, note, evidence)


def _waiting(tenant: Tenant, group_id: int) -> Group:
    """The group under its lock: of two signals at once the second sees the first one's draft."""
    return Group.objects.select_for_update(of=("self",)).get(tenant=tenant, pk=group_id)


def _draft(tenant: Tenant, group: Group, origin: IncidentOrigin, note: Words, evidence: dict) -> Incident:
    wish = IncidentWish(
        kind=IncidentKind.COMPLAINT, level=IncidentLevel.MAJOR, title=signal_title(origin, group), origin=origin,
        group_ids=[group.pk], owner_id=group.owner_id, note=note, evidence=evidence,
    )  # fmt: skip
    return incident_open(tenant=tenant, wish=wish, actor=SYSTEM)


def leaves_look(*, tenant: Tenant, events: Iterable[MemberLeft]) -> list[Incident]:
    """Look at groups that people have just left. Returns the drafts opened. Safe to repeat."""
    since = clock.now() - FRESH
    ids = sorted({one.group_id for one in events if one.customer_ids and one.left_at >= since})
    minutes = preferences.value(tenant.pk, LEAVE_MINUTES) if ids else 0
    opened = [_spike_in(tenant, group_id, minutes) for group_id in ids]
    return [one for one in opened if one is not None]


def _spike_in(tenant: Tenant, group_id: int, minutes: int) -> Incident | None:
    with transaction.atomic():
        group = _waiting(tenant, group_id)
        if group.dismissed_at or incident_running(tenant_id=tenant.pk, group_id=group_id) is not None:
            return None
        since = clock.now() - FRESH
        settled = incident_settled_at(tenant_id=tenant.pk, group_id=group_id)
        rows = Member.objects.filter(
            tenant=tenant, group_id=group_id, is_staff=False, left_at__gte=max(since, settled or since),
            left_is_estimate=False,
        ).exclude(quit_scene__in=[QuitScene.REMOVED, QuitScene.DISSOLVED])  # fmt: skip
        last = {who: at for who, at in rows.order_by("left_at").values_list("userid", "left_at") if at}
        stayed = Member.objects.filter(tenant=tenant, group_id=group_id, is_staff=False, left_at=None).count()
        spike = leave_spike(
            list(last.values()),
            stayed=stayed,
            people=preferences.value(tenant.pk, LEAVE_PEOPLE),
            percent=preferences.value(tenant.pk, LEAVE_PERCENT),
            minutes=minutes,
        )
        if not spike:
            return None
        note = say("%(n)s customers left within %(m)s minutes; %(stayed)s stayed.") % {
            "n": spike,
            "m": minutes,
            "stayed": stayed,
        }
        return _draft(
            tenant, group, IncidentOrigin.LEAVES, note, {"left": spike, "stayed": stayed, "minutes": minutes}
        )
