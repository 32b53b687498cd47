"""Runs: start a published version in some groups, change what is still to come, call it off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from content.enums import LinkKind
from groups.selectors import groups_by_id, members_since
from leads.services.windows import window_close, window_open
from outbox.dispatch import enqueue
from outbox.services import publish
from sop.enums import (
    BESIDE_A_CAMP,
    HIDDEN_KINDS,
    INTERNAL_CHANNELS,
    Anchor,
    Rule,
    RunState,
    TouchState,
    VersionState,
)
from sop.errors import GroupBusy, GroupNotReady, KindRefuses, ReasonMissing, RunInvalid, RunOver
from sop.events import RunEnded, RunStarted
from sop.models import Run, RunGroup, Step, Touch, Version
from sop.policies import calendar
from sop.policies.plan import promise_untold
from sop.selectors.audience import RUN_SOURCE
from sop.selectors.constitution import judged
from sop.selectors.findings import broken, explained
from sop.selectors.preview import groups_without_promise, steps_in_run
from sop.selectors.talks import talks_to_come
from sop.services.planning import plan_apply, plan_cancel, touches_take_back
from sop.services.texts import PRODUCT_LINKS
from team.enums import PlanKind
from team.services import approval_ask
from team.services.goals import goal_asked
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

LIVE_GROUP_STATES = frozenset({"warming", "active", "declining", "closing"})
OVER_GROUP_STATES = frozenset({"archived"})
# Work among colleagues, a crisis, a group's week and a value event go on beside a camp.
BESIDE_KINDS = (*BESIDE_A_CAMP, *HIDDEN_KINDS)
_OPEN_STATES = (TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED, TouchState.PARKED)
# What is asked of a group in another camp.
_BUSY = (
    "group", "group__name", "group__planned_name", "group__chat_id", "run", "run__name", "run__starts_on",
    "run__days", "run__after_days",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RunWish:
    """What a person decides to start a run. `starts_on` is day 1 in the tenant's zone; `offer_ends_at` aware UTC."""

    version_id: int
    name: str
    group_ids: Sequence[int]
    starts_on: date
    key_interaction: str = ""
    key_interaction_object: str = ""
    interaction_url: str = ""
    offer_ends_at: datetime | None = None
    product_title: str = ""
    product_url: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    serves: str = ""  # how it serves the north star, asked for while one is in force (R96)


def run_start(*, tenant: "Tenant", wish: RunWish, actor: Actor) -> Run:
    """Start a run: pins the version, plans every touch that is still to come, opens the leads' window.

    Raises GroupNotReady, GroupBusy, KindRefuses, RunInvalid, NotPermitted, and where a north star is in force and
    nothing is said of it. Not safe to repeat: each call starts a run.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = Version.objects.select_for_update().get(
            tenant=tenant, pk=wish.version_id, state=VersionState.PUBLISHED
        )
        steps = list(Step.objects.filter(tenant=tenant, version=version))
        _check_wish(tenant, wish, version, steps)
        is_inside = works_inside(steps)
        groups = _groups_ready(tenant, wish.group_ids, is_inside=is_inside)
        check_kinds(tenant, version, steps, groups, wish.starts_on, wish.offer_ends_at)
        _check_free(tenant, wish.group_ids, version, wish.starts_on)
        run = _run_create(tenant, wish, version, actor)
        goal_asked(tenant=tenant, kind=PlanKind.RUN, plan_id=run.pk, words=wish.serves, actor=actor)
        RunGroup.objects.bulk_create(RunGroup(tenant=tenant, run=run, group_id=group.pk) for group in groups)
        planned = plan_apply(tenant=tenant, run=run)
        if not is_inside:
            window_put(tenant, run)
        if any(step.attachments for step in steps):
            enqueue("wecom.renew_media", tenant_id=tenant.pk)  # files are at WeCom before they are needed
        publish(
            RunStarted(
                tenant_id=tenant.pk,
                occurred_at=clock.now(),
                run_id=run.pk,
                group_ids=[group.pk for group in groups],
            )
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.run.started",
            target=run,
            changes={"groups": [None, len(groups)], "touches": [None, planned]},
        )
    return run


def _run_create(tenant: "Tenant", wish: RunWish, version: Version, actor: Actor) -> Run:
    return Run.objects.create(
        tenant=tenant,
        version=version,
        name=wish.name,
        starts_on=wish.starts_on,
        days=version.days,
        after_days=version.after_days,
        phases=version.phases,
        key_interaction=wish.key_interaction,
        key_interaction_object=wish.key_interaction_object,
        interaction_url=wish.interaction_url,
        offer_ends_at=wish.offer_ends_at,
        product_title=wish.product_title,
        product_url=wish.product_url,
        variables=wish.variables,
        created_by=actor.name[:64],
    )


def run_last_day(run: Run) -> date:
    """The last calendar day on which the run may touch anyone."""
    return calendar.day_date(run.starts_on, run.days + run.after_days)


def _check_wish(tenant: "Tenant", wish: RunWish, version: Version, steps: list[Step]) -> None:
    if not wish.name.strip():
        raise RunInvalid(_("Give the run a name."))
    last = calendar.day_date(wish.starts_on, version.days + version.after_days)
    if last < clock.local_date(clock.now(), tenant.timezone):
        raise RunInvalid(_("All days of this run would be over already."))
    needs = run_needs(steps)
    if "offer_ends_at" in needs:
        _check_offer(tenant, wish, last)
    for name, url, words in (
        ("product_url", wish.product_url, _("the product's link")),
        ("interaction_url", wish.interaction_url, _("the key interaction's link")),
    ):
        if name in needs and not url:
            raise RunInvalid(_("“%(step)s” and others need %(link)s.") % {"step": needs[name], "link": words})


def run_needs(steps: Iterable[Step]) -> dict[str, str]:
    """What a run of these steps cannot start without: field of RunWish -> title of the first step that asks for it."""
    needs: dict[str, str] = {}
    for step in steps:
        if step.anchor == Anchor.OFFER_END:
            needs.setdefault("offer_ends_at", step.title)
        for name, is_product in (("product_url", True), ("interaction_url", False)):
            if _lacks_link(step, is_product=is_product):
                needs.setdefault(name, step.title)
    return needs


def _check_offer(tenant: "Tenant", wish: RunWish, last: date) -> None:
    if wish.offer_ends_at is None:
        raise RunInvalid(_("The countdown needs the moment when the offer ends."))
    ends_on = clock.local_date(wish.offer_ends_at, tenant.timezone)
    if wish.offer_ends_at <= clock.now() or not wish.starts_on <= ends_on <= last:
        raise RunInvalid(_("The offer has to end during the run and after now."))


def _lacks_link(step: Step, *, is_product: bool) -> bool:
    return any(
        not link.get("url")
        and link["kind"] != LinkKind.PULSE
        and (link["kind"] in PRODUCT_LINKS) == is_product
        for link in step.links
    )


def works_inside(steps: Iterable[Step]) -> bool:
    """Whether all of it is work among colleagues: then it may run in groups that are still being planned."""
    channels = {step.channel for step in steps}
    return bool(channels) and channels <= INTERNAL_CHANNELS


def _groups_ready(tenant: "Tenant", group_ids: Iterable[int], *, is_inside: bool = False) -> list["Group"]:
    wanted = sorted(set(group_ids))
    if not wanted:
        raise RunInvalid(_("Choose at least one group."))
    found = groups_by_id(tenant_id=tenant.pk, group_ids=wanted)
    groups = [found[one] for one in wanted if one in found]
    waiting = [str(group) for group in groups if not group_is_ready(group, is_inside=is_inside)]
    if len(groups) != len(wanted) or waiting:
        raise GroupNotReady(
            _("Not live yet: %(groups)s. Finish their readiness first.") % {"groups": _(", ").join(waiting)}
            if waiting
            else None
        )
    return groups


def group_is_ready(group: "Group", *, is_inside: bool = False) -> bool:
    """Whether a group may take part: it passed the readiness gate (R4), is in WeCom and is not over.

    `is_inside`: only colleagues work for it, so it may still be in planning.
    """
    if is_inside:
        return group.dismissed_at is None and group.state not in OVER_GROUP_STATES
    return group.state in LIVE_GROUP_STATES and bool(group.chat_id) and group.dismissed_at is None


def group_fits(group: "Group", version: Version) -> bool:
    """Whether the template was written for groups of this type; one without a type fits any."""
    wanted = version.template.group_kind
    return not wanted or group.kind in ("", wanted)


def check_kinds(
    tenant: "Tenant",
    version: Version,
    steps: list[Step],
    groups: Iterable["Group"],
    starts_on: date,
    offer_ends_at: datetime | None,
) -> None:
    """What the constitution forbids the types of these groups is not run in them (R2), nor what tells a promise where
    a group has none (R5). `steps`: the version's."""
    planned = steps_in_run(tenant, version, steps, starts_on, offer_ends_at)
    groups = list(groups)
    kinds = [group.kind for group in groups]
    found = judged(tenant=tenant, version=version, steps=planned.values(), kinds=kinds)
    untold = promise_untold(planned.values(), groups_without_promise(groups))
    failed = [one for one in [*broken(found), *explained(untold)] if one.stops]
    if failed:
        raise KindRefuses(failed)


def _check_free(
    tenant: "Tenant", group_ids: Iterable[int], version: Version, starts_on: date, *, but_run: int = 0
) -> None:
    for row in groups_busy(
        tenant=tenant, group_ids=group_ids, version=version, starts_on=starts_on, but_run=but_run
    ):
        raise GroupBusy(
            _("“%(group)s” is in “%(run)s” on these days.") % {"group": row.group, "run": row.run.name}
        )


def groups_busy(
    *, tenant: "Tenant", group_ids: Iterable[int], version: Version, starts_on: date, but_run: int = 0
) -> list[RunGroup]:
    """Where these groups are in another camp on a run's days, with run and group.

    One camp at a time in a group: two would fight for the same day's messages. Work among colleagues and a crisis
    wait for no camp.
    """
    if version.template.kind in BESIDE_KINDS:
        return []
    ends_on = calendar.day_date(starts_on, version.days + version.after_days)
    others = RunGroup.objects.filter(
        tenant=tenant, group_id__in=set(group_ids), removed_at=None, run__state=RunState.RUNNING
    ).exclude(Q(run_id=but_run) | Q(run__version__template__kind__in=BESIDE_KINDS))
    return [
        row
        for row in others.select_related("run", "group").only(*_BUSY)
        if row.run.starts_on <= ends_on and starts_on <= run_last_day(row.run)
    ]


def window_put(tenant: "Tenant", run: Run) -> None:
    """Open or change the window in which the intent of the run's people is read."""
    group_ids = list(
        RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None).values_list("group_id", flat=True)
    )
    window = window_open(
        tenant_id=tenant.pk,
        source_kind=RUN_SOURCE,
        source_id=run.pk,
        name=run.name,
        starts_at=clock.day_bounds(run.starts_on, tenant.timezone)[0],
        ends_at=clock.day_bounds(run_last_day(run), tenant.timezone)[1],
        members=members_since(tenant_id=tenant.pk, group_ids=group_ids),
        group_ids=group_ids,
    )
    if run.window_id != window.pk:
        run.window_id = window.pk
        run.save(update_fields=["window_id"])


def run_locked(tenant: "Tenant", run_id: int) -> Run:
    """A running run, held until the transaction ends. Raises RunOver."""
    run = Run.objects.select_for_update().get(tenant=tenant, pk=run_id)
    if run.state != RunState.RUNNING:
        raise RunOver
    return run


def run_set_offer_end(
    *, tenant: "Tenant", run_id: int, offer_ends_at: datetime, reason: str, actor: Actor
) -> Run:
    """Move the end of the offer; only countdown touches still to come are planned anew. Safe to repeat.

    Raises RunOver, RunInvalid, ReasonMissing (R91: a deadline is never moved silently), NotPermitted.
    """
    require(actor, Permission.APPROVE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        run = run_locked(tenant, run_id)
        _check_offer_end(tenant, run, offer_ends_at)
        before, run.offer_ends_at = run.offer_ends_at, offer_ends_at
        run.save(update_fields=["offer_ends_at"])
        plan_apply(tenant=tenant, run=run)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.run.offer_moved",
            target=run,
            changes={"offer_ends_at": [str(before), str(offer_ends_at)]},
            reason=reason,
        )
    return run


def _check_offer_end(tenant: "Tenant", run: Run, offer_ends_at: datetime) -> None:
    ends_on = clock.local_date(offer_ends_at, tenant.timezone)
    if offer_ends_at <= clock.now() or ends_on > run_last_day(run):
        raise RunInvalid(_("The offer has to end during the run and after now."))


def run_ask_offer_end(
    *, tenant: "Tenant", run_id: int, offer_ends_at: datetime, reason: str, actor: Actor
) -> None:
    """Ask a leader to move the end of the offer (R128). Safe to repeat.

    Raises RunOver, RunInvalid, ReasonMissing, ApprovalWaits, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        run = run_locked(tenant, run_id)
        _check_offer_end(tenant, run, offer_ends_at)
        zone = ZoneInfo(tenant.timezone)
        before = run.offer_ends_at.astimezone(zone).strftime("%m-%d %H:%M") if run.offer_ends_at else "–"
        after = offer_ends_at.astimezone(zone).strftime("%m-%d %H:%M")
        approval_ask(
            tenant=tenant, kind="sop.deadline", target=f"run:{run.pk}", label=str(run.name), reason=reason,
            said=say("The offer ends %(after)s instead of %(before)s") % {"after": after, "before": before},
            wish={"run_id": run.pk, "offer_ends_at": offer_ends_at.isoformat()}, actor=actor,
            url=reverse("sop:run", args=[tenant.slug, run.pk]),
        )  # fmt: skip


def offer_end_granted(*, tenant: "Tenant", wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: the offer ends at another time."""
    run_set_offer_end(
        tenant=tenant, run_id=wish["run_id"], offer_ends_at=datetime.fromisoformat(wish["offer_ends_at"]),
        reason=reason, actor=actor,
    )  # fmt: skip


def run_set_groups(*, tenant: "Tenant", run_id: int, group_ids: Iterable[int], actor: Actor) -> Run:
    """Take groups in or out; touches of the past stay as they are. Safe to repeat.

    Raises RunOver, GroupNotReady, GroupBusy, KindRefuses, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        run = run_locked(tenant, run_id)
        steps = list(Step.objects.filter(tenant=tenant, version_id=run.version_id))
        is_inside = works_inside(steps)
        groups = _groups_ready(tenant, group_ids, is_inside=is_inside)
        wanted = {group.pk for group in groups}
        rows = {row.group_id: row for row in RunGroup.objects.filter(tenant=tenant, run=run)}
        present = {group_id for group_id, row in rows.items() if row.removed_at is None}
        fresh = [group for group in groups if group.pk not in present]
        check_kinds(tenant, run.version, steps, fresh, run.starts_on, run.offer_ends_at)
        fresh_ids = [group.pk for group in fresh]
        _check_free(tenant, fresh_ids, run.version, run.starts_on, but_run=run.pk)
        for group_id, row in rows.items():
            is_in = group_id in wanted
            if is_in == (row.removed_at is None):
                continue
            row.removed_at = None if is_in else clock.now()
            row.save(update_fields=["removed_at"])
        RunGroup.objects.bulk_create(
            RunGroup(tenant=tenant, run=run, group_id=group_id) for group_id in sorted(wanted - set(rows))
        )
        plan_apply(tenant=tenant, run=run)
        _triggered_take_back(tenant, run, present - wanted)
        if not is_inside:
            window_put(tenant, run)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.run.groups_changed",
            target=run,
            changes={"groups": [sorted(present), sorted(wanted)]},
        )
    return run


def _triggered_take_back(tenant: "Tenant", run: Run, group_ids: Iterable[int]) -> None:
    """What triggers have planned for groups that leave is off at once; it comes back with them."""
    touches_take_back(
        tenant=tenant,
        touches=Touch.objects.filter(
            tenant=tenant, run=run, group__in=list(group_ids), state=TouchState.PLANNED
        ).exclude(occurrence=""),
        to=TouchState.CANCELLED,
        rule=str(Rule.GROUP_LEFT),
        reason=str(Rule.GROUP_LEFT.label),
    )


def run_cancel(*, tenant: "Tenant", run_id: int, reason: str, actor: Actor) -> Run:
    """Call a run off: nothing still to come goes out, tasks already given are taken back.

    Raises RunOver, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        run = run_locked(tenant, run_id)
        _end(tenant, run, RunState.CANCELLED, reason)
        plan_cancel(tenant=tenant, run=run)
        window_close(tenant_id=tenant.pk, source_kind=RUN_SOURCE, source_id=run.pk, ends_at=clock.now())
        audit.record(tenant=tenant, actor=actor, verb="sop.run.cancelled", target=run, reason=reason)
    return run


def _end(tenant: "Tenant", run: Run, state: str, reason: str = "") -> None:
    run.state, run.ended_at, run.end_reason = state, clock.now(), reason[:200]
    run.save(update_fields=["state", "ended_at", "end_reason"])
    publish(RunEnded(tenant_id=tenant.pk, occurred_at=clock.now(), run_id=run.pk, state=state))


def runs_finish_due(*, tenant: "Tenant") -> int:
    """End runs whose last day is over and that have nothing open. Returns how many. Safe to repeat.

    A run of one day ends the day after it. One whose broadcasts still leave conversations behind goes on until then.
    """
    today = clock.local_date(clock.now(), tenant.timezone)
    begun = Run.objects.filter(tenant=tenant, state=RunState.RUNNING, starts_on__lt=today)
    over = [run.pk for run in begun if run_last_day(run) < today]
    if not over:
        return 0
    own = Touch.objects.filter(tenant=tenant, run=OuterRef("pk"))
    with transaction.atomic():
        rows = Run.objects.select_for_update(skip_locked=True).filter(
            ~Exists(own.filter(state__in=_OPEN_STATES)), ~Exists(talks_to_come(own)),
            tenant=tenant, pk__in=over, state=RunState.RUNNING,
        )  # fmt: skip
        ended = list(rows.order_by("pk"))
        for run in ended:
            _end(tenant, run, RunState.FINISHED)
    return len(ended)
