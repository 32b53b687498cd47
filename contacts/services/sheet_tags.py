"""Tags from a file (R32): put on people and taken off by hand, many at once, and undone."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import TagEnd, TagSource, Verdict
from contacts.models import CustomerTag, Sheet, SheetRow, Tag
from contacts.services.sheet_people import Judged, People, faulty
from contacts.services.tag_marks import marks_off, marks_on, ties_end
from tenants import clock
from tenants.models import Tenant

AT_WECOM = "tag_at_wecom"  # the field of a change that only a call to WeCom makes


def judge(*, tenant: Tenant, sheet: Sheet, lines: Sequence[dict[str, Any]]) -> list[Judged]:
    """What each line would do now. A constant number of queries."""
    people = People(tenant.pk, lines)
    found = [people.find(told) for told in lines]
    tags: dict[str, list[Tag]] = {}
    names = {told["tag"] for told in lines}
    for tag in Tag.objects.filter(tenant=tenant, deleted_at=None, name__in=names).select_related("group"):
        tags.setdefault(tag.name, []).append(tag)
    ids = {one.customer.pk for one in found if one.customer}
    held: dict[tuple[int, int], set[str]] = {}
    ties = CustomerTag.objects.filter(tenant=tenant, customer_id__in=ids, tag__name__in=names)
    for customer_id, tag_id, source in ties.values_list("customer_id", "tag_id", "source"):
        held.setdefault((customer_id, tag_id), set()).add(source)
    made = []
    for told, who in zip(lines, found, strict=True):
        tag = _tag(told, tags.get(told["tag"], []))
        if who.fault:
            made.append(who.fault)
        elif who.customer is None:
            made.append(
                faulty("external_userid", _("Nobody is known by this id. Read the customers from WeCom."))
            )
        elif isinstance(tag, Judged):
            made.append(tag)
        else:
            made.append(_judged(told, who.customer.pk, tag, held.get((who.customer.pk, tag.pk), set())))
    return made


def _tag(told: dict[str, Any], found: list[Tag]) -> Tag | Judged:
    group = told.get("tag_group", "")
    fits = [one for one in found if not group or (one.group and one.group.name == group)]
    if not fits:
        return faulty("tag", _("There is no such tag. Make it under Tags, or correct its name."))
    if len(fits) > 1:
        return faulty("tag_group", _("Several tags are called so: write the group of the one you mean."))
    return fits[0]


def _judged(told: dict[str, Any], customer_id: int, tag: Tag, held: set[str]) -> Judged:
    key = f"{customer_id}:{tag.pk}"
    is_held = TagSource.MANUAL in held
    if told["action"] == "add":
        changes = [] if is_held else [["tag", None, tag.name]]
    elif is_held:
        changes = [["tag", tag.name, None]]
    elif TagSource.RULE in held:
        return faulty(
            "tag", _("A rule gives this tag and would give it again: change the rule under Tags instead.")
        )
    elif held:
        changes = [[AT_WECOM, tag.name, None]]
    else:
        changes = []
    verdict = Verdict.SAME if not changes else Verdict.NEW if told["action"] == "add" else Verdict.CHANGE
    return Judged(verdict, key=key, customer_id=customer_id, changes=changes)


def write(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Put tags on and take them off, of lines that were just judged anew. In a transaction."""
    _change(tenant, sheet.started_by, rows, is_undo=False)


def undo(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Take off what this file put on, and put back what it took off."""
    _change(tenant, sheet.started_by, rows, is_undo=True)


def _change(tenant: Tenant, by: str, rows: Sequence[SheetRow], *, is_undo: bool) -> None:
    on: set[tuple[int, int]] = set()
    off: set[tuple[int, int]] = set()
    there: set[tuple[int, int]] = set()  # only WeCom has the tag: it goes, or comes back, by a call alone
    for row in rows:
        customer_id, tag_id = (int(part) for part in row.key.split(":"))
        wants = (row.told["action"] == "add") != is_undo
        is_there = any(change[0] == AT_WECOM for change in row.changes)
        (there if is_there else on if wants else off).add((customer_id, tag_id))
    (marks_on if is_undo else marks_off)(tenant_id=tenant.pk, pairs=there, by=by)
    CustomerTag.objects.bulk_create(
        [
            CustomerTag(
                tenant=tenant, customer_id=customer_id, tag_id=tag_id, source=TagSource.MANUAL,
                added_by=by[:128], added_at=clock.now(),
            )
            for customer_id, tag_id in sorted(on)
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    marks_on(tenant_id=tenant.pk, pairs=on, by=by)
    ties = CustomerTag.objects.filter(
        tenant=tenant, source=TagSource.MANUAL, customer_id__in={one[0] for one in off}
    )
    gone = [
        pk
        for pk, customer_id, tag_id in ties.values_list("pk", "customer_id", "tag_id")
        if (customer_id, tag_id) in off
    ]
    ties_end(tenant_id=tenant.pk, tie_ids=gone, why=TagEnd.HAND, by=by)
