"""Thanks before the group (R130): written with ready words, said by a person, suggested where they are due.

WeCom gives no system a way to speak in a customer group; a thank-you counts once somebody says that it was said.
"""

from datetime import timedelta

from django.db import transaction
from django.urls import reverse

from groups.enums import CULTURE_DAYS, LIVE_STATES, ThanksFor, ThanksState
from groups.errors import ThanksInvalid
from groups.models import Group, Member, Thanks
from groups.selectors.culture import Lack, groups_lacking_thanks
from groups.services.setup import locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import work_items_of
from team.services import work_item_close, work_item_put, work_items_close, work_items_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_count

SAY, LACK = "groups.thanks", "groups.culture"
REST = timedelta(days=7)  # a suggestion that somebody closed does not come back sooner


def thanks_write(
    *,
    tenant: Tenant,
    group_id: int,
    customer_id: int,
    reason: str,
    words: str,
    actor: Actor,
    is_said: bool = False,
) -> Thanks:
    """Thank a member of the group. Not said yet, its words stand before the owner; `is_said`: it was said already.

    Safe to repeat within a local day: one thanks a person, reason and day. Raises ThanksInvalid, GroupUnknown,
    NotPermitted.
    """
    require(actor, Permission.WORK)
    said = words.strip()
    if reason not in ThanksFor.values or not said or len(said) > 300:
        raise ThanksInvalid
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        seats = Member.objects.filter(tenant=tenant, group=group, left_at=None, is_staff=False)
        if not seats.filter(customer_id=customer_id).exists():
            raise ThanksInvalid
        now = clock.now()
        row, is_new = Thanks.objects.select_for_update(of=("self",)).get_or_create(
            tenant=tenant, group=group, customer_id=customer_id, reason=reason,
            day=clock.local_date(now, tenant.timezone),
            defaults={"words": said, "made_at": now, "made_by": actor.name[:128]},
        )  # fmt: skip
        if not is_new and row.state != ThanksState.DROPPED:
            return row
        if not is_new:
            row.words, row.state, row.made_at, row.made_by = said, ThanksState.OPEN, now, actor.name[:128]
            row.save(update_fields=["words", "state", "made_at", "made_by"])
        row.group = group
        _record(tenant, row, "groups.thanks.written", actor)
        if is_said:
            _set(row, ThanksState.SAID, by=actor.name)
            _record(tenant, row, "groups.thanks.said", actor)
        else:
            _ask(tenant, row)
    return row


def thanks_settle(
    *, tenant: Tenant, thanks_id: int, is_said: bool, actor: Actor, from_item: bool = False
) -> Thanks:
    """It was said before the group, or was not after all. Safe to repeat. `from_item`: told on the work item itself.

    Raises Thanks.DoesNotExist, ThanksInvalid for one that was dropped, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, thanks_id)
        wanted = ThanksState.SAID if is_said else ThanksState.OPEN
        if row.state == wanted:
            return row
        if row.state == ThanksState.DROPPED:
            raise ThanksInvalid
        _set(row, wanted, by=actor.name)
        _record(tenant, row, "groups.thanks.said" if is_said else "groups.thanks.unsaid", actor)
        if is_said:
            work_item_close(
                tenant_id=tenant.pk, source_kind=SAY, source_id=row.pk, state=WorkState.DONE, by=actor.name
            )
        elif not from_item:
            _ask(tenant, row)
    return row


def thanks_drop(*, tenant: Tenant, thanks_id: int, actor: Actor) -> Thanks:
    """It will not be said; it counts nowhere. Safe to repeat. Raises Thanks.DoesNotExist, NotPermitted."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, thanks_id)
        if row.state == ThanksState.DROPPED:
            return row
        _set(row, ThanksState.DROPPED, by="")
        work_item_close(
            tenant_id=tenant.pk, source_kind=SAY, source_id=row.pk, state=WorkState.CANCELLED, by=actor.name
        )
        _record(tenant, row, "groups.thanks.dropped", actor)
    return row


def culture_bring_up(*, tenant: Tenant) -> int:
    """Suggest to owners where thanks are due: only sanctions in 30 days, or deeds that nobody thanked for.

    Returns how many groups ask. Safe to repeat: one suggestion a group, closed by itself once thanks are written, and
    not brought up again for a week after somebody closed it. Nine statements whatever the number of groups.
    """
    rows = Group.objects.filter(
        tenant=tenant, state__in=LIVE_STATES, dismissed_at=None, owner__isnull=False, frozen_at=None
    )
    groups = {row.pk: row for row in rows.order_by("pk")}
    with transaction.atomic():
        lacking = groups_lacking_thanks(tenant_id=tenant.pk, group_ids=list(groups))
        items = work_items_of(tenant_id=tenant.pk, source_kind=LACK, source_ids=groups)
        now = clock.now()
        asked = {
            pk: lack
            for pk, lack in lacking.items()
            if (item := items.get(pk)) is None
            or item.waits
            or not item.done_by
            or (item.done_at is not None and now - item.done_at >= REST)
        }
        if asked:
            work_items_put(
                tenant_id=tenant.pk, source_kind=LACK,
                items={pk: _suggestion(tenant, groups[pk], lack) for pk, lack in asked.items()},
            )  # fmt: skip
        over = [pk for pk, item in items.items() if item.waits and pk not in asked]
        if over:
            work_items_close(tenant_id=tenant.pk, source_kind=LACK, source_ids=over, state=WorkState.DONE)
    return len(asked)


def _suggestion(tenant: Tenant, group: Group, lack: Lack) -> dict[str, object]:
    """The owner's item. It names nobody: whoever is erased stands in no list."""
    if lack.balance.only_polices:
        count = lack.balance.sanctions
        reason = say_count(
            "%(n)s sanction and no thanks in %(days)s days",
            "%(n)s sanctions and no thanks in %(days)s days",
            count,
        ) % {"n": count, "days": CULTURE_DAYS}
    else:
        reason = say_count(
            "%(n)s deed for the group, and nobody said thanks", "%(n)s deeds for the group, and nobody said thanks",
            lack.due,
        ) % {"n": lack.due}  # fmt: skip
    return {
        "staff_id": group.owner_id, "group_id": group.pk, "kind": WorkKind.CHECK, "bucket": Bucket.SUGGEST,
        "title": say("Thank somebody in %(group)s") % {"group": group},
        "detail": say("A thank-you is said before the group, a reminder in private."),
        "reason": reason, "rule_code": "R130",
        "url": f"{_place(tenant, group)}#h-thanks", "verb_label": say("See whom to thank"),
    }  # fmt: skip


def _place(tenant: Tenant, group: Group) -> str:
    return f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=culture"


def _ask(tenant: Tenant, row: Thanks) -> None:
    work_item_put(
        tenant_id=tenant.pk, source_kind=SAY, source_id=row.pk, staff_id=row.group.owner_id,
        group_id=row.group_id, kind=WorkKind.CHECK, bucket=Bucket.REMIND,
        title=say("Thank %(name)s in %(group)s") % {"name": row.customer, "group": row.group},
        detail=say("Say it before the whole group; then say here that it was said."), script=row.words,
        reason=say("For: %(what)s") % {"what": ThanksFor(row.reason).label}, rule_code="R130",
        url=_place(tenant, row.group), verb_label=say("See the thanks"), state=WorkState.OPEN,
    )  # fmt: skip


def _set(row: Thanks, state: str, *, by: str) -> None:
    is_said = state == ThanksState.SAID
    row.state = state
    row.said_at, row.said_by = (clock.now(), by[:128]) if is_said else (None, "")
    row.save(update_fields=["state", "said_at", "said_by"])


def _locked(tenant: Tenant, thanks_id: int) -> Thanks:
    rows = Thanks.objects.select_for_update(of=("self",)).select_related("group", "customer")
    return rows.get(tenant=tenant, pk=thanks_id)


def _record(tenant: Tenant, row: Thanks, verb: str, actor: Actor) -> None:
    changes = {"thanked": [None, str(row.customer)], "thanks_for": [None, row.reason]}
    audit.record(tenant=tenant, actor=actor, verb=verb, target=row.group, changes=changes)
