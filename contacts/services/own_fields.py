"""Profile fields that a company declares itself (R28)."""

from collections.abc import Sequence

from django.db import transaction

from contacts.enums import OwnFieldKind
from contacts.errors import OwnFieldInvalid, OwnFieldUnknown
from contacts.models import OwnField
from contacts.policies.own_fields import are_options
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def own_field_save(
    *,
    tenant: Tenant,
    name: str,
    kind: str,
    options: Sequence[str],
    actor: Actor,
    field_id: int | None = None,
) -> OwnField:
    """Declare a field, or rename one and change its options; the kind of one that is there stays.

    What is known by an option that goes away stays as it was said. Raises OwnFieldInvalid (also for a name that is
    taken), OwnFieldUnknown, NotPermitted. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    name, words = name.strip()[:40], list(options)
    with transaction.atomic():
        row = _locked(tenant, field_id) if field_id else OwnField(tenant=tenant, kind=OwnFieldKind(kind))
        taken = OwnField.objects.filter(tenant=tenant, name=name).exclude(pk=row.pk).exists()
        if not name or taken or not are_options(row.kind, words):
            raise OwnFieldInvalid
        before = [row.name or None, row.options if row.pk else None]
        row.name, row.options = name, words
        row.save()
        changes = {"name": [before[0], name], "options": [before[1], words]}
        if changed := {field: pair for field, pair in changes.items() if pair[0] != pair[1]}:
            verb = "contacts.field.changed" if field_id else "contacts.field.added"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes=changed)
    return row


def own_field_set_archived(*, tenant: Tenant, field_id: int, is_archived: bool, actor: Actor) -> OwnField:
    """Put a field away, or take it back with all that is known by it. Raises OwnFieldUnknown, NotPermitted.

    Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, field_id)
        if bool(row.archived_at) != is_archived:
            row.archived_at = clock.now() if is_archived else None
            row.save(update_fields=["archived_at"])
            verb = "contacts.field.archived" if is_archived else "contacts.field.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def _locked(tenant: Tenant, field_id: int) -> OwnField:
    row = OwnField.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=field_id).first()
    if row is None:
        raise OwnFieldUnknown
    return row
