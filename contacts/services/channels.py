"""Writes of channels, and the one place where a follow learns its channel."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from contacts.errors import ChannelTaken, ChannelTargetLoose, ChannelUnknown
from contacts.models import Channel, Follow
from contacts.selectors import group_known
from contacts.selectors.channels import channel_ids_of_states
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

FIELDS = (
    "name", "kind", "place", "means", "partner", "partner_fit", "code", "cost_fen", "persona", "target", "group_id",
    "goal", "starts_on", "ends_on", "note",
)  # fmt: skip


def channel_save(*, tenant: Tenant, actor: Actor, channel_id: int | None = None, **fields: Any) -> Channel:
    """Add a channel, or change one. `fields` are those of FIELDS.

    Raises ChannelTaken, ChannelUnknown, ChannelTargetLoose (a target without one of the company's groups),
    NotPermitted. Safe to repeat for a change.
    """
    require(actor, Permission.OPERATE)
    values = {name: fields[name] for name in FIELDS if name in fields}
    _refuse_loose(tenant.pk, values)
    try:
        with transaction.atomic():
            if channel_id is None:
                row = Channel.objects.create(tenant=tenant, **values)
                audit.record(tenant=tenant, actor=actor, verb="contacts.channel.added", target=row)
                return row
            row = _locked(tenant, channel_id)
            changes = {
                name: [_plain(getattr(row, name)), _plain(value)]
                for name, value in values.items()
                if getattr(row, name) != value
            }
            for name, value in values.items():
                setattr(row, name, value)
            row.save()
            if changes:
                audit.record(
                    tenant=tenant, actor=actor, verb="contacts.channel.changed", target=row, changes=changes
                )
            return row
    except IntegrityError as error:
        raise ChannelTaken from error


def channel_set_archived(*, tenant: Tenant, channel_id: int, is_archived: bool, actor: Actor) -> Channel:
    """Put a channel away, or back: nothing new is made for it, what it brought stays. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, channel_id)
        if row.is_archived != is_archived:
            row.is_archived = is_archived
            row.save(update_fields=["is_archived"])
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="contacts.channel.archived" if is_archived else "contacts.channel.restored",
                target=row,
            )
    return row


def _refuse_loose(tenant_id: int, values: dict[str, Any]) -> None:
    """A target serves the goal of one of the company's groups."""
    group_id = values.get("group_id")
    if values.get("target") and not group_id:
        raise ChannelTargetLoose
    if group_id and not group_known(tenant_id=tenant_id, group_id=group_id):
        raise ChannelTargetLoose


def _locked(tenant: Tenant, channel_id: int) -> Channel:
    row = Channel.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=channel_id).first()
    if row is None:
        raise ChannelUnknown
    return row


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def follows_learn_channel(*, tenant_id: int, follows: Iterable[Follow]) -> None:
    """Fill `channel_id` of rows whose code means one of our channels; the first channel stays. Not saved here."""
    rows = [one for one in follows if one.state_code and one.channel_id is None]
    found = channel_ids_of_states(tenant_id=tenant_id, states=(one.state_code for one in rows))
    for row in rows:
        row.channel_id = found.get(row.state_code)


def ties_learn_channel(*, tenant_id: int, follow_ids: Iterable[int]) -> None:
    """The same for rows that stand already, in the caller's transaction. One query when none lacks its channel."""
    rows = list(
        Follow.objects.filter(tenant_id=tenant_id, pk__in=list(follow_ids), channel=None)
        .exclude(state_code="")
        .only("pk", "tenant_id", "state_code", "channel_id")
    )
    follows_learn_channel(tenant_id=tenant_id, follows=rows)
    known = [row for row in rows if row.channel_id is not None]
    if known:
        Follow.objects.bulk_update(known, ["channel"])
