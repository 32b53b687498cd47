"""Norms that members make (R130): noted in a member's words, asked before the group, agreed by its members.

WeCom gives no system a way to speak in a customer group, so the owner posts the question. Answers are heard through the
message archive or an imported chat, or told by a colleague who read them.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.urls import reverse

from contacts.selectors import customer_ids_by_external
from groups.enums import NORM_DAYS, NORM_HEAD, NORM_PEOPLE, NORM_PERCENT, NormState
from groups.errors import AnswerInvalid, NormBusy, NormInvalid, ReasonNeeded
from groups.models import Group, Member, Norm, NormVoice
from groups.policies.culture import ask_words, is_agreed, told, untold, voice, yes_needed
from groups.selectors.culture import voices_counted
from groups.selectors.violations import norms_agreed
from groups.services.fixes import fitting
from groups.services.setup import group_edit_plan, locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import audit, clock, preferences
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say
from wecom.archive.selectors import (
    is_talk,
    messages_by_id,
    room_days,
    room_talk_between,
    rooms_heard_between,
)
from wecom.archive.texts import plain_text

ASK = "groups.norm"
SPOKE_DAYS = 14
PLACES = ("welcome", "announcement")


def norm_add(
    *, tenant: Tenant, group_id: int, customer_id: int, text: str, actor: Actor, said: str = ""
) -> Norm:
    """Note what a member of the group proposes. Safe to repeat: the same text stands once in a group.

    Raises NormInvalid for somebody who does not sit in the group or without a text, GroupUnknown, NotPermitted.
    """
    require(actor, Permission.WORK)
    words = " ".join(text.split())
    if not words or len(words) > 120:
        raise NormInvalid
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        if not _sits(group, [customer_id]):
            raise NormInvalid
        known = (
            Norm.objects.filter(tenant=tenant, group=group, text=words)
            .exclude(state=NormState.DROPPED)
            .first()
        )
        if known is not None:
            return known
        row = Norm.objects.create(
            tenant=tenant, group=group, customer_id=customer_id, text=words, said=said.strip()[:300],
            added_at=clock.now(), added_by=actor.name[:128],
        )  # fmt: skip
        _record(tenant, row, "groups.norm.proposed", actor, {"norm": [None, words]})
    return row


def norm_ask(*, tenant: Tenant, norm_id: int, actor: Actor) -> Norm:
    """Have the group asked: the owner gets the words, and what members answer counts from now on. Safe to repeat.

    What was asked before, or is kept no more, can be asked again; answers of before stay. Raises NormBusy while the
    group is asked about another, NormInvalid for what is agreed, Norm.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row, group = _locked(tenant, norm_id)
        now = clock.now()
        if row.state == NormState.ASKED and row.until is not None and now < row.until:
            return row
        if row.state == NormState.AGREED:
            raise NormInvalid
        own = preferences.values(tenant.pk, NORM_PEOPLE, NORM_PERCENT, NORM_DAYS)
        _let_go(tenant, group, row, now)
        if row.state == NormState.DROPPED and _same_text(row):
            raise NormInvalid
        before, row.state = row.state, NormState.ASKED
        row.spoke = _spoke(group, now)
        row.needed = yes_needed(
            spoke=row.spoke, seated=_seated(group), least=own[NORM_PEOPLE.key], percent=own[NORM_PERCENT.key]
        )
        row.asked_at, row.asked_by, row.until = (
            now,
            actor.name[:128],
            now + timedelta(days=own[NORM_DAYS.key]),
        )
        row.dropped_at, row.dropped_by, row.drop_reason = None, "", ""
        row.save()
        _record(
            tenant, row, "groups.norm.asked", actor, {"state": [before, row.state], "norm": [None, row.text]}
        )
        _put(tenant, row)
    return row


def norm_voices_tell(
    *, tenant: Tenant, norm_id: int, customer_ids: Iterable[int], actor: Actor, is_yes: bool = True
) -> Norm:
    """A colleague read in the chat who said yes or no. Safe to repeat.

    Raises NormInvalid before the group was asked or for people who do not sit in it, Norm.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    wanted = set(customer_ids)
    with transaction.atomic():
        row, group = _locked(tenant, norm_id)
        if row.asked_at is None or row.state == NormState.DROPPED or not wanted or not _sits(group, wanted):
            raise NormInvalid
        now = clock.now()
        changed = _write(row, dict.fromkeys(wanted, (now, is_yes)), by=actor.name)
        if changed:
            _record(
                tenant,
                row,
                "groups.norm.voices",
                actor,
                {"people": [None, changed], "norm": [None, row.text]},
            )
        _judge(tenant, row, actor)
    return row


def norm_drop(*, tenant: Tenant, norm_id: int, reason: str, actor: Actor) -> Norm:
    """It is not, or no longer, what the group keeps to; its line in welcome and announcement goes. Safe to repeat.

    Raises ReasonNeeded, Norm.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        row, group = _locked(tenant, norm_id)
        if row.state == NormState.DROPPED:
            return row
        before, row.state = row.state, NormState.DROPPED
        row.dropped_at, row.dropped_by = clock.now(), actor.name[:128]
        row.drop_reason = reason.strip()[:200]
        row.save(update_fields=["state", "dropped_at", "dropped_by", "drop_reason"])
        _close(tenant, row, WorkState.CANCELLED)
        changes = {"state": [before, row.state], "norm": [row.text, None]}
        _record(tenant, row, "groups.norm.dropped", actor, changes, reason.strip())
        _take_out(tenant, group, row.text)
    return row


def norms_tell(*, tenant: Tenant, group_id: int, place: str, actor: Actor) -> list[str]:
    """Write the norms that stand nowhere yet under the welcome or the announcement. Returns them. Safe to repeat.

    Raises AnswerInvalid for another place, WordsTooLong, GroupUnknown, NotPermitted.
    """
    if place not in PLACES:
        raise AnswerInvalid
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        norms = norms_agreed(tenant_id=tenant.pk, group_id=group.pk)
        before = str(getattr(group, place))
        text = told(before, head=preferences.value(tenant.pk, NORM_HEAD), norms=norms)
        if text == before:
            return []
        group_edit_plan(tenant=tenant, group_id=group.pk, actor=actor, **{place: fitting(text, place)})
    return [one for one in norms if one not in before]


def norms_hear(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """Messages that were just archived or imported. Returns how many norms had somebody to hear.

    Safe to repeat and in any order: what was said while a norm was asked counts however late it arrives. Two queries
    while no group they were written in was asked.
    """
    rows = [
        row
        for row in messages_by_id(tenant_id=tenant_id, message_ids=message_ids)
        if row.room_id and is_talk(row)
    ]
    if not rows:
        return 0
    first, last = min(row.sent_at for row in rows), max(row.sent_at for row in rows)
    asked = Norm.objects.filter(
        tenant_id=tenant_id, group__app_id=app_id, group__chat_id__in={row.room_id for row in rows},
        asked_at__lte=last, until__gt=first,
    )  # fmt: skip
    ids = list(asked.order_by("pk").values_list("pk", flat=True))
    tenant = Tenant.objects.get(pk=tenant_id) if ids else None
    return sum(_hear(tenant, one) for one in ids) if tenant else 0


def _hear(tenant: Tenant, norm_id: int) -> bool:
    with transaction.atomic():
        row, group = _locked(tenant, norm_id)
        if row.asked_at is None or row.until is None:
            return False
        said: dict[str, tuple[datetime, bool]] = {}
        for one in room_talk_between(
            tenant_id=tenant.pk, room_id=group.chat_id, since=row.asked_at, until=row.until
        ):
            answer = voice(plain_text(one))
            if answer is not None:
                said[one.sender_id] = one.sent_at, answer
        if not said:
            return False
        seats = Member.objects.filter(
            tenant=tenant, group=group, userid__in=list(said), is_staff=False
        ).values_list("userid", flat=True)
        who = customer_ids_by_external(tenant_id=tenant.pk, external_userids=set(seats))
        _write(row, {who[userid]: said[userid] for userid in who}, by="")
        _judge(tenant, row, SYSTEM)
    return True


def _write(row: Norm, said: Mapping[int, tuple[datetime, bool]], *, by: str) -> int:
    """Keep the latest word of each; how many are new or changed. The norm is locked."""
    known = {one.customer_id: one for one in NormVoice.objects.filter(tenant_id=row.tenant_id, norm=row)}
    fresh, changed = [], []
    for customer_id, (at, is_yes) in sorted(said.items()):
        before = known.get(customer_id)
        if before is None:
            fresh.append(
                NormVoice(
                    tenant_id=row.tenant_id, norm=row, customer_id=customer_id, is_yes=is_yes, said_at=at,
                    told_by=by[:128],
                )
            )  # fmt: skip
        elif before.said_at < at and before.is_yes != is_yes:
            before.is_yes, before.said_at, before.told_by = is_yes, at, by[:128]
            changed.append(before)
    NormVoice.objects.bulk_create(fresh)
    NormVoice.objects.bulk_update(changed, ["is_yes", "said_at", "told_by"])
    return len(fresh) + len(changed)


def _judge(tenant: Tenant, row: Norm, actor: Actor) -> None:
    """Enough say yes: it is agreed. What is agreed stays so until somebody drops it."""
    yes, no = voices_counted(tenant_id=tenant.pk, norm_ids=[row.pk]).get(row.pk, (0, 0))
    if row.state != NormState.ASKED or not is_agreed(yes=yes, no=no, needed=row.needed):
        return
    row.state, row.agreed_at = NormState.AGREED, clock.now()
    row.save(update_fields=["state", "agreed_at"])
    _close(tenant, row, WorkState.DONE)
    changes = {"state": [NormState.ASKED, row.state], "norm": [None, row.text], "people": [None, yes]}
    _record(tenant, row, "groups.norm.agreed", actor, changes)


def _let_go(tenant: Tenant, group: Group, row: Norm, now: datetime) -> None:
    """Another norm whose time is over makes room: it is proposed again. Raises NormBusy while it is not over."""
    other = Norm.objects.filter(tenant=tenant, group=group, state=NormState.ASKED).exclude(pk=row.pk).first()
    if other is None:
        return
    if other.until is not None and now < other.until:
        raise NormBusy
    other.state = NormState.PROPOSED
    other.save(update_fields=["state"])
    _close(tenant, other, WorkState.CANCELLED)


def _same_text(row: Norm) -> bool:
    live = Norm.objects.filter(tenant_id=row.tenant_id, group_id=row.group_id, text=row.text)
    return live.exclude(pk=row.pk).exclude(state=NormState.DROPPED).exists()


def _take_out(tenant: Tenant, group: Group, text: str) -> None:
    """A line that we wrote goes; it names what the group keeps to no more."""
    head = preferences.value(tenant.pk, NORM_HEAD)
    changed = {place: untold(str(getattr(group, place)), head=head, norm=text) for place in PLACES}
    changed = {place: words for place, words in changed.items() if words != getattr(group, place)}
    if changed:
        group_edit_plan(tenant=tenant, group_id=group.pk, actor=SYSTEM, **changed)


def _locked(tenant: Tenant, norm_id: int) -> tuple[Norm, Group]:
    """The group first, as everywhere, then the norm: two answers at once are counted one after the other."""
    group_id = Norm.objects.values_list("group_id", flat=True).get(tenant=tenant, pk=norm_id)
    group = locked_group(tenant, group_id)
    row = (
        Norm.objects.select_for_update(of=("self",)).select_related("customer").get(tenant=tenant, pk=norm_id)
    )
    row.group = group
    return row, group


def _customers(group: Group) -> Any:
    return Member.objects.filter(tenant_id=group.tenant_id, group=group, left_at=None, is_staff=False)


def _sits(group: Group, customer_ids: Iterable[int]) -> bool:
    wanted = set(customer_ids)
    seated = _customers(group).filter(customer_id__in=wanted).values_list("customer_id", flat=True)
    return wanted == set(seated)


def _seated(group: Group) -> int:
    return int(_customers(group).values("userid").distinct().count())


def _spoke(group: Group, now: datetime) -> int | None:
    """Customers of the group who wrote in it in 14 days; None where nobody tells messages."""
    if not rooms_heard_between(tenant_id=group.tenant_id, room_ids=[group.chat_id]):
        return None
    said = room_days(
        tenant_id=group.tenant_id, room_id=group.chat_id, since=now - timedelta(days=SPOKE_DAYS), until=now,
        zone=ZoneInfo(group.tenant.timezone),
    )  # fmt: skip
    seats = _customers(group).filter(userid__in={sender for _day, sender, _count in said})
    return int(seats.values("userid").distinct().count())


def _put(tenant: Tenant, row: Norm) -> None:
    url = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.group_id})
    work_item_put(
        tenant_id=tenant.pk, source_kind=ASK, source_id=row.pk, staff_id=row.group.owner_id,
        group_id=row.group_id, kind=WorkKind.CHECK, bucket=Bucket.REMIND,
        title=say("Ask %(group)s about what a member proposes") % {"group": row.group},
        detail=say("Post the words in the group. Who agrees is counted from the archive, or told on the group's page."),
        script=ask_words(name=str(row.customer), text=row.text, needed=row.needed or 1),
        script_source=say("Suggested words; make them your own"),
        reason=say("What members agree on themselves is kept without anybody policing it"),
        rule_code="R130", starts_at=row.asked_at, due_at=row.until, url=f"{url}?tab=culture",
        verb_label=say("See the norm"), state=WorkState.OPEN,
    )  # fmt: skip


def _close(tenant: Tenant, row: Norm, state: str) -> None:
    work_item_close(tenant_id=tenant.pk, source_kind=ASK, source_id=row.pk, state=state)


def _record(
    tenant: Tenant, row: Norm, verb: str, actor: Actor, changes: dict[str, Any], reason: str = ""
) -> None:
    audit.record(tenant=tenant, actor=actor, verb=verb, target=row.group, changes=changes, reason=reason)
