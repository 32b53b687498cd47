"""Handing over what a colleague holds (R125): the apps register their parts, one transaction moves them all."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from team.enums import Bucket, NoticeKind, WorkKind, WorkState
from team.errors import HandoverTaker, StaffUnknown
from team.models import Staff, WorkItem
from team.selectors import open_counts, staff_leads
from team.services.notices import notify
from team.services.work import work_item_put, work_items_close
from tenants import audit, clock
from tenants.audit import Actor
from tenants.counting import rows_counted
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

LEAVER = "team.leaver"
OPEN_STATES = (WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED)
PACK_LINES = 5_000  # of one part, in the file for the receiver


@dataclass(frozen=True)
class Move:
    """One hand-over of one part: from whom, to whom, why, by whom. Runs inside the transaction of the whole."""

    tenant: Tenant
    giver: Staff
    taker: Staff
    reason: str
    actor: Actor


@dataclass(frozen=True)
class Part:
    """One kind of thing that a colleague holds. `rows(tenant_id=, staff_id=)`: those held now.

    `move(Move)` gives them away and returns how many changed hands (safe to repeat: it moves what is still held);
    None: nothing moves here, `note` says how it comes to the receiver. `line(row)`: (what, detail) in the pack.
    `section`: a template of the page and (tenant, staff, the page's parameters) -> what it shows as `told`, or None:
    what is on its way.
    """

    code: str
    label: Any
    rows: Callable[..., QuerySet]
    move: Callable[[Move], int] | None
    url: Callable[[Tenant, Staff], str] | None = None
    note: Any = ""
    line: Callable[[Any], tuple[str, str]] | None = None
    section: tuple[str, Callable[[Tenant, Staff, Any], dict[str, Any] | None]] | None = None
    order: int = 50


@dataclass(frozen=True)
class Held:
    """How much of one part somebody holds now."""

    part: Part
    count: int
    url: str


_parts: dict[str, Part] = {}


def register_part(part: Part) -> None:
    """Add a part. The same code again replaces it."""
    _parts[part.code] = part


def parts() -> list[Part]:
    return sorted(_parts.values(), key=lambda one: (one.order, one.code))


def renamed(rows: Callable[..., QuerySet], field: str) -> Callable[[Move], int]:
    """The `move` of rows that need nothing but another name in `field`."""

    def move(one: Move) -> int:
        held = rows(tenant_id=one.tenant.pk, staff_id=one.giver.pk)
        ids = list(held.values_list("pk", flat=True))
        return int(held.model.objects.filter(tenant=one.tenant, pk__in=ids).update(**{field: one.taker}))

    return move


def staff_held(*, tenant: Tenant, staff_id: int) -> Staff:
    """A colleague, held to the end of the caller's transaction: one hand-over at a time. Raises StaffUnknown."""
    row = Staff.objects.select_for_update().filter(tenant=tenant, pk=staff_id).first()
    if row is None:
        raise StaffUnknown
    return row


def holdings(*, tenant: Tenant, staff: Staff) -> list[Held]:
    """What the colleague holds now, by part; one statement counts them all."""
    queries = {one.code: one.rows(tenant_id=tenant.pk, staff_id=staff.pk) for one in parts()}
    counts = rows_counted(tenant_id=tenant.pk, queries=queries)
    return [
        Held(one, counts[one.code], one.url(tenant, staff) if one.url is not None else "") for one in parts()
    ]


def sections(*, tenant: Tenant, staff: Staff, told: Any) -> list[tuple[str, dict[str, Any]]]:
    """(template, what it shows) of the parts with something on its way or to be decided."""
    made = [
        (one.section[0], one.section[1](tenant, staff, told)) for one in parts() if one.section is not None
    ]
    return [(template, shown) for template, shown in made if shown is not None]


def pack_lines(*, tenant: Tenant, staff: Staff) -> Iterable[list[str]]:
    """The pack for the receiver: a header, then (kind, what, detail) of what is held, PACK_LINES of a part at most."""
    yield [_("Kind"), _("What"), _("Detail")]
    for part in parts():
        for row in part.rows(tenant_id=tenant.pk, staff_id=staff.pk)[:PACK_LINES]:
            yield [str(part.label), *(part.line(row) if part.line is not None else (str(row), ""))]


def handover_run(
    *, tenant: Tenant, staff_id: int, takers: Mapping[str, int], reason: str, actor: Actor
) -> dict[str, int]:
    """Give the named parts ({code: staff id of the receiver}) away in one transaction; returns {code: how many moved}.

    Safe to repeat: what has moved is not held any more. Raises NotPermitted, StaffUnknown, HandoverTaker.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        wanted = {staff_id, *takers.values()}
        found = Staff.objects.select_for_update().filter(tenant=tenant, pk__in=wanted).order_by("pk")
        people = {one.pk: one for one in found}
        if staff_id not in people:
            raise StaffUnknown
        if any(one not in people or one == staff_id or not people[one].is_active for one in takers.values()):
            raise HandoverTaker
        moved: dict[str, int] = {}
        for part in parts():
            if part.code in takers and part.move is not None:
                one = Move(tenant, people[staff_id], people[takers[part.code]], reason.strip(), actor)
                moved[part.code] = part.move(one)
        told = {code: [None, count] for code, count in moved.items() if count}
        if told:
            names = {str(people[takers[code]]) for code in told}
            audit.record(
                tenant=tenant, actor=actor, verb="team.staff.handed_over", target=people[staff_id],
                changes={**told, "taker": [None, ", ".join(sorted(names))]}, reason=reason.strip(),
            )  # fmt: skip
            _tell_takers(tenant, people[staff_id], {code: takers[code] for code in told}, moved)
        leaver_settle(tenant=tenant, staff=people[staff_id])
    return moved


def _tell_takers(tenant: Tenant, giver: Staff, takers: Mapping[str, int], moved: Mapping[str, int]) -> None:
    """Who received something hears of it by the ways they chose."""
    labels = {one.code: one.label for one in parts()}
    got: dict[int, list[str]] = {}
    for code, taker in takers.items():
        got.setdefault(taker, []).append(code)
    at = clock.now()
    for taker, codes in got.items():

        def title(count: int = sum(moved[code] for code in codes)) -> str:
            said = ngettext(
                "%(n)s thing of %(who)s is yours now", "%(n)s things of %(who)s are yours now", count
            )
            return said % {"n": count, "who": giver}

        def detail(codes: list[str] = codes) -> str:
            return " · ".join(f"{labels[code]} {moved[code]}" for code in codes)

        notify(
            tenant_id=tenant.pk, staff_ids=[taker], kind=NoticeKind.HANDOVER, title=title, detail=detail,
            url=reverse("team:today", kwargs={"tenant_slug": tenant.slug}),
            key=f"handover:{giver.pk}:{taker}:{at.timestamp():.0f}",
        )  # fmt: skip


def left_behind(*, tenant: Tenant, staff: Staff) -> int:
    """How many things that could move still belong to the colleague."""
    return sum(one.count for one in holdings(tenant=tenant, staff=staff) if one.part.move is not None)


def leaver_settle(*, tenant: Tenant, staff: Staff) -> None:
    """Put, or close, what a leaver's things ask of the lead: a must on Today as long as something is without an owner.

    In the caller's transaction; safe to repeat.
    """
    count = 0 if staff.is_active else left_behind(tenant=tenant, staff=staff)
    if not count:
        work_items_close(tenant_id=tenant.pk, source_kind=LEAVER, source_ids=[staff.pk], state=WorkState.DONE)
        return
    lead = next(iter(staff_leads(tenant_id=tenant.pk)), None)  # none of them has left
    now = clock.now()
    work_item_put(
        tenant_id=tenant.pk, source_kind=LEAVER, source_id=staff.pk, staff_id=lead.pk if lead else None,
        kind=WorkKind.ALERT, bucket=Bucket.MUST, title=say("Hand over what %(who)s left behind") % {"who": staff},
        detail=say("%(n)s things have nobody any more: groups, leads, tasks.") % {"n": count},
        reason=say("Left the company"), rule_code="HANDOVER", starts_at=now, due_at=now, verb_label=say("Hand over"),
        url=reverse("team:handover", kwargs={"tenant_slug": tenant.slug, "pk": staff.pk}), state=WorkState.OPEN,
    )  # fmt: skip


def leavers_settle(*, tenant_id: int) -> None:
    """Look again at the leavers whose things stand on Today. In the caller's transaction; safe to repeat."""
    waiting = WorkItem.objects.filter(tenant_id=tenant_id, source_kind=LEAVER, state__in=OPEN_STATES)
    ids = list(waiting.values_list("source_id", flat=True))
    if not ids:
        return
    tenant = Tenant.objects.get(pk=tenant_id)
    for staff in Staff.objects.filter(tenant_id=tenant_id, pk__in=ids).order_by("pk"):
        leaver_settle(tenant=tenant, staff=staff)


def suggested_taker(*, tenant: Tenant, staff: Staff, people: Iterable[Staff]) -> int | None:
    """The active colleague of the same app with the least open work; of equals the one met first."""
    loads = open_counts(tenant_id=tenant.pk)
    near = [one for one in people if one.pk != staff.pk and one.is_active and one.app_id == staff.app_id]
    near.sort(key=lambda one: (not one.can_contact, loads.get(one.pk, 0)))
    return near[0].pk if near else None
