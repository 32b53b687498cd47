"""Tags: WeCom's own, and those given here by hand or by rule (R32). A re-sync touches only WeCom's."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts.enums import TagEnd, TagSource
from contacts.errors import CustomerUnknown, TagUnknown
from contacts.models import Customer, CustomerTag, Tag, TagGroup, TagMark
from contacts.services.tag_marks import marks_off, marks_on, ties_end
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def tags_store(
    *, tenant_id: int, app_id: int, groups: Sequence[Mapping[str, Any]], is_complete: bool = True
) -> int:
    """Write what get_corp_tag_list answered. Returns how many tags are live. One transaction; safe to repeat.

    `groups`: [{"group_id", "group_name", "order", "tag": [{"id", "name"}]}]. With `is_complete` tags that the
    answer lacks are marked deleted; ties to customers stay, so that history still reads.
    """
    now = clock.now()
    with transaction.atomic():
        TagGroup.objects.bulk_create(
            [
                TagGroup(
                    tenant_id=tenant_id,
                    app_id=app_id,
                    group_id=one["group_id"],
                    name=one["group_name"],
                    sort=one.get("order", 0),
                )
                for one in sorted(groups, key=lambda each: each["group_id"])
            ],
            update_conflicts=True,
            unique_fields=["tenant", "app", "group_id"],
            update_fields=["name", "sort", "deleted_at"],
        )
        ids = dict(TagGroup.objects.filter(tenant_id=tenant_id, app_id=app_id).values_list("group_id", "pk"))
        rows = [
            Tag(
                tenant_id=tenant_id,
                app_id=app_id,
                tag_id=tag["id"],
                group_id=ids[one["group_id"]],
                name=tag["name"],
            )
            for one in groups
            for tag in one.get("tag") or []
        ]
        _upsert_tags(rows)
        if is_complete:
            _drop_absent(
                tenant_id, app_id, {row.tag_id for row in rows}, {one["group_id"] for one in groups}, now
            )
    return len(rows)


def _upsert_tags(rows: list[Tag]) -> None:
    Tag.objects.bulk_create(
        sorted(rows, key=lambda row: row.tag_id),
        update_conflicts=True,
        unique_fields=["tenant", "app", "tag_id"],
        update_fields=["name", "group", "deleted_at"],
    )


def _drop_absent(tenant_id: int, app_id: int, tags: set[str], groups: set[str], now: datetime) -> None:
    live = {"tenant_id": tenant_id, "app_id": app_id, "deleted_at": None}
    Tag.objects.filter(**live).exclude(tag_id__in=tags).update(deleted_at=now)
    TagGroup.objects.filter(**live).exclude(group_id__in=groups).update(deleted_at=now)


def tag_ids_for(*, tenant_id: int, app_id: int, tag_ids: Iterable[str]) -> dict[str, int]:
    """{WeCom tag id: our id}; one not read yet gets a nameless row that the next tag sync fills."""
    wanted = set(tag_ids)
    known = dict(
        Tag.objects.filter(tenant_id=tenant_id, app_id=app_id, tag_id__in=wanted).values_list("tag_id", "pk")
    )
    if missing := sorted(wanted - set(known)):
        Tag.objects.bulk_create(
            [Tag(tenant_id=tenant_id, app_id=app_id, tag_id=one, name=one) for one in missing],
            ignore_conflicts=True,
        )
        found = Tag.objects.filter(tenant_id=tenant_id, app_id=app_id, tag_id__in=missing)
        known.update(found.values_list("tag_id", "pk"))
    return known


def wecom_tags_set(*, tenant_id: int, wanted: dict[tuple[int, int], set[int]], read_at: datetime) -> None:
    """Make WeCom's tags of these ties ({(staff id, customer id): tag ids}) exactly these, as they were read.

    What we wrote to WeCom since `read_at` the reading did not see, and stays. In the caller's transaction, four
    statements at most. Tags by hand or rule, and other ties', stay. Repeatable.
    """
    written = TagMark.objects.filter(
        tenant_id=tenant_id,
        staff_id__in={staff_id for staff_id, _ in wanted},
        customer_id__in={customer_id for _, customer_id in wanted},
        finished_at__gte=read_at,
    )
    later = set(written.values_list("staff_id", "customer_id", "tag_id"))
    held = CustomerTag.objects.filter(
        tenant_id=tenant_id,
        source=TagSource.WECOM,
        staff_id__in={staff_id for staff_id, _ in wanted},
        customer_id__in={customer_id for _, customer_id in wanted},
    )
    gone, known = [], set()
    for pk, staff_id, customer_id, tag_id in held.values_list("pk", "staff_id", "customer_id", "tag_id"):
        tags = wanted.get((staff_id or 0, customer_id))
        if tags is None:
            continue
        known.add((staff_id, customer_id, tag_id))
        if tag_id not in tags and (staff_id, customer_id, tag_id) not in later:
            gone.append(pk)
    ties_end(tenant_id=tenant_id, tie_ids=gone, why=TagEnd.WECOM)
    now = clock.now()
    fresh = [
        CustomerTag(
            tenant_id=tenant_id,
            customer_id=customer_id,
            tag_id=tag_id,
            staff_id=staff_id,
            source=TagSource.WECOM,
            added_at=now,
        )
        for staff_id, customer_id in sorted(wanted)
        for tag_id in sorted(wanted[staff_id, customer_id])
        if (staff_id, customer_id, tag_id) not in known | later
    ]
    if fresh:
        CustomerTag.objects.bulk_create(fresh, ignore_conflicts=True)


def customer_tag_add(
    *, tenant: Tenant, customer_id: int, tag_id: int, actor: Actor, expires_at: datetime | None = None
) -> tuple[CustomerTag, bool]:
    """Put a tag on a customer by hand, for good or until `expires_at`; one of WeCom's is written there too. Answers
    whether the customer did not carry it before. Raises CustomerUnknown, TagUnknown, NotPermitted. Safe to repeat: a
    second time only moves the end."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        customer = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        tag = Tag.objects.filter(tenant=tenant, pk=tag_id, deleted_at=None).first()
        if customer is None:
            raise CustomerUnknown
        if tag is None:
            raise TagUnknown
        was_carried = CustomerTag.objects.filter(tenant=tenant, customer=customer, tag=tag).exists()
        row, created = CustomerTag.objects.get_or_create(
            tenant=tenant,
            customer=customer,
            tag=tag,
            staff=None,
            source=TagSource.MANUAL,
            defaults={"added_by": actor.name, "added_at": clock.now(), "expires_at": expires_at},
        )
        marks_on(tenant_id=tenant.pk, pairs=[(customer_id, tag_id)], by=actor.name)
        changes: dict[str, list[Any]] = {"tag": [None, tag.name]} if created else {}
        if not created and row.expires_at != expires_at:
            changes = {"tag": [tag.name, tag.name], "tag_until": [_iso(row.expires_at), _iso(expires_at)]}
            row.expires_at = expires_at
            row.save(update_fields=["expires_at"])
        if changes:
            verb = "contacts.customer.tagged" if created else "contacts.customer.tag_moved"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=customer, changes=changes)
    return row, created and not was_carried


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def customer_tag_remove(*, tenant: Tenant, customer_id: int, tag_id: int, actor: Actor) -> None:
    """Take a tag off a customer: what was given by hand here, and WeCom's on every relation, by a call. Those by rule
    are changed by their rule. Safe to repeat."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        customer = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        tag = Tag.objects.filter(tenant=tenant, pk=tag_id).first()
        if customer is None or tag is None:
            return
        by_hand = CustomerTag.objects.filter(
            tenant=tenant, customer=customer, tag=tag, source=TagSource.MANUAL
        )
        ended = ties_end(
            tenant_id=tenant.pk,
            tie_ids=by_hand.values_list("pk", flat=True),
            why=TagEnd.HAND,
            by=actor.name,
        )
        if marks_off(tenant_id=tenant.pk, pairs=[(customer_id, tag_id)], by=actor.name) or ended:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="contacts.customer.untagged",
                target=customer,
                changes={"tag": [tag.name, None]},
            )
