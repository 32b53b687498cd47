"""Channel adapters: what passing the gate turns a touch into. Database writes only; WeCom is called later.

group_mass, private_mass   a mass-send task in WeCom that the staff member confirms there
group_forward, staff_task, moments, call, sms, official
                           a work item, of which the staff member is told as they chose (team.services.notices)
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import reverse

from contacts.selectors import customer_list
from content.policies.attachments import Attachment, message_parts
from sop.enums import BLOCKED_REF, INTERNAL_CHANNELS, MASS_CHANNELS, REF, Channel, TouchState
from sop.models import Touch
from sop.policies.dispatch import lateness_s
from sop.selectors.step_material import wordings_carried
from sop.services.state import send_key, touch_move
from sop.services.texts import Message, messages_of
from team.services import work_items_put
from tenants import clock
from tenants.spoken import spoken
from tenants.words import Words, say, say_list
from wecom.services import SendDraft, send_queue_many

if TYPE_CHECKING:
    from tenants.models import Tenant

OPENED = MASS_CHANNELS | INTERNAL_CHANNELS  # nothing to send from the task itself
Allowed = Sequence[tuple[Touch, tuple[int, ...]]]


@dataclass(frozen=True)
class _Context:
    tenant: "Tenant"
    now: datetime
    messages: dict[int, Message]
    external: dict[int, str]
    carried: dict[tuple[int, str], str]  # (material, a step's words): key of the wording they are


def handed_over(*, tenant: "Tenant", now: datetime, allowed: Allowed) -> list[Touch]:
    """Hand touches that passed the gate to their channels. Returns them moved; the caller stores them.

    Each has somebody to carry it out (`has_sender`). Must run in the transaction of the gate's decision.
    """
    if not allowed:
        return []
    private = [people for touch, people in allowed if touch.channel == Channel.PRIVATE_MASS]
    context = _Context(
        tenant=tenant,
        now=now,
        messages=messages_of(tenant=tenant, touches=[touch for touch, _people in allowed]),
        external=_external(tenant.pk, {one for some in private for one in some}),
        carried=wordings_carried(
            tenant_id=tenant.pk,
            said=[(one.step.material_id, one.step.text) for one, _people in allowed if one.step.material_id],
        ),
    )
    _queue_mass(context, [pair for pair in allowed if pair[0].channel in MASS_CHANNELS])
    moved = [_mark_handed(context, touch, people) for touch, people in allowed]
    _put_work(context, [touch for touch, _people in allowed])
    return moved


def _external(tenant_id: int, customer_ids: set[int]) -> dict[int, str]:
    """Customer id -> WeCom's id."""
    if not customer_ids:
        return {}
    rows = customer_list(tenant_id=tenant_id).filter(pk__in=customer_ids).order_by()
    return dict(rows.values_list("pk", "external_userid"))


def has_sender(touch: Touch) -> bool:
    """Whether somebody can carry it out.

    A group's mass send must come from its present owner, whoever that was when the plan was made.
    """
    if touch.channel == Channel.GROUP_MASS:
        touch.staff = touch.group.owner if touch.group is not None else None
    return touch.staff is not None and touch.staff.is_active


def _mark_handed(context: _Context, touch: Touch, people: tuple[int, ...]) -> Touch:
    material_id = None if touch.is_talk else touch.step.material_id  # a conversation has words of its own
    return touch_move(
        touch,
        TouchState.HANDED,
        handed_at=context.now,
        lateness_s=lateness_s(planned_at=touch.planned_at, handed_at=context.now),
        text=context.messages[touch.pk].text,
        attachments=context.messages[touch.pk].attachments,
        fact_id=context.messages[touch.pk].fact_id,
        material_id=material_id,
        wording=context.carried.get((material_id or 0, touch.step.text), ""),
        recipients_count=len(people),
    )


def _queue_mass(context: _Context, pairs: Allowed) -> None:
    sends = send_queue_many(
        tenant=context.tenant, sends=[_mass_draft(context, touch, people) for touch, people in pairs]
    )
    for (touch, _people), send in zip(pairs, sends, strict=True):
        touch.send_id = send.pk


def _mass_draft(context: _Context, touch: Touch, people: tuple[int, ...]) -> SendDraft:
    assert touch.staff is not None
    assert touch.group is not None
    payload: dict[str, object] = {
        "sender": touch.staff.userid,
        "text": context.messages[touch.pk].text,
        "attachments": message_parts(Attachment(**one) for one in context.messages[touch.pk].attachments),
    }
    if touch.channel == Channel.GROUP_MASS:
        payload |= {"chat_type": "group", "chat_ids": [touch.group.chat_id]}
    else:
        payload |= {
            "chat_type": "single",
            "external_userids": [context.external[one] for one in people if one in context.external],
        }
    return SendDraft(kind="mass_send", key=send_key(touch), payload=payload, ref_kind=REF, ref_id=touch.pk)


def _put_work(context: _Context, touches: list[Touch]) -> None:
    """One work item for what a staff member does in one go: a step at a time for several groups. It tells them."""
    together: dict[tuple[int, int, int | None, datetime], list[Touch]] = defaultdict(list)
    for touch in touches:
        together[touch.run_id, touch.step_id, touch.staff_id, touch.planned_at].append(touch)
    items = {}
    for some in together.values():
        first = min(some, key=lambda one: one.pk)
        for touch in some:
            touch.bundle = first.pk
        items[first.pk] = _item(context, first, some)
    work_items_put(tenant_id=context.tenant.pk, source_kind=REF, items=items)


def work_put_again(*, tenant: "Tenant", touches: list[Touch]) -> None:
    """The task of touches that one person has in hand, as it stands now, open. Whoever has it anew is told.

    They carry their bundle, are locked and were handed over. In the caller's transaction; safe to repeat.
    """
    first = min(touches, key=lambda one: one.pk)
    context = _Context(tenant=tenant, now=clock.now(), messages={}, external={}, carried={})
    item = {**_item(context, first, touches), "state": "open"}
    work_items_put(tenant_id=tenant.pk, source_kind=REF, items={first.pk: item})


def _item(context: _Context, first: Touch, some: list[Touch]) -> dict[str, object]:
    groups = _group_names(some)
    told = {"run": first.run.name, "day": first.step.day}
    day = say("%(run)s, day %(day)s") % told if first.step.day else say("%(run)s, countdown") % told
    return {
        "staff_id": first.staff_id,
        "group_id": first.group_id if len(some) == 1 else None,
        "kind": "sop_task",
        "bucket": "must",
        "title": _title(first, len(some)),
        "detail": say_list((groups, day)),
        "script": first.text,
        "reason": Channel(first.step.channel).label,
        "rule_code": "SOP-DUE",
        # In time until its window ends: what has just come is not overdue.
        "starts_at": first.due_at,
        "due_at": min(touch.window_ends_at for touch in some),
        "window_ends_at": max(touch.window_ends_at for touch in some),
        "url": reverse("sop:touches", kwargs={"tenant_slug": context.tenant.slug}) + f"?bundle={first.pk}",
        "phone_url": phone_path(context.tenant, first.pk),
        "verb_label": say("Open") if first.channel in OPENED else say("Send"),
        "tells": first.channel not in MASS_CHANNELS,  # WeCom itself asks whoever confirms a mass send
    }


def _group_names(some: list[Touch]) -> Words:
    """Each group once, also when it has a touch for each of its people."""
    names = {touch.group_id: touch.group for touch in some if touch.group is not None}
    return say_list(map(str, names.values()), say(", "))


def _title(first: Touch, count: int) -> Words:
    """What to do, in a few words."""
    if first.is_talk:
        person = first.recipients.select_related("customer").order_by("pk").first()
        named = {"who": person.customer if person else say("a customer"), "step": first.step.title}
        return say("Talk with %(who)s after “%(step)s”") % named
    if first.channel == Channel.INTERNAL:
        return first.step.title
    names = {
        Channel.GROUP_FORWARD: say("Forward “%(step)s” to %(count)s groups"),
        Channel.GROUP_MASS: say("Confirm the mass send “%(step)s” in WeCom"),
        Channel.PRIVATE_MASS: say("Confirm the mass send “%(step)s” in WeCom"),
        Channel.STAFF_TASK: say("Talk to members: “%(step)s”"),
        Channel.MOMENTS: say("Post on Moments: “%(step)s”"),
        Channel.CALL: say("Call: “%(step)s”"),
        Channel.SMS: say("Send by text message: “%(step)s”"),
        Channel.OFFICIAL: say("Send by official account: “%(step)s”"),
    }
    return names[Channel(first.channel)] % {"step": first.step.title, "count": count}


def phone_path(tenant: "Tenant", touch_id: int) -> str:
    """The phone page of a touch and of those done with it."""
    return reverse("sop_phone:forward", kwargs={"phone_slug": tenant.slug, "pk": touch_id})


def blocked_put(*, tenant: "Tenant", touches: Sequence[Touch], now: datetime) -> None:
    """What a rule kept from going out stands on Today until the day ends, with the rule and a way to move it."""
    day_ends_at = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)[1]
    ledger = reverse("sop:touches", kwargs={"tenant_slug": tenant.slug})
    work_items_put(
        tenant_id=tenant.pk,
        source_kind=BLOCKED_REF,
        items={
            touch.pk: {
                "staff_id": touch.staff_id,
                "group_id": touch.group_id,
                "kind": "alert",
                "bucket": "remind",
                "title": say("“%(step)s” did not go out") % {"step": touch.step.title},
                "detail": f"{touch.run.name} · {touch.group or ''}",
                "reason": spoken(touch, "reason"),
                "rule_code": touch.rule_code,
                "due_at": touch.planned_at,
                "window_ends_at": day_ends_at,
                "url": f"{ledger}?state=blocked&rule={touch.rule_code}&group={touch.group_id or ''}",
                "verb_label": say("Another time"),
                "state": "blocked",
            }
            for touch in touches
        },
    )
