"""Culture of a group (R130): norms with their voices, who helps with what, thanks, and thanks beside sanctions."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from contacts.selectors import customer_names
from groups.enums import (
    CULTURE_DAYS,
    HelperRole,
    KocState,
    LadderStep,
    NormState,
    ThanksFor,
    ThanksState,
    ViolationState,
)
from groups.models import CircleSpell, Group, HelperTask, Koc, Member, Norm, NormVoice, Thanks, Violation
from groups.policies import circles
from groups.policies.culture import Balance, Deed, ask_words, thanks_due
from tenants import clock

SUGGESTED = 8
PREFIX = "culture-"  # in the address: the people behind a figure
GAVE = {
    circles.ANSWER: ThanksFor.ANSWER.value,
    circles.SHARE: ThanksFor.SHARE.value,
    circles.REFERRAL: ThanksFor.BROUGHT.value,
}
_ORDER = (NormState.ASKED, NormState.PROPOSED, NormState.AGREED, NormState.DROPPED)


def voices_counted(*, tenant_id: int, norm_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """{norm id: (people who say yes, people who say no)}; somebody with two records is one person. One query.

    Who said both with two records counts by neither.
    """
    rows = NormVoice.objects.filter(tenant_id=tenant_id, norm_id__in=list(norm_ids))
    said: dict[int, dict[int, set[bool]]] = {}
    who = Coalesce("customer__person_id", "customer_id")
    for norm_id, person, is_yes in rows.annotate(who=who).values_list("norm_id", "who", "is_yes"):
        said.setdefault(norm_id, {}).setdefault(person, set()).add(is_yes)
    found = {}
    for norm_id, people in said.items():
        counted = Counter(one.copy().pop() for one in people.values() if len(one) == 1)
        found[norm_id] = counted[True], counted[False]
    return found


def norm_list(*, group: Group) -> list[Norm]:
    """What is being asked, what waits, what holds, then what is kept no more. Two queries.

    Each with `yes` and `no` (people), `is_open` (answers count now) and `words` (to post in the group).
    """
    order = Case(
        *(When(state=state, then=Value(place)) for place, state in enumerate(_ORDER)),
        output_field=IntegerField(),
    )
    rows = Norm.objects.filter(tenant_id=group.tenant_id, group=group).select_related("customer")
    listed = list(rows.order_by(order, "-added_at", "-pk"))
    counts = voices_counted(tenant_id=group.tenant_id, norm_ids=[row.pk for row in listed])
    now = clock.now()
    for row in listed:
        is_open = row.state == NormState.ASKED and row.until is not None and now < row.until
        row.yes, row.no = counts.get(row.pk, (0, 0))  # type: ignore[attr-defined]
        row.is_open = is_open  # type: ignore[attr-defined]
        row.words = ask_words(name=str(row.customer), text=row.text, needed=row.needed or 1)  # type: ignore[attr-defined]
    return listed


def norm_get(*, tenant_id: int, group_id: int, norm_id: int) -> Norm:
    """Raises Norm.DoesNotExist, also for another group's or tenant's."""
    rows = Norm.objects.select_related("customer", "group")
    return rows.get(tenant_id=tenant_id, group_id=group_id, pk=norm_id)


def thanks_get(*, tenant_id: int, group_id: int, thanks_id: int) -> Thanks:
    """Raises Thanks.DoesNotExist, also for another group's or tenant's."""
    rows = Thanks.objects.select_related("customer", "group")
    return rows.get(tenant_id=tenant_id, group_id=group_id, pk=thanks_id)


def thanks_list(*, group: Group) -> QuerySet[Thanks]:
    """What is to be said first, then the latest; those not said after all are left out."""
    waits = Case(When(state=ThanksState.OPEN, then=Value(0)), default=Value(1))
    rows = Thanks.objects.filter(tenant_id=group.tenant_id, group=group).exclude(state=ThanksState.DROPPED)
    return rows.select_related("customer").order_by(waits, "-said_at", "-made_at", "-pk")


def culture_waiting(group: Group) -> QuerySet[Thanks]:
    """Thanks that wait to be said."""
    return Thanks.objects.filter(tenant_id=group.tenant_id, group=group, state=ThanksState.OPEN)


def role_holders(*, group: Group) -> list[tuple[HelperRole, list[Koc]]]:
    """Each role with the helpers who hold it now, none where nobody does. One query."""
    rows = Koc.objects.filter(tenant_id=group.tenant_id, group=group, state=KocState.HELPER)
    helping = list(rows.select_related("customer").order_by("helper_at", "pk"))
    return [(role, [row for row in helping if row.role == role]) for role in HelperRole]


def balance_of(*, group: Group) -> Balance:
    """The last 30 days. Two queries."""
    return balances_of(tenant_id=group.tenant_id, group_ids=[group.pk]).get(group.pk, Balance())


def balances_of(*, tenant_id: int, group_ids: Collection[int]) -> dict[int, Balance]:
    """{group id: the last 30 days}, groups without anything left out. What was taken back does not count."""
    since = clock.now() - timedelta(days=CULTURE_DAYS)
    said = Thanks.objects.filter(
        tenant_id=tenant_id, group_id__in=group_ids, state=ThanksState.SAID, said_at__gte=since
    )
    thanks = dict(said.order_by().values_list("group_id").annotate(n=Count("pk")))
    steps = Violation.objects.filter(tenant_id=tenant_id, group_id__in=group_ids, happened_at__gte=since)
    is_kind = Q(step=LadderStep.KIND)
    counted = {
        group_id: (kind, hard)
        for group_id, kind, hard in steps.exclude(state=ViolationState.UNDONE)
        .order_by()
        .values_list("group_id")
        .annotate(kind=Count("pk", filter=is_kind), hard=Count("pk", filter=~is_kind))
    }
    return {pk: Balance(thanks.get(pk, 0), *counted.get(pk, (0, 0))) for pk in thanks.keys() | counted.keys()}


def people_of_culture(group: Group, key: str) -> set[int]:
    """Customers behind a figure: `culture-thanked`, `culture-kind`, `culture-sanctioned` of the last 30 days, or
    `culture-yes-<norm>` and `culture-no-<norm>`.
    """
    what, _dash, number = key.removeprefix(PREFIX).partition("-")
    since = clock.now() - timedelta(days=CULTURE_DAYS)
    who: dict[str, Any] = {"tenant_id": group.tenant_id}
    rows: QuerySet[Any]
    if what in ("yes", "no"):
        norm_id = int(number) if number.isdecimal() else 0
        rows = NormVoice.objects.filter(**who, norm__group=group, norm_id=norm_id, is_yes=what == "yes")
    elif what == "thanked":
        rows = Thanks.objects.filter(**who, group=group, state=ThanksState.SAID, said_at__gte=since)
    else:
        rows = Violation.objects.filter(**who, group=group, happened_at__gte=since, customer__isnull=False)
        rows = rows.exclude(state=ViolationState.UNDONE)
        is_kind = Q(step=LadderStep.KIND)
        rows = rows.filter(is_kind if what == "kind" else ~is_kind)
    return set(rows.values_list("customer_id", flat=True))


def deeds_of(*, tenant_id: int, group_ids: Collection[int]) -> dict[int, list[Deed]]:
    """{group id: deeds of 30 days that are on record one by one}: tasks of helpers, norms agreed. Two queries."""
    since = clock.now() - timedelta(days=CULTURE_DAYS)
    found: dict[int, list[Deed]] = {}
    tasks = HelperTask.objects.filter(
        tenant_id=tenant_id, koc__group_id__in=group_ids, done_at__gte=since
    ).values_list("koc__group_id", "koc__customer_id", "done_at", "title")
    for group_id, who, at, title in tasks:
        if at is not None:
            found.setdefault(group_id, []).append(Deed(who, ThanksFor.HELP.value, at, title))
    norms = Norm.objects.filter(
        tenant_id=tenant_id, group_id__in=group_ids, state=NormState.AGREED, agreed_at__gte=since
    ).values_list("group_id", "customer_id", "agreed_at", "text")
    for group_id, who, at, text in norms:
        if at is not None:
            found.setdefault(group_id, []).append(Deed(who, ThanksFor.IDEA.value, at, text))
    return found


def thanked_when(*, tenant_id: int, group_ids: Collection[int]) -> dict[int, dict[tuple[int, str], datetime]]:
    """{group id: {(customer id, reason): when last}} of thanks said or to be said. One query."""
    rows = Thanks.objects.filter(tenant_id=tenant_id, group_id__in=group_ids).exclude(
        state=ThanksState.DROPPED
    )
    found: dict[int, dict[tuple[int, str], datetime]] = {}
    last = rows.order_by().values_list("group_id", "customer_id", "reason").annotate(at=Max("made_at"))
    for group_id, who, reason, at in last:
        found.setdefault(group_id, {})[who, reason] = at
    return found


@dataclass(frozen=True)
class ThanksIdea:
    """Somebody to thank, why, and what shows it."""

    customer_id: int
    name: str
    reason: ThanksFor
    at: datetime
    what: str
    days: int  # of the last 14 on which the person gave it; 0: a single deed


def thanks_ideas(*, group: Group) -> list[ThanksIdea]:
    """Whom to thank now, the latest first. Who left or is thanked for it already is left out. Six queries at most."""
    who: dict[str, Any] = {"tenant_id": group.tenant_id, "group_ids": [group.pk]}
    deeds = list(deeds_of(**who).get(group.pk, []))
    days: dict[tuple[int, str], int] = {}
    begun = clock.now() - timedelta(days=circles.WINDOW_DAYS)
    spells = CircleSpell.objects.filter(tenant_id=group.tenant_id, group=group, until_day=None)
    engaged = spells.filter(circle__in=circles.ENGAGED).exclude(gave={})
    for customer_id, gave in engaged.values_list("customer_id", "gave"):
        for kind, count in gave.items():
            if kind in GAVE:
                deeds.append(Deed(customer_id, GAVE[kind], begun))
                days[customer_id, GAVE[kind]] = count
    due = thanks_due(deeds, thanked_when(**who).get(group.pk, {}))
    if not due:
        return []
    here = set(
        Member.objects.filter(
            tenant_id=group.tenant_id, group=group, left_at=None, customer_id__in={one.customer_id for one in due}
        ).values_list("customer_id", flat=True)
    )  # fmt: skip
    kept = [one for one in due if one.customer_id in here]
    kept.sort(
        key=lambda one: (-one.at.timestamp(), -days.get((one.customer_id, one.reason), 0), one.customer_id)
    )
    names = customer_names(
        tenant_id=group.tenant_id, customer_ids=[one.customer_id for one in kept[:SUGGESTED]]
    )
    return [
        ThanksIdea(
            one.customer_id, names.get(one.customer_id, ""), ThanksFor(one.reason), one.at, one.what,
            0 if one.what else days.get((one.customer_id, one.reason), 0),
        )
        for one in kept[:SUGGESTED]
    ]  # fmt: skip


@dataclass(frozen=True)
class Lack:
    """What a group's owner could make good: sanctions without thanks, or deeds without thanks."""

    balance: Balance
    due: int


def groups_lacking_thanks(*, tenant_id: int, group_ids: Collection[int]) -> dict[int, Lack]:
    """Groups that only police, or in which a recorded deed got no thanks. Five queries whatever their number."""
    balances = balances_of(tenant_id=tenant_id, group_ids=group_ids)
    deeds = deeds_of(tenant_id=tenant_id, group_ids=group_ids)
    thanked = thanked_when(tenant_id=tenant_id, group_ids=deeds) if deeds else {}
    found = {}
    for pk in balances.keys() | deeds.keys():
        lack = Lack(balances.get(pk, Balance()), len(thanks_due(deeds.get(pk, []), thanked.get(pk, {}))))
        if lack.balance.only_polices or lack.due:
            found[pk] = lack
    return found


def members_to_choose(*, group: Group) -> list[tuple[int, str]]:
    """[(customer id, name)] of the customers now in the group, by name. One query."""
    rows = Member.objects.filter(
        tenant_id=group.tenant_id, group=group, left_at=None, is_staff=False, customer__isnull=False
    ).select_related("customer")
    named = {row.customer_id: str(row.customer) or row.nickname for row in rows if row.customer_id}
    return sorted(named.items(), key=lambda one: one[1])
