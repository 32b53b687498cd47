"""Group tags by hand: made, renamed, put away, put on groups and taken off (R27).

A tie by hand and one by rule stand apart: reading WeCom again, and every judgement, leaves those by hand alone.
"""

from collections.abc import Iterable

from django.db import IntegrityError, connection, transaction

from groups.enums import GroupTagEnd, GroupTagSource
from groups.errors import GroupTagTaken, GroupTagUnknown, GroupUnknown
from groups.events import GroupsTagged, GroupsUntagged
from groups.models import Group, GroupTag, GroupTagTie
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

NAME_CHARS, NOTE_CHARS = 40, 120
_END = """
with gone as (
  delete from groups_grouptagtie where tenant_id = %s and id = any(%s)
  returning tenant_id, group_id, tag_id, source, added_at, added_by, evidence
)
insert into groups_grouptagpast (tenant_id, group_id, tag_id, source, added_at, added_by, evidence,
  ended_at, ended_by, why)
select gone.*, %s, %s, %s from gone
"""
Pairs = set[tuple[int, int]]  # (tag id, group id)


def group_ties_end(*, tenant_id: int, tie_ids: Iterable[int], why: str, by: str = "") -> int:
    """Take tags off and keep that they were there. In the caller's transaction; of two callers one does it."""
    ids = sorted(set(tie_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_END, [tenant_id, ids, clock.now(), by[:128], why])
        return cursor.rowcount


def carried_pairs(*, tenant_id: int, tag_ids: Iterable[int], group_ids: Iterable[int]) -> Pairs:
    """Which of these groups carry which of these tags now, by hand or by rule."""
    rows = GroupTagTie.objects.filter(
        tenant_id=tenant_id, tag_id__in=list(tag_ids), group_id__in=list(group_ids)
    )
    return set(rows.values_list("tag_id", "group_id"))


def pairs_tell(*, tenant_id: int, before: Pairs, after: Pairs) -> None:
    """Tell the other apps which groups gained and lost which tag. In the caller's transaction."""
    for kind, pairs in ((GroupsTagged, after - before), (GroupsUntagged, before - after)):
        for tag_id in sorted({tag_id for tag_id, _group_id in pairs}):
            group_ids = sorted(group_id for one, group_id in pairs if one == tag_id)
            publish(kind(tenant_id=tenant_id, occurred_at=clock.now(), tag_id=tag_id, group_ids=group_ids))


def group_tag_save(
    *, tenant: Tenant, name: str, actor: Actor, note: str = "", tag_id: int | None = None
) -> GroupTag:
    """Make a tag, or rename one. Raises GroupTagTaken, GroupTagUnknown, NotPermitted.

    Not safe to repeat without an id: the second is GroupTagTaken.
    """
    require(actor, Permission.OPERATE)
    name = " ".join(name.split())[:NAME_CHARS]
    try:
        with transaction.atomic():
            tag = _locked(tenant, tag_id) if tag_id else GroupTag(tenant=tenant)
            before = tag.name if tag.pk else None
            tag.name, tag.note = name, note.strip()[:NOTE_CHARS]
            tag.save()
            verb = "groups.tag.changed" if before else "groups.tag.added"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=tag, changes={"name": [before, name]})
    except IntegrityError as error:
        raise GroupTagTaken from error
    return tag


def _locked(tenant: Tenant, tag_id: int) -> GroupTag:
    tag = GroupTag.objects.select_for_update().filter(tenant=tenant, pk=tag_id).first()
    if tag is None:
        raise GroupTagUnknown
    return tag


def group_tag_set_archived(*, tenant: Tenant, tag_id: int, is_archived: bool, actor: Actor) -> GroupTag:
    """Put a tag away, or take it back. Groups keep it unseen meanwhile and its rule rests. Safe to repeat.

    Raises GroupTagUnknown, GroupTagTaken, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    try:
        with transaction.atomic():
            tag = _locked(tenant, tag_id)
            if bool(tag.archived_at) == is_archived:
                return tag
            tag.archived_at = clock.now() if is_archived else None
            tag.save(update_fields=["archived_at"])
            verb = "groups.tag.archived" if is_archived else "groups.tag.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=tag)
    except IntegrityError as error:
        raise GroupTagTaken from error
    return tag


def groups_tag(*, tenant: Tenant, tag_id: int, group_ids: Iterable[int], actor: Actor) -> int:
    """Put a tag on groups by hand. Returns on how many it is new by hand. Safe to repeat.

    Raises GroupTagUnknown, GroupUnknown (then none gets it), NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        tag, groups = _tag_and_groups(tenant, tag_id, group_ids)
        ids = [group.pk for group in groups]
        before = carried_pairs(tenant_id=tenant.pk, tag_ids=[tag.pk], group_ids=ids)
        by_hand = GroupTagTie.objects.filter(tenant=tenant, tag=tag, source=GroupTagSource.MANUAL)
        known = set(by_hand.filter(group_id__in=ids).values_list("group_id", flat=True))
        fresh = [group for group in groups if group.pk not in known]
        GroupTagTie.objects.bulk_create(
            GroupTagTie(
                tenant=tenant, group=group, tag=tag, source=GroupTagSource.MANUAL, added_by=actor.name[:128]
            )
            for group in fresh
        )
        audit.record_many(
            tenant=tenant, actor=actor, verb="groups.group.tagged", targets=fresh,
            changes={group.pk: {"tag": [None, tag.name]} for group in fresh},
        )  # fmt: skip
        after = before | {(tag.pk, one) for one in ids}
        pairs_tell(tenant_id=tenant.pk, before=before, after=after)
    return len(fresh)


def groups_untag(*, tenant: Tenant, tag_id: int, group_ids: Iterable[int], actor: Actor) -> int:
    """Take off what was put on by hand; a rule that holds goes on giving the tag. Returns from how many it came off.

    Safe to repeat. Raises like groups_tag.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        tag, groups = _tag_and_groups(tenant, tag_id, group_ids)
        ids = [group.pk for group in groups]
        before = carried_pairs(tenant_id=tenant.pk, tag_ids=[tag.pk], group_ids=ids)
        ties = GroupTagTie.objects.filter(
            tenant=tenant, tag=tag, group_id__in=ids, source=GroupTagSource.MANUAL
        )
        tied = dict(ties.values_list("group_id", "pk"))
        ended = group_ties_end(
            tenant_id=tenant.pk, tie_ids=tied.values(), why=GroupTagEnd.MANUAL, by=actor.name
        )
        audit.record_many(
            tenant=tenant, actor=actor, verb="groups.group.untagged",
            targets=[group for group in groups if group.pk in tied],
            changes={pk: {"tag": [tag.name, None]} for pk in tied},
        )  # fmt: skip
        after = carried_pairs(tenant_id=tenant.pk, tag_ids=[tag.pk], group_ids=ids)
        pairs_tell(tenant_id=tenant.pk, before=before, after=after)
    return ended


def _tag_and_groups(tenant: Tenant, tag_id: int, group_ids: Iterable[int]) -> tuple[GroupTag, list[Group]]:
    """The tag in use and the groups, locked in one order: two who tag the same groups wait for each other."""
    wanted = sorted(set(group_ids))
    groups = list(
        Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk__in=wanted).order_by("pk")
    )
    if len(groups) != len(wanted):
        raise GroupUnknown
    tag = GroupTag.objects.filter(tenant=tenant, pk=tag_id, archived_at=None).first()
    if tag is None:
        raise GroupTagUnknown
    return tag, groups
