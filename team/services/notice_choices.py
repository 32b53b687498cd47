"""What each person chose of notices, and what they have read."""

from collections.abc import Mapping
from datetime import datetime, time

from django.db import transaction

from team.enums import NoticeChannel, NoticeKind
from team.errors import ChoiceInvalid
from team.models import Notice, NoticeChoice
from team.policies.notices import CHOSEN_KINDS, WHENS
from tenants import audit, clock
from tenants.audit import Actor
from tenants.models import Membership, Tenant


def choices_save(
    *,
    tenant: Tenant,
    member: Membership,
    choices: Mapping[str, Mapping[str, str]],
    quiet: tuple[time, time] | None,
    rings_in_quiet: bool,
    actor: Actor,
) -> NoticeChoice:
    """Keep what a member chose for themselves: {kind: {channel: when}}; `quiet` None: the company's hours.

    Raises ChoiceInvalid for a word that does not exist. Safe to repeat.
    """
    for kind, ways in choices.items():
        for channel, when in ways.items():
            known = kind in CHOSEN_KINDS and channel in NoticeChannel.values
            if not known or when not in WHENS[NoticeChannel(channel)]:
                raise ChoiceInvalid
    with transaction.atomic():
        row = _locked(tenant, member)
        row.choices = {NoticeKind(kind).value: dict(ways) for kind, ways in choices.items()}
        row.quiet_from, row.quiet_until = quiet or (None, None)
        row.rings_in_quiet, row.changed_at = rings_in_quiet, clock.now()
        row.save()
        audit.record(tenant=tenant, actor=actor, verb="team.notices.tuned", target=member)
    return row


def notices_mute(*, tenant: Tenant, member: Membership, until: datetime | None, actor: Actor) -> NoticeChoice:
    """Nothing rings for this member until a moment; None: it rings again. The bell goes on collecting. Repeatable."""
    with transaction.atomic():
        row = _locked(tenant, member)
        before, row.muted_until, row.changed_at = row.muted_until, until, clock.now()
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="team.notices.muted", target=member,
            changes={"muted_until": [before and before.isoformat(), until and until.isoformat()]},
        )  # fmt: skip
    return row


def _locked(tenant: Tenant, member: Membership) -> NoticeChoice:
    NoticeChoice.objects.bulk_create([NoticeChoice(tenant=tenant, member=member)], ignore_conflicts=True)
    return NoticeChoice.objects.select_for_update().get(tenant=tenant, member=member)


def notice_read(*, tenant_id: int, member_id: int, notice_id: int) -> Notice:
    """Mark one's own notice read. Raises Notice.DoesNotExist, also for another person's. Safe to repeat."""
    row = Notice.objects.get(tenant_id=tenant_id, member_id=member_id, pk=notice_id)
    if row.read_at is None:
        Notice.objects.filter(tenant_id=tenant_id, pk=row.pk, read_at=None).update(read_at=clock.now())
    return row


def notices_read_all(*, tenant_id: int, member_id: int) -> int:
    """Mark all of one's notices read. Returns how many. Safe to repeat."""
    rows = Notice.objects.filter(tenant_id=tenant_id, member_id=member_id, read_at=None)
    return rows.update(read_at=clock.now())
