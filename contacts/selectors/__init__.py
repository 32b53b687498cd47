"""Reads of customers: lists, one person's timeline, facts for others in sets."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from contacts.enums import BehaviourKind, FollowState, OrderState
from contacts.models import Behaviour, Customer, CustomerTag, Follow, Order, Tag
from contacts.selectors.entries import group_entries
from tenants.arrays import ids_of

GroupIds = Callable[..., dict[str, int]]
GroupNames = Callable[..., dict[int, list[str]]]


class _Groups:
    """What the app above tells about groups; filled once at start."""

    ids_by_chat: GroupIds | None = None
    names_by_customer: GroupNames | None = None
    by_customer: Callable[..., dict[int, list[Any]]] | None = None
    open_list: Callable[..., QuerySet[Any]] | None = None
    members: Callable[..., dict[int, list[int]]] | None = None
    by_id: Callable[..., dict[int, Any]] | None = None
    paid: Callable[..., QuerySet[Any]] | None = None
    payments: list[tuple[str, Any]] = []


def register_groups(*, ids_by_chat: GroupIds, names_by_customer: GroupNames) -> None:
    """`ids_by_chat(tenant_id=, chat_ids=) -> {chat_id: group id}`;
    `names_by_customer(tenant_id=, customer_ids=) -> {customer id: [name of each present group]}`."""
    _Groups.ids_by_chat, _Groups.names_by_customer = (
        staticmethod(ids_by_chat),
        staticmethod(names_by_customer),
    )


def register_group_lists(
    *,
    by_customer: Callable[..., dict[int, list[Any]]],
    open_list: Callable[..., QuerySet[Any]],
    members: Callable[..., dict[int, list[int]]],
    by_id: Callable[..., dict[int, Any]],
) -> None:
    """`by_customer(tenant_id=, customer_ids=) -> {customer id: [group]}`, `open_list(tenant_id=) -> groups`,
    `members(tenant_id=, group_ids=) -> {group id: [customer id]}`, `by_id(tenant_id=, group_ids=) -> {id: group}`; a
    group has pk and name."""
    _Groups.by_customer, _Groups.open_list, _Groups.members, _Groups.by_id = (
        staticmethod(by_customer),
        staticmethod(open_list),
        staticmethod(members),
        staticmethod(by_id),
    )


def group_known(*, tenant_id: int, group_id: int) -> bool:
    """Whether this is one of the company's groups, planned ones and those that are over among them."""
    return _Groups.by_id is not None and group_id in _Groups.by_id(tenant_id=tenant_id, group_ids=[group_id])


def register_group_payments(*, choices: list[tuple[str, Any]], people: Callable[..., QuerySet[Any]]) -> None:
    """`choices`: how people pay to get into groups; `people(tenant_id=, bases=) -> query of customer ids` in them."""
    _Groups.payments, _Groups.paid = list(choices), staticmethod(people)


def group_payments() -> list[tuple[str, Any]]:
    """How people pay to get into groups: (value, label)."""
    return _Groups.payments


def people_by_payment(*, tenant_id: int, bases: list[str]) -> QuerySet[Any]:
    """A query of ids: who sits now in a group that was paid for in one of these ways, each person's own record."""
    if _Groups.paid is None:
        return Customer.objects.none().values("pk")
    return _Groups.paid(tenant_id=tenant_id, bases=bases)


def group_ids_by_chat(*, tenant_id: int, chat_ids: set[str]) -> dict[str, int]:
    """{chat_id: group id} of the groups known; an unknown chat is absent."""
    if not chat_ids or _Groups.ids_by_chat is None:
        return {}
    return _Groups.ids_by_chat(tenant_id=tenant_id, chat_ids=sorted(chat_ids))


def group_names(*, tenant_id: int, customer_ids: list[int]) -> dict[int, list[str]]:
    """{customer id: names of the groups the person sits in}; absent when in none."""
    if not customer_ids or _Groups.names_by_customer is None:
        return {}
    return _Groups.names_by_customer(tenant_id=tenant_id, customer_ids=customer_ids)


def present_groups(*, tenant_id: int, customer_ids: list[int]) -> dict[int, list[Any]]:
    """{customer id: the groups the person sits in now}; absent when in none."""
    return (
        {}
        if _Groups.by_customer is None
        else _Groups.by_customer(tenant_id=tenant_id, customer_ids=customer_ids)
    )


def groups_of(*, tenant_id: int, customer_id: int) -> list[Any]:
    """The groups one person sits in now."""
    return present_groups(tenant_id=tenant_id, customer_ids=[customer_id]).get(customer_id, [])


def groups_of_all(*, tenant_id: int, customer_ids: list[int]) -> list[Any]:
    """The groups that any of these records sits in now, each once."""
    told = present_groups(tenant_id=tenant_id, customer_ids=customer_ids)
    return list({group.pk: group for one in customer_ids for group in told.get(one, [])}.values())


def groups_for_choice(*, tenant_id: int) -> list[tuple[int, str]]:
    """(id, name) of the groups a list can be narrowed to."""
    if _Groups.open_list is None:
        return []
    found = _Groups.open_list(tenant_id=tenant_id).values_list("pk", "name")
    return [(pk, name or str(pk)) for pk, name in found]


def groups_open(*, tenant_id: int) -> list[Any]:
    """Every group that is not over; each has pk, name and chat_id."""
    return [] if _Groups.open_list is None else list(_Groups.open_list(tenant_id=tenant_id))


def members_of_groups(*, tenant_id: int, group_ids: list[int]) -> dict[int, list[int]]:
    """{group id: customers who sit in it now}."""
    if _Groups.members is None or not group_ids:
        return {}
    return _Groups.members(tenant_id=tenant_id, group_ids=group_ids)


def member_ids(*, tenant_id: int, group_id: int) -> list[int]:
    """Customers who sit in a group now."""
    if _Groups.members is None:
        return []
    return _Groups.members(tenant_id=tenant_id, group_ids=[group_id]).get(group_id, [])


def customer_get(*, tenant_id: int, customer_id: int) -> Customer:
    """Raises Customer.DoesNotExist, also for another tenant's id."""
    return Customer.objects.get(tenant_id=tenant_id, pk=customer_id)


def customer_by_external(*, tenant_id: int, app_id: int, external_userid: str) -> Customer | None:
    """The customer whom one app knows by this id, or None."""
    return Customer.objects.filter(
        tenant_id=tenant_id, app_id=app_id, external_userid=external_userid
    ).first()


def follow_of(*, tenant_id: int, customer_id: int, staff_id: int) -> Follow | None:
    """The live tie of the two, or None."""
    return Follow.objects.filter(
        tenant_id=tenant_id, customer_id=customer_id, staff_id=staff_id, state__in=LIVE_FOLLOWS
    ).first()


def customer_ids_by_external(*, tenant_id: int, external_userids: Iterable[str]) -> dict[str, int]:
    """{external_userid: customer id}. An id known to several apps means the first app's customer."""
    rows = Customer.objects.filter(tenant_id=tenant_id, external_userid__in=list(external_userids))
    return dict(rows.order_by("-app_id").values_list("external_userid", "pk"))


def externals_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[str, list[int]]:
    """{external_userid: records of these that have it}: several apps may know one person by one id. One query."""
    found: dict[str, list[int]] = {}
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids))
    for userid, pk in rows.values_list("external_userid", "pk"):
        found.setdefault(userid, []).append(pk)
    return found


def customers_by_external(*, tenant_id: int, external_userids: Iterable[str]) -> dict[str, Customer]:
    """{external_userid: customer}. An id known to several apps means the first app's customer."""
    rows = Customer.objects.filter(tenant_id=tenant_id, external_userid__in=set(external_userids))
    return {row.external_userid: row for row in rows.order_by("-app_id")}


def customer_ids_by_union(*, tenant_id: int, unionids: Iterable[str]) -> dict[str, int]:
    """{unionid: customer id}, the oldest where several apps know the person."""
    wanted = [one for one in unionids if one]
    rows = Customer.objects.filter(tenant_id=tenant_id, unionid__in=wanted)
    return dict(rows.order_by("-pk").values_list("unionid", "pk")) if wanted else {}


def customer_ids_known(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those of the ids that are this tenant's customers."""
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids))
    return set(rows.values_list("pk", flat=True))


def customer_names(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, str]:
    """{customer id: name}; "" for a person without a name."""
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids))
    return dict(rows.values_list("pk", "name"))


def customer_list(
    *,
    tenant_id: int,
    text: str = "",
    tag_id: int | None = None,
    staff_id: int | None = None,
    channel_id: int | None = None,
    added: int | None = None,
    buyer: bool | None = None,
    opted_out: bool | None = None,
    among: QuerySet[Customer] | None = None,
) -> QuerySet[Customer]:
    """People, each once, newest first: of merged records the one that stands for the person, found by any of them.

    `text` searches name and remark, or matches an exact WeCom id; `added` is an AddWay. `among` narrows a list that
    was made here before.
    """
    found = Customer.objects.filter(tenant_id=tenant_id, person=None) if among is None else among
    if text:
        found = found.filter(_told_by(tenant_id, text))
    if tag_id is not None:
        found = found.filter(_held(CustomerTag.objects.filter(tenant_id=tenant_id, tag_id=tag_id)))
    if staff_id is not None:
        live = Follow.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state__in=LIVE_FOLLOWS)
        found = found.filter(_held(live))
    if channel_id is not None:
        befriended = Follow.objects.filter(tenant_id=tenant_id, channel_id=channel_id)
        found = found.filter(
            _held(befriended, group_entries(tenant_id=tenant_id).filter(channel_id=channel_id))
        )
    if added is not None:
        found = found.filter(_held(Follow.objects.filter(tenant_id=tenant_id, add_way=added)))
    if buyer is not None:
        bought = _held(_paid(tenant_id))
        found = found.filter(bought if buyer else ~bought)
    if opted_out is not None:
        merged = Customer.objects.filter(tenant_id=tenant_id, person__isnull=False, opt_out_at__isnull=False)
        out = Q(opt_out_at__isnull=False) | Q(pk__in=merged.values("person_id"))
        found = found.filter(out if opted_out else ~out)
    return found.order_by("-first_seen_at", "-pk")


FEW = 200


def _told_by(tenant_id: int, text: str) -> Q:
    """Whose name or remark holds the text, or whose WeCom id it is. One query now; what it finds few of, names or
    remarks, counting and showing need not search again.

    A search for a part of a name reads every row: no index serves it under row-level security.
    """
    within = _within(text)
    is_named = Q(**{f"name__{within}": text}) | Q(external_userid=text)
    named = Customer.objects.filter(is_named, tenant_id=tenant_id)
    remarked = Follow.objects.filter(tenant_id=tenant_id, **{f"remark__{within}": text})
    by_name, by_remark = _few(named, remarked)
    wanted = is_named | Q(pk__in=named.filter(person__isnull=False).values("person_id"))
    if by_name is not None:
        wanted = Q(pk__in=by_name)
    return wanted | (_held(remarked) if by_remark is None else Q(pk__in=by_remark))


def _few(named: QuerySet[Customer], remarked: QuerySet[Follow]) -> tuple[set[int] | None, set[int] | None]:
    """The people of these records, and of these ties; None for either where there are many. One query."""
    people = named.order_by().values_list(Value(0), Coalesce("person_id", "pk"))
    tied = remarked.order_by().values_list(Value(1), Coalesce("customer__person_id", "customer_id"))
    found = list(people[: FEW + 1].union(tied[: FEW + 1], all=True))
    both = [{pk for which, pk in found if which == wanted} for wanted in (0, 1)]
    counted = [sum(which == wanted for which, _pk in found) for wanted in (0, 1)]
    by_name, by_remark = (some if n <= FEW else None for some, n in zip(both, counted, strict=True))
    return by_name, by_remark


def customers_named(*, tenant_id: int, text: str) -> QuerySet | list[int]:
    """Records whose name holds the text, to narrow a list of theirs: their ids where they are few, else as a query."""
    rows = Customer.objects.filter(**{"tenant_id": tenant_id, f"name__{_within(text)}": text})
    few = list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])
    return few if len(few) <= FEW else rows.values("pk")


def _within(text: str) -> str:
    """How a part of a name is looked for. Folding the case of every row costs several times the comparison; Chinese
    and digits have none to fold."""
    return "icontains" if text.upper() != text.lower() else "contains"


def _held(*tables: QuerySet[Any]) -> Q:
    """Of whom some record is in these rows, of tables with a `customer`.

    One set of records, to which the persons of the merged ones are added: with an "or" the database asks every person
    of the company, and the person of each record costs as much as the record itself.
    """
    parts = []
    for rows in tables:
        records = rows.filter(customer__isnull=False).order_by()
        merged = records.filter(customer__person__isnull=False)
        parts += [records.values("customer_id"), merged.values("customer__person_id")]
    return Q(pk__in=parts[0].union(*parts[1:], all=True))


LIVE_FOLLOWS = (FollowState.HALF, FollowState.FULL)


def _paid(tenant_id: int) -> QuerySet[Order]:
    return Order.objects.filter(tenant_id=tenant_id, state=OrderState.PAID)


def buyers_in(
    *,
    tenant_id: int,
    customer_ids: Iterable[int],
    since: datetime | None = None,
    until: datetime | None = None,
) -> set[int]:
    """Those who have a paid, not refunded order placed in [since, until), with whatever record of theirs. One query."""
    orders = _paid(tenant_id)
    if since is not None:
        orders = orders.filter(ordered_at__gte=since)
    if until is not None:
        orders = orders.filter(ordered_at__lt=until)
    bought = (
        Q(Exists(orders.filter(customer=OuterRef("pk"))))
        | Q(Exists(orders.filter(customer=OuterRef("person_id"))))
        | Q(Exists(orders.filter(customer__person=Coalesce(OuterRef("person_id"), OuterRef("pk")))))
    )
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=ids_of(set(customer_ids))).filter(bought)
    return set(rows.values_list("pk", flat=True))


def paid_orders(*, tenant_id: int, customer_ids: Iterable[int]) -> QuerySet[Order]:
    """Their paid, not refunded orders, in no order."""
    return _paid(tenant_id).filter(customer_id__in=set(customer_ids))


def opted_out_in(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those who want no marketing; said with one record it holds for every record of the person."""
    rows = Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids))
    out = Customer.objects.filter(tenant_id=tenant_id, opt_out_at__isnull=False)
    same = out.filter(person=Coalesce(OuterRef("person_id"), OuterRef("pk")))
    said = Q(opt_out_at__isnull=False) | Q(person__opt_out_at__isnull=False) | Q(Exists(same))
    return set(rows.filter(said).values_list("pk", flat=True))


def behaviours_in(
    *,
    tenant_id: int,
    since: datetime | None = None,
    until: datetime | None = None,
    kinds: Iterable[str] | None = None,
) -> QuerySet[Behaviour]:
    """The stream of everybody in [since, until), in no order: to narrow further, or to count within another query."""
    found = Behaviour.objects.filter(tenant_id=tenant_id)
    if since is not None:
        found = found.filter(occurred_at__gte=since)
    if until is not None:
        found = found.filter(occurred_at__lt=until)
    return found if kinds is None else found.filter(kind__in=list(kinds))


def behaviours_for(
    *,
    tenant_id: int,
    customer_ids: Iterable[int],
    since: datetime | None = None,
    until: datetime | None = None,
    kinds: Iterable[str] | None = None,
) -> QuerySet[Behaviour]:
    """The stream of these people in [since, until), by person and time, then id: a stable order."""
    found = behaviours_in(tenant_id=tenant_id, since=since, until=until, kinds=kinds)
    return found.filter(customer_id__in=ids_of(customer_ids)).order_by("customer_id", "occurred_at", "pk")


def orders_for(
    *, tenant_id: int, customer_ids: Iterable[int], since: datetime | None = None
) -> QuerySet[Order]:
    """Orders of these people, newest first; refunded ones too, their state says so."""
    found = Order.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    if since is not None:
        found = found.filter(ordered_at__gte=since)
    return found.order_by("-ordered_at", "-pk")


def follows_of(*, tenant_id: int, customer_ids: Iterable[int]) -> QuerySet[Follow]:
    """Ties of these people to staff, live ones first."""
    rows = Follow.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    return rows.select_related("staff").order_by("customer_id", "ended_at", "followed_at", "pk")


def follow_staff_ids(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[int]]:
    """{customer id: staff ids of live ties, the oldest first}."""
    rows = Follow.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), state__in=LIVE_FOLLOWS
    ).order_by("followed_at", "pk")
    found: dict[int, list[int]] = {}
    for customer_id, staff_id in rows.values_list("customer_id", "staff_id"):
        found.setdefault(customer_id, []).append(staff_id)
    return found


def is_followed_by(*, tenant_id: int, customer_id: int, staff_id: int) -> bool:
    """Whether the customer is a live friend of the staff member."""
    return Follow.objects.filter(
        tenant_id=tenant_id, customer_id=customer_id, staff_id=staff_id, state__in=LIVE_FOLLOWS
    ).exists()


def tags_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """{customer id: tag names, each once}."""
    rows = CustomerTag.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), tag__deleted_at=None
    ).order_by("tag__name")
    found: dict[int, list[str]] = {}
    for customer_id, name in rows.values_list("customer_id", "tag__name").distinct():
        found.setdefault(customer_id, []).append(name)
    return found


def tagged_ids(*, tenant_id: int, name: str) -> QuerySet:
    """Ids of the customers who carry a tag of this name, to narrow another query."""
    rows = CustomerTag.objects.filter(tenant_id=tenant_id, tag__name=name, tag__deleted_at=None)
    return rows.values("customer_id")


def last_active_at(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, datetime]:
    """{customer id: when the person last did something}; joining and leaving groups do not count."""
    rows = (
        Behaviour.objects.filter(tenant_id=tenant_id, customer_id__in=set(customer_ids))
        .exclude(kind__in=(BehaviourKind.JOIN, BehaviourKind.LEAVE))
        .values("customer_id")
        .annotate(last=Max("occurred_at"))
    )
    return {row["customer_id"]: row["last"] for row in rows}


def spent_fen(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, int]:
    """{customer id: paid and not refunded, in fen}; absent means never bought."""
    rows = (
        _paid(tenant_id)
        .filter(customer_id__in=set(customer_ids))
        .values("customer_id")
        .annotate(paid=Sum("amount_fen"), back=Sum("refund_fen"))
    )
    return {row["customer_id"]: (row["paid"] or 0) - (row["back"] or 0) for row in rows}


def spent_of(orders: Iterable[Order]) -> int | None:
    """What these orders say was paid and not given back, in fen; None: none of them is paid."""
    paid = [one for one in orders if one.state == OrderState.PAID]
    return sum((one.amount_fen or 0) - (one.refund_fen or 0) for one in paid) if paid else None


def follow_staff_names(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """{customer id: names of the staff who are friends, the oldest tie first}."""
    rows = Follow.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), state__in=LIVE_FOLLOWS
    ).select_related("staff")
    found: dict[int, list[str]] = {}
    for row in rows.order_by("followed_at", "pk"):
        found.setdefault(row.customer_id, []).append(str(row.staff))
    return found


def tag_list(*, tenant_id: int) -> QuerySet[Tag]:
    """Live tags by group and name."""
    return (
        Tag.objects.filter(tenant_id=tenant_id, deleted_at=None)
        .select_related("group")
        .order_by("group__sort", "group__name", "name")
    )


def tags_live(*, tenant_id: int, app_id: int) -> dict[str, str]:
    """{WeCom's tag id: name} of the corp tags of one app that exist there."""
    rows = Tag.objects.filter(tenant_id=tenant_id, app_id=app_id, deleted_at=None)
    return dict(rows.values_list("tag_id", "name"))


def customer_count(*, tenant_id: int) -> int:
    """People known, each once however many records or groups; a customer is never a staff member."""
    return Customer.objects.filter(tenant_id=tenant_id, person=None).count()


def live_follow_counts(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, int]:
    """{staff id: customers who are friends}; absent means none. `staff_ids` None: of all staff."""
    rows = Follow.objects.filter(tenant_id=tenant_id, state__in=LIVE_FOLLOWS)
    if staff_ids is not None:
        rows = rows.filter(staff_id__in=set(staff_ids))
    counted = rows.values("staff_id").annotate(
        people=Count("*")
    )  # of rows, not of ids: the index alone tells it
    return {row["staff_id"]: row["people"] for row in counted}
