"""Reads of the profile fields that a company declares itself (R28)."""

from django.db.models import QuerySet

from contacts.models import OwnField, ProfileFact
from contacts.policies.own_fields import PREFIX, OwnSpec


def own_field_list(*, tenant_id: int, archived: bool | None = False) -> QuerySet[OwnField]:
    """The fields in use, or put away, or all with None; the oldest first."""
    rows = OwnField.objects.filter(tenant_id=tenant_id).order_by("pk")
    return rows if archived is None else rows.filter(archived_at__isnull=not archived)


def own_field_get(*, tenant_id: int, field_id: int) -> OwnField:
    """Raises OwnField.DoesNotExist, also for another tenant's id."""
    return OwnField.objects.get(tenant_id=tenant_id, pk=field_id)


def own_specs(*, tenant_id: int, archived: bool | None = None) -> dict[str, OwnSpec]:
    """{key: spec} of all fields, also those put away unless told otherwise. One query."""
    specs = [row.spec for row in own_field_list(tenant_id=tenant_id, archived=archived)]
    return {one.key: one for one in specs}


def own_known(*, tenant_id: int) -> dict[int, int]:
    """{field id: people of whom somebody said it}; absent means nobody."""
    rows = ProfileFact.objects.filter(tenant_id=tenant_id, field__startswith=PREFIX).exclude(value="")
    found: dict[int, set[int]] = {}
    for field, customer_id in rows.values_list("field", "customer_id"):
        found.setdefault(int(field.removeprefix(PREFIX)), set()).add(customer_id)
    return {field_id: len(people) for field_id, people in found.items()}
