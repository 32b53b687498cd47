"""The mass-send limit as it is used (R114): the stated rules, what each receiver got, what is left."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Count, QuerySet

from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import QuotaRule, QuotaRuleSource, QuotaSource
from wecom.errors import QuotaRuleInvalid
from wecom.models import QuotaEntry, QuotaRuleChange
from wecom.sending.quota import RuleFrom, Window, window_for

LIMIT_MOST = 1000
_USE = """
insert into wecom_quotaentry
  (tenant_id, receiver_kind, receiver_id, local_date, source, vendor_msgid, created_at)
select %s, %s, receiver, day, %s, key, %s
from unnest(%s::text[], %s::date[], %s::text[]) as t(receiver, day, key)
on conflict do nothing
"""


def quota_rules(*, tenant_id: int) -> list[RuleFrom]:
    """The stated rules, oldest first. One query."""
    rows = QuotaRuleChange.objects.filter(tenant_id=tenant_id).order_by("effective_from")
    return [RuleFrom(row.rule, row.effective_from, row.limit) for row in rows]


def quota_rule_list(*, tenant_id: int) -> QuerySet[QuotaRuleChange]:
    """The stated rules, newest first."""
    return QuotaRuleChange.objects.filter(tenant_id=tenant_id).order_by("-effective_from")


def quota_window(*, tenant_id: int, day: date) -> Window:
    """The window WeCom counts mass sends in on a local day, by the tenant's rules. One query."""
    return window_for(quota_rules(tenant_id=tenant_id), day)


def quota_left(
    *,
    tenant_id: int,
    receiver_kind: str,
    receiver_ids: Collection[str],
    day: date,
    rules: list[RuleFrom] | None = None,
) -> dict[str, int]:
    """How many more mass sends each receiver may get in the window of the local `day`; never below 0.

    Two queries, whatever the number of receivers; one where the tenant's `rules` are at hand.
    """
    window = window_for(quota_rules(tenant_id=tenant_id) if rules is None else rules, day)
    entries = QuotaEntry.objects.filter(
        tenant_id=tenant_id,
        receiver_kind=receiver_kind,
        receiver_id__in=list(receiver_ids),
        local_date__range=(window.first, window.last),
    )
    used = dict(
        entries.order_by().values("receiver_id").annotate(n=Count("pk")).values_list("receiver_id", "n")
    )
    return {one: max(0, window.limit - used.get(one, 0)) for one in receiver_ids}


@dataclass(frozen=True)
class QuotaFigures:
    """A tenant's window as a whole: sends counted by source, receivers that got any and that have none left."""

    window: Window
    by_company: int
    by_members: int
    receivers: int
    used_up: int


def quota_figures(*, tenant_id: int, day: date) -> QuotaFigures:
    """How much of the limit the window of `day` has used. Two queries."""
    window = quota_window(tenant_id=tenant_id, day=day)
    with connection.cursor() as cursor:
        cursor.execute(
            """select coalesce(sum(company), 0), coalesce(sum(members), 0), count(*),
                      count(*) filter (where company + members >= %s)
               from (select count(*) filter (where source = 'corp') as company,
                            count(*) filter (where source <> 'corp') as members
                     from wecom_quotaentry where tenant_id = %s and local_date between %s and %s
                     group by receiver_kind, receiver_id) used""",
            [window.limit, tenant_id, window.first, window.last],
        )
        row = cursor.fetchone()
    return QuotaFigures(window, *map(int, row))


def quota_rule_state(
    *, tenant: Tenant, rule: str, effective_from: date, actor: Actor, limit: int | None = None
) -> QuotaRuleChange:
    """State which rule WeCom counts by from a local day on; the same day again replaces it.

    Raises QuotaRuleInvalid, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if rule not in QuotaRule.values or (limit is not None and not 1 <= limit <= LIMIT_MOST):
        raise QuotaRuleInvalid
    with transaction.atomic():
        before = QuotaRuleChange.objects.filter(tenant=tenant, effective_from=effective_from).first()
        row, _made = QuotaRuleChange.objects.update_or_create(
            tenant=tenant,
            effective_from=effective_from,
            defaults={"rule": rule, "limit": limit, "source": QuotaRuleSource.STATED},
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.quota_rule.stated",
            target=row,
            changes={"rule": [_words(before), _words(row)]},
        )
    return row


def quota_rule_forget(*, tenant: Tenant, change_id: int, actor: Actor) -> None:
    """Take back a statement that was wrong. Raises NotPermitted. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = QuotaRuleChange.objects.select_for_update().filter(tenant=tenant, pk=change_id).first()
        if row is None:
            return
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.quota_rule.forgotten",
            target=row,
            changes={"rule": [_words(row), ""]},
        )
        row.delete()


def _words(row: QuotaRuleChange | None) -> str:
    if row is None:
        return ""
    return " ".join(str(part) for part in (row.rule, row.limit, row.effective_from) if part is not None)


def quota_use(
    *,
    tenant_id: int,
    receiver_kind: str,
    receiver_ids: Iterable[str],
    day: date,
    vendor_msgid: str,
    source: str = QuotaSource.CORP,
) -> int:
    """Write one use of WeCom's mass-send limit per receiver, in the caller's transaction.

    `day` is the tenant's local date. Safe to repeat with the same vendor_msgid (or any stable key of the send).
    Returns how many receivers were given.
    """
    receivers = sorted(set(receiver_ids))
    quota_use_many(
        tenant_id=tenant_id,
        receiver_kind=receiver_kind,
        uses=[(one, vendor_msgid) for one in receivers],
        day=day,
        source=source,
    )
    return len(receivers)


def quota_use_many(
    *,
    tenant_id: int,
    receiver_kind: str,
    uses: Iterable[tuple[str, str]],
    day: date,
    source: str = QuotaSource.CORP,
) -> None:
    """`quota_use` for many sends at once: `uses` are (receiver id, vendor_msgid or the send's own key)."""
    quota_note(
        tenant_id=tenant_id,
        receiver_kind=receiver_kind,
        uses=[(receiver, day, key) for receiver, key in uses],
        source=source,
    )


def quota_note(
    *, tenant_id: int, receiver_kind: str, uses: Iterable[tuple[str, date, str]], source: str
) -> None:
    """The same with a local day for each: (receiver id, day, vendor_msgid). One statement, in key order, so that
    two callers wait for each other instead of locking each other out. Safe to repeat."""
    rows = sorted(set(uses))
    if not rows:
        return
    receivers, days, keys = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_USE, [tenant_id, receiver_kind, source, clock.now(), receivers, days, keys])


def quota_return(
    *, tenant_id: int, vendor_msgids: Iterable[str], receiver_ids: Collection[str] | None = None
) -> int:
    """Give back what sends that never happened had used, by the keys they used it under; of some receivers only
    when those are named.

    Safe to repeat. Returns how many entries.
    """
    rows = QuotaEntry.objects.filter(tenant_id=tenant_id, vendor_msgid__in=list(vendor_msgids))
    if receiver_ids is not None:
        rows = rows.filter(receiver_id__in=list(receiver_ids))
    return rows.delete()[0]


def quota_days(
    *,
    tenant_id: int,
    receiver_kind: str,
    first: date,
    last: date,
    receiver_ids: Collection[str] | QuerySet | None = None,
) -> dict[str, dict[date, dict[str, int]]]:
    """{receiver: {local day: {source: mass sends}}} of the days [first, last]; None: of every receiver. One query.

    `receiver_ids` may be a query of one column: of very many.
    """
    rows = QuotaEntry.objects.filter(
        tenant_id=tenant_id, receiver_kind=receiver_kind, local_date__range=(first, last)
    )
    if receiver_ids is not None:
        rows = rows.filter(
            receiver_id__in=receiver_ids if isinstance(receiver_ids, QuerySet) else list(receiver_ids)
        )
    found: dict[str, dict[date, dict[str, int]]] = {}
    counted = rows.order_by().values("receiver_id", "local_date", "source").annotate(n=Count("pk"))
    for receiver, day, source, n in counted.values_list("receiver_id", "local_date", "source", "n"):
        found.setdefault(receiver, {}).setdefault(day, {})[source] = n
    return found
