"""Breaches of group rules: of a group, of a member here and elsewhere, on a customer's timeline."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Count, QuerySet, Value, When
from django.utils.translation import gettext as _

from contacts.selectors.timeline import CHANGE, TimelineEntry
from groups.enums import LadderStep, NormState, Question, ViolationState
from groups.models import Group, Member, Norm, Violation
from groups.policies import answers
from groups.selectors.facts import answers_of


def violation_list(*, tenant_id: int, group_id: int, userid: str = "") -> QuerySet[Violation]:
    """Breaches in one group, what waits first, then the latest; `userid` keeps those of one member."""
    rows = Violation.objects.filter(tenant_id=tenant_id, group_id=group_id).select_related("customer")
    rows = rows.defer("picture")
    if userid:
        rows = rows.filter(userid=userid)
    waits = Case(When(state=ViolationState.OPEN, then=Value(0)), default=Value(1))
    return rows.order_by(waits, "-happened_at", "-pk")


def violation_get(*, tenant_id: int, group_id: int, violation_id: int) -> Violation:
    """Without its picture. Raises Violation.DoesNotExist, also for another group's or tenant's."""
    rows = Violation.objects.select_related("customer", "group").defer("picture")
    return rows.get(tenant_id=tenant_id, group_id=group_id, pk=violation_id)


def violation_picture(*, tenant_id: int, group_id: int, violation_id: int) -> tuple[bytes, str] | None:
    """(bytes, content type) of the picture that shows a breach; None without one, also for another group's."""
    rows = Violation.objects.filter(tenant_id=tenant_id, group_id=group_id, pk=violation_id).exclude(
        picture_type=""
    )
    found = rows.values_list("picture", "picture_type").first()
    return (bytes(found[0]), found[1]) if found else None


def standing(*, tenant_id: int, userid: str) -> dict[int, int]:
    """{group id: breaches of this person that count there}. What was taken back does not, nor a friendly word."""
    rows = _counted(Violation.objects.filter(tenant_id=tenant_id, userid=userid))
    return dict(rows.values_list("group_id").annotate(n=Count("pk")).order_by("group_id"))


def _counted(rows: QuerySet[Violation]) -> QuerySet[Violation]:
    return rows.exclude(state=ViolationState.UNDONE).exclude(step=LadderStep.KIND)


def was_told_kindly(*, tenant_id: int, group_id: int, userid: str) -> bool:
    """Whether somebody has a friendly word of this group on record."""
    rows = Violation.objects.filter(tenant_id=tenant_id, group_id=group_id, userid=userid)
    return rows.filter(step=LadderStep.KIND).exclude(state=ViolationState.UNDONE).exists()


def standing_of_members(*, tenant_id: int, userids: Iterable[str]) -> dict[str, dict[int, int]]:
    """{userid: {group id: breaches that count}} of many people, in one query."""
    found: dict[str, dict[int, int]] = {}
    rows = Violation.objects.filter(tenant_id=tenant_id, userid__in=set(userids))
    counted = _counted(rows).values_list("userid", "group_id").annotate(n=Count("pk"))
    for userid, group_id, count in counted:
        found.setdefault(userid, {})[group_id] = count
    return found


def count_breaches(rows: Iterable[Any], *, group: Group) -> None:
    """Put `breaches` in this group that count, and `breaches_elsewhere` in all others, on members. One query."""
    listed = list(rows)
    found = standing_of_members(tenant_id=group.tenant_id, userids={row.userid for row in listed})
    for row in listed:
        counts = found.get(row.userid, {})
        row.breaches = counts.get(group.pk, 0)
        row.breaches_elsewhere = sum(counts.values()) - row.breaches


def violations_open(group: Group) -> QuerySet[Violation]:
    """Steps that wait to be done."""
    rows = Violation.objects.filter(tenant_id=group.tenant_id, group=group, state=ViolationState.OPEN)
    return rows.select_related("customer").defer("picture")


def rules_of(group: Group) -> list[str]:
    """The group's rules, one a line."""
    found = answers_of(tenant_id=group.tenant_id, group_ids=[group.pk]).get(group.pk, {})
    return answers.lines_of(found.get(Question.RULES, {}), "lines")


def norms_agreed(*, tenant_id: int, group_id: int) -> list[str]:
    """What members of the group agreed on, the earliest first."""
    rows = Norm.objects.filter(tenant_id=tenant_id, group_id=group_id, state=NormState.AGREED)
    return list(rows.order_by("agreed_at", "pk").values_list("text", flat=True))


def members_to_record(*, group: Group) -> list[tuple[str, str]]:
    """[(userid, name)] of the customers now in the group, by name."""
    rows = Member.objects.filter(
        tenant_id=group.tenant_id, group=group, left_at=None, is_staff=False
    ).select_related("customer")
    named = [(row.userid, str(row.customer or "") or row.nickname or row.userid) for row in rows]
    return sorted(named, key=lambda one: one[1])


def violation_timeline(*, tenant_id: int, customer_id: int, limit: int) -> list[TimelineEntry]:
    """The breaches of one person for the customer's timeline, those taken back named so. One query."""
    rows = Violation.objects.filter(tenant_id=tenant_id, customer_id=customer_id).select_related("group")
    rows = rows.defer("picture")
    return [_entry(row) for row in rows.order_by("-happened_at", "-pk")[:limit]]


def _entry(row: Violation) -> TimelineEntry:
    about = {"group": row.group, "rule": row.rule}
    is_kind = row.step == LadderStep.KIND
    said = (
        _("A friendly word in %(group)s about: %(rule)s")
        if is_kind
        else _("Broke a rule of %(group)s: %(rule)s")
    ) % about
    if row.state == ViolationState.UNDONE:
        step = _("taken back: %(why)s") % {"why": row.undo_reason}
    else:
        step = f"{row.get_step_display()}, {row.get_state_display()}"
    return TimelineEntry(
        at=row.happened_at,
        facet=CHANGE,
        icon_name="heart-handshake" if is_kind else "gavel",
        text=said,
        detail=f"{step} · {row.recorded_by}",
    )
