"""Writes of the topic bank: keep topics, mark who opens them, put one into a slot (R65)."""

from typing import TYPE_CHECKING

from django.db import transaction

from groups.enums import Kind
from sop.errors import KindUnknown, TopicUnknown
from sop.models import Topic, TopicOpener
from sop.selectors.topics import topics_untaken
from team.selectors import staff_by_id
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


def topic_save(
    *,
    tenant: "Tenant",
    topic_id: int | None,
    title: str,
    text: str,
    group_kind: str,
    opener_id: int | None,
    actor: Actor,
) -> Topic:
    """Write a new topic (`topic_id` None) or change one; what was sent keeps its words. Safe to repeat for a change.

    Raises TopicUnknown, KindUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if group_kind not in ("", *Kind.values):
        raise KindUnknown
    if opener_id and opener_id not in staff_by_id(tenant_id=tenant.pk, staff_ids=[opener_id]):
        raise TopicUnknown
    with transaction.atomic():
        row = (
            Topic(tenant=tenant, created_by=actor.name[:64])
            if topic_id is None
            else _locked(tenant, topic_id)
        )
        before = {} if topic_id is None else {"title": row.title, "text": row.text}
        row.title, row.text, row.group_kind, row.opener_id = (
            title.strip(),
            text.strip(),
            group_kind,
            opener_id,
        )
        row.save()
        audit.record(
            tenant=tenant, actor=actor, target=row,
            verb="sop.topic.written" if topic_id is None else "sop.topic.changed",
            changes={
                name: [before.get(name), getattr(row, name)]
                for name in ("title", "text")
                if before.get(name) != getattr(row, name)
            },
        )  # fmt: skip
    return row


def topic_archive(*, tenant: "Tenant", topic_id: int, is_archived: bool, actor: Actor) -> Topic:
    """Take a topic out of the bank, or back. Its uses stay. Raises TopicUnknown, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, topic_id)
        if (row.archived_at is not None) != is_archived:
            row.archived_at = clock.now() if is_archived else None
            row.save(update_fields=["archived_at"])
            verb = "sop.topic.archived" if is_archived else "sop.topic.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def topics_take(*, tenant: "Tenant", actor: Actor) -> int:
    """Put the topics that come with the product into the bank. Returns how many were new. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        fresh = topics_untaken(tenant_id=tenant.pk)
        Topic.objects.bulk_create(
            [
                Topic(
                    tenant=tenant, title=one.title, text=one.text, builtin=one.code, created_by=actor.name[:64],
                    group_kind=one.group_kind if one.group_kind in Kind.values else "",
                )
                for one in fresh
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        if fresh:
            audit.record(
                tenant=tenant, actor=actor, verb="sop.topics.taken", changes={"topics": [None, len(fresh)]}
            )
    return len(fresh)


def opener_mark(*, tenant: "Tenant", staff_id: int, is_opener: bool, actor: Actor) -> None:
    """Say that a staff member is an atmosphere account, or no longer. Raises TopicUnknown. Safe to repeat."""
    require(actor, Permission.OPERATE)
    staff = staff_by_id(tenant_id=tenant.pk, staff_ids=[staff_id]).get(staff_id)
    if staff is None:
        raise TopicUnknown
    with transaction.atomic():
        rows = TopicOpener.objects.filter(tenant=tenant, staff=staff_id)
        if rows.exists() == is_opener:
            return
        if is_opener:
            TopicOpener.objects.create(tenant=tenant, staff_id=staff_id, marked_by=actor.name[:64])
        else:
            rows.delete()
        verb = "sop.opener.marked" if is_opener else "sop.opener.unmarked"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=staff)


def _locked(tenant: "Tenant", topic_id: int) -> Topic:
    row = Topic.objects.select_for_update().filter(tenant=tenant, pk=topic_id).first()
    if row is None:
        raise TopicUnknown
    return row
