"""What tag rules count of people: facts in sets, a constant number of queries for any number of people."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from contacts.enums import BehaviourKind, OrderState
from contacts.models import Behaviour, Customer, CustomerTag, Follow, Order
from contacts.policies.tag_rules import (
    BOUGHT,
    CHANNEL,
    CIRCLE,
    DID,
    ORDERED,
    SILENT,
    SPENT,
    STAGE,
    STATED,
    TIER,
    WAY,
    Found,
    silent_days,
)
from contacts.selectors import last_active_at
from contacts.selectors.entries import group_entries
from contacts.selectors.identity import as_persons, same_people
from contacts.selectors.skus import order_facts, with_sku
from tenants.counting import rows_counted

Key = tuple[str, int | None]
Facts = dict[int, dict[Key, Found]]
Tiers = Callable[..., dict[int, str]]


class _Above:
    """What an app above tells; filled once at start."""

    tiers: Tiers | None = None
    circles: Callable[..., dict[int, set[str]]] | None = None
    circle_choices: tuple[tuple[str, Any], ...] = ()


def register_tiers(tiers: Tiers) -> None:
    """`tiers(tenant_id=, customer_ids=) -> {customer id: "S" | "A+" | "A" | "B"}`."""
    _Above.tiers = staticmethod(tiers)


def register_circles(
    *, choices: Iterable[tuple[str, Any]], people: Callable[..., dict[int, set[str]]]
) -> None:
    """`people(tenant_id=, customer_ids=) -> {customer id: circles of any group now}`; `choices` names them."""
    _Above.circles, _Above.circle_choices = staticmethod(people), tuple(choices)


def circle_choices() -> list[tuple[str, Any]]:
    """[(fact, label)] of the circles that rules may ask for."""
    return [(f"{CIRCLE}{key}", label) for key, label in _Above.circle_choices]


def facts_for(*, tenant_id: int, customer_ids: Iterable[int], keys: Iterable[Key], now: datetime) -> Facts:
    """{customer id: {(fact, days): Found}} for these people and facts; what never happened is absent.

    What any record of a person says counts for each of them. A window of n days is the last n x 24 h before `now`;
    what is dated later does not count.
    """
    ids, wanted = sorted(set(customer_ids)), sorted(set(keys), key=str)
    if not ids:
        return {}
    people = same_people(tenant_id=tenant_id, customer_ids=ids)
    everyone = sorted({*ids, *(one for records in people.values() for one in records)})
    facts: Facts = {one: {} for one in everyone}
    for read in (_done, _orders, _kinds, _silence, _channels, _ways, _stages, _tiers, _circles):
        for customer_id, key, found in read(tenant_id, everyone, wanted, now):
            facts[customer_id][key] = found
    joint = {one: _joint([facts[record] for record in sorted(records)]) for one, records in people.items()}
    return {one: joint.get(one, facts[one]) for one in ids}


def _joint(records: list[dict[Key, Found]]) -> dict[Key, Found]:
    """What several records say of one person: acts and money together, the least silence, the highest standing."""
    made: dict[Key, Found] = {}
    for facts in records:
        for key, found in facts.items():
            made[key] = _both(key[0], made[key], found) if key in made else found
    return made


def _both(fact: str, one: Found, other: Found) -> Found:
    times = [at for at in (one.at, other.at) if at is not None]
    if fact == SILENT:
        count = min(one.count, other.count)
    elif fact == STAGE or fact.startswith(STATED):
        count = max(one.count, other.count)
    else:
        count = one.count + other.count
    return Found(count, max(times, default=None))


Told = Iterable[tuple[int, Key, Found]]


def _within(field: str, days: int | None, now: datetime) -> Q:
    until = Q(**{f"{field}__lte": now})
    return until if days is None else until & Q(**{f"{field}__gt": now - timedelta(days=days)})


def _done(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0].startswith(DID)]
    if not mine:
        return
    kinds = {fact.removeprefix(DID) for fact, _days in mine}
    sums: dict[str, Any] = {}
    for number, (fact, days) in enumerate(mine):
        which = Q(kind=fact.removeprefix(DID)) & _within("occurred_at", days, now)
        sums[f"n{number}"] = Count("pk", filter=which)
        sums[f"at{number}"] = Max("occurred_at", filter=which)
    rows = Behaviour.objects.filter(tenant_id=tenant_id, customer_id__in=ids, kind__in=kinds)
    for row in rows.values("customer_id").annotate(**sums):
        for number, key in enumerate(mine):
            if row[f"n{number}"]:
                yield row["customer_id"], key, Found(row[f"n{number}"], row[f"at{number}"])


def _orders(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0] in (BOUGHT, SPENT)]
    if not mine:
        return
    sums: dict[str, Any] = {}
    for number, (_fact, days) in enumerate(mine):
        which = _within("ordered_at", days, now)
        sums[f"n{number}"] = Count("pk", filter=which)
        sums[f"at{number}"] = Max("ordered_at", filter=which)
        sums[f"paid{number}"] = Coalesce(Sum("amount_fen", filter=which), 0)
        sums[f"back{number}"] = Coalesce(Sum("refund_fen", filter=which), 0)
    rows = Order.objects.filter(tenant_id=tenant_id, customer_id__in=ids, state=OrderState.PAID)
    for row in rows.values("customer_id").annotate(**sums):
        for number, key in enumerate(mine):
            yuan = (row[f"paid{number}"] - row[f"back{number}"]) // 100
            count = row[f"n{number}"] if key[0] == BOUGHT else yuan
            if row[f"n{number}"]:
                yield row["customer_id"], key, Found(count, row[f"at{number}"])


def _kinds(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    """Paid orders by their kind: first, upsell, repurchase."""
    mine = [key for key in keys if key[0].startswith(ORDERED)]
    if not mine:
        return
    rows = Order.objects.filter(tenant_id=tenant_id, customer_id__in=ids, state=OrderState.PAID)
    told: dict[tuple[int, Key], list[datetime]] = {}
    for row in with_sku(rows.filter(ordered_at__lte=now)):
        who, at = row.customer_id, row.ordered_at
        if who is None or at is None:
            continue
        for key in mine:
            fresh = key[1] is None or at > now - timedelta(days=key[1])
            if key[0] == f"{ORDERED}{order_facts(row).kind}" and fresh:
                told.setdefault((who, key), []).append(at)
    for (customer_id, key), times in told.items():
        yield customer_id, key, Found(len(times), max(times))


def _silence(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0] == SILENT]
    if not mine:
        return
    active = last_active_at(tenant_id=tenant_id, customer_ids=ids)
    seen = Customer.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list("pk", "first_seen_at")
    for customer_id, first_seen_at in seen:
        last = active.get(customer_id)
        for key in mine:
            yield customer_id, key, Found(silent_days(last or first_seen_at, now), last)


def _channels(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    """By whose code somebody became a friend or came into a group: traffic is known by its source as it enters."""
    yield from _came(tenant_id, ids, keys, now, CHANNEL, "channel_id")
    mine = [key for key in keys if key[0].startswith(CHANNEL)]
    if not mine:
        return
    wanted = {int(fact.removeprefix(CHANNEL)) for fact, _days in mine}
    rows = group_entries(tenant_id=tenant_id).filter(customer_id__in=ids, channel_id__in=wanted)
    for customer_id, channel_id, at in rows.values_list("customer_id", "channel_id", "joined_at"):
        yield from _told(customer_id, channel_id, at, mine, now, CHANNEL)


def _ways(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    return _came(tenant_id, ids, keys, now, WAY, "add_way")


def _came(tenant_id: int, ids: list[int], keys: list[Key], now: datetime, prefix: str, field: str) -> Told:
    """By what somebody became a friend: the channel of a code, or the way in which WeCom says it happened."""
    mine = [key for key in keys if key[0].startswith(prefix)]
    if not mine:
        return
    wanted = {int(fact.removeprefix(prefix)) for fact, _days in mine}
    rows = Follow.objects.filter(tenant_id=tenant_id, customer_id__in=ids, **{f"{field}__in": wanted})
    for customer_id, came_by, at in rows.values_list("customer_id", field, "followed_at"):
        yield from _told(customer_id, came_by, at, mine, now, prefix)


def _told(
    customer_id: int, came_by: int, at: datetime | None, keys: list[Key], now: datetime, prefix: str
) -> Told:
    for key in keys:
        days = key[1]
        fresh = days is None or (at is not None and at > now - timedelta(days=days))
        if key[0] == f"{prefix}{came_by}" and fresh:
            yield customer_id, key, Found(1, at)


def _stages(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0] == STAGE]
    if not mine:
        return
    for customer_id, stage in Customer.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list(
        "pk", "stage"
    ):
        for key in mine:
            yield customer_id, key, Found(stage)


def _tiers(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0].startswith(TIER)]
    if not mine or _Above.tiers is None:
        return
    for customer_id, tier in _Above.tiers(tenant_id=tenant_id, customer_ids=ids).items():
        for key in mine:
            if key[0] == f"{TIER}{tier}":
                yield customer_id, key, Found(1)


def _circles(tenant_id: int, ids: list[int], keys: list[Key], now: datetime) -> Told:
    mine = [key for key in keys if key[0].startswith(CIRCLE)]
    if not mine or _Above.circles is None:
        return
    for customer_id, circles in _Above.circles(tenant_id=tenant_id, customer_ids=ids).items():
        for key in mine:
            if key[0].removeprefix(CIRCLE) in circles:
                yield customer_id, key, Found(1)


def people_perhaps(
    *,
    tenant_id: int,
    keys: Iterable[Key],
    tags: Iterable[str],
    needs_all: bool,
    without: Iterable[int],
    most: int,
) -> list[int]:
    """People who have any (or all) of these facts at all, each once, newest first: who is worth judging. Two queries.

    What cannot be told from rows, such as silence or a tier, lets everyone through. Who wants no marketing and
    those of `without`, by whatever record, are left out.
    """
    gone = as_persons(tenant_id=tenant_id, customer_ids=without)
    people = Customer.objects.filter(tenant_id=tenant_id, person=None, opt_out_at=None).exclude(pk__in=gone)
    asked = [_perhaps(tenant_id, fact) for fact, _days in keys]
    asked += [
        _any_record(CustomerTag.objects.filter(tenant_id=tenant_id, tag__name=name, tag__deleted_at=None))
        for name in tags
    ]
    if not asked:
        return []
    joined = asked[0]
    for one in asked[1:]:
        joined = joined & one if needs_all else joined | one
    return list(people.filter(joined).order_by("-first_seen_at", "-pk").values_list("pk", flat=True)[:most])


def _perhaps(tenant_id: int, fact: str) -> Q:
    if fact.startswith(DID):
        return _any_record(Behaviour.objects.filter(tenant_id=tenant_id, kind=fact.removeprefix(DID)))
    if fact in (BOUGHT, SPENT) or fact.startswith(ORDERED):
        return _any_record(Order.objects.filter(tenant_id=tenant_id, state=OrderState.PAID))
    if fact.startswith(CHANNEL):
        channel_id = int(fact.removeprefix(CHANNEL))
        came = group_entries(tenant_id=tenant_id).filter(channel_id=channel_id)
        return _any_record(Follow.objects.filter(tenant_id=tenant_id, channel_id=channel_id)) | _any_record(
            came
        )
    if fact.startswith(WAY):
        return _any_record(Follow.objects.filter(tenant_id=tenant_id, add_way=int(fact.removeprefix(WAY))))
    return Q(pk__isnull=False)


def _any_record(rows: QuerySet[Any]) -> Q:
    """Whether the person has such a row, by this record or by one that was merged into it."""
    own = rows.filter(customer=OuterRef("pk"))
    return Q(Exists(own)) | Q(Exists(rows.filter(customer__person=OuterRef("pk"))))


def kinds_told(*, tenant_id: int, kinds: Iterable[str]) -> set[str]:
    """Those of the kinds of behaviour that ever came in: what never did is unknown, not zero. One statement."""
    wanted = {str(kind) for kind in kinds}
    rows = Behaviour.objects.filter(tenant_id=tenant_id)
    asked: dict[str, QuerySet[Any]] = {kind: rows.filter(kind=kind).values("pk")[:1] for kind in wanted}
    if BehaviourKind.ORDER in wanted:
        asked["orders"] = Order.objects.filter(tenant_id=tenant_id).values("pk")[:1]
    found = {key for key, count in rows_counted(tenant_id=tenant_id, queries=asked).items() if count}
    return {BehaviourKind.ORDER.value if key == "orders" else key for key in found}
