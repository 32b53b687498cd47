"""Templates and versions: clone, edit a draft, publish, start the next draft."""

import secrets as random
from dataclasses import dataclass, field
from datetime import date, time
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import ngettext

from contacts.services.touch import gate_limits
from groups.enums import Kind
from sop.enums import Anchor, EditVerb, Mark, StepRole, TemplateKind, VersionState
from sop.errors import ChecksFailed, DraftExists, KindUnknown, MaterialShut, ReasonMissing
from sop.models import Step, Template, Version
from sop.policies import calendar, plan
from sop.policies.template_file import Blueprint
from sop.selectors.builtin import builtin_get
from sop.selectors.findings import version_findings
from sop.selectors.step_material import material_found
from sop.services.answers import version_answers
from sop.services.drafts import draft_locked, edit_note, phase_key, step_image, step_locked
from team.enums import PlanKind
from team.services.goals import goal_asked
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

OFFER = "@offer"  # the end of the offer among the moments of a plan
COPIED = (
    "key", "phase", "link", "parts", "title", "anchor", "day", "at", "offset_minutes", "window_minutes", "channel",
    "replace_channel", "content_type", "text", "links", "role", "audience", "evidence", "mark", "on_block",
    "catch_up", "priority", "is_marketing", "is_first_offer", "is_service", "opens_talk", "strategy",
    "cost_minutes", "goal",
    "talk_for", "talk_hours", "talk_most", "talk_text",
    "attachments", "material_id",
    "on", "trigger_tag", "trigger_count", "trigger_kind", "trigger_object", "trigger_hours", "trigger_step", "repeats",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StepData:
    """What a person sets on a step; see Step for the meaning of each field."""

    title: str
    channel: str
    content_type: str
    text: str
    anchor: str = Anchor.RUN_START
    day: int | None = None
    at: time | None = None
    offset_minutes: int = 0
    window_minutes: int = 60
    replace_channel: str = ""
    role: str = StepRole.OWNER
    audience: str = "members"
    evidence: str = "note"
    mark: str = ""
    on_block: str = "drop"
    priority: int | None = None  # None: as it was; 50 for a new step
    catch_up: str = "skip"
    is_marketing: bool = False
    is_first_offer: bool = False
    is_service: bool = False
    opens_talk: bool = False
    talk_for: str = ""
    talk_hours: int = 24
    talk_most: int = 10
    talk_text: str = ""
    strategy: str = ""
    cost_minutes: int = 5
    goal: str = ""
    link: int | None = None
    parts: list[str] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    material_id: int | None = None
    on: date | None = None
    trigger_tag: int | None = None
    trigger_count: int = 1
    trigger_kind: str = ""
    trigger_object: str = ""
    trigger_hours: int = 0
    trigger_step: str = ""
    repeats: bool = False


def template_clone(
    *, tenant: "Tenant", code: str, language: str, actor: Actor, days: int | None = None, name: str = ""
) -> Version:
    """Copy a built-in template into the tenant as a template with an editable first draft.

    `days` shortens or stretches the camp: phases are kept, and days that would ask more of a person than the company's
    caps lose their least important steps. Each call makes a new template. Raises BuiltinUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    source = builtin_get(code=code, language=language)
    if not name and days and days != source.days:
        name = ngettext("%(name)s · %(n)s day", "%(name)s · %(n)s days", days) % {
            "name": source.name,
            "n": days,
        }
    with transaction.atomic():
        version = blueprint_store(
            tenant=tenant,
            blueprint=source,
            code=f"{code}-{random.token_hex(3)}",
            name=name,
            builtin=code,
            days=days,
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.template.cloned",
            target=version.template,
            changes={"from": [None, code]},
        )
    return version


def blueprint_store(
    *,
    tenant: "Tenant",
    blueprint: Blueprint,
    code: str,
    name: str = "",
    builtin: str = "",
    days: int | None = None,
) -> Version:
    """A new template with its first draft as a blueprint says, in the caller's transaction."""
    length = days or blueprint.days
    template = Template.objects.create(
        tenant=tenant,
        code=code,
        name=name or blueprint.name,
        kind=blueprint.kind,
        purpose=blueprint.purpose,
        group_kind=blueprint.group_kind,
        builtin=builtin,
    )
    version = Version.objects.create(
        tenant=tenant,
        template=template,
        number=1,
        days=length,
        after_days=blueprint.after_days,
        phases=_phases(blueprint, length),
        offer_day=_offer_day(blueprint, length),
        offer_at=blueprint.offer_at,
        exits=blueprint.exits,
    )
    Step.objects.bulk_create(_scaled_steps(version, blueprint))
    return version


def _cuts(blueprint: Blueprint) -> list[calendar.Phase]:
    return [calendar.Phase(one["key"], one["first"], one["last"]) for one in blueprint.phases]


def _scaled(blueprint: Blueprint, day: int | None, to_days: int) -> int | None:
    if day is None or blueprint.days == to_days:
        return day
    return calendar.scale_day(day, from_days=blueprint.days, to_days=to_days, phases=_cuts(blueprint))


def _phases(blueprint: Blueprint, days: int) -> list[dict[str, Any]]:
    if days == blueprint.days:
        return blueprint.phases
    cuts = calendar.stretched(_cuts(blueprint), from_days=blueprint.days, to_days=days)
    return [
        {**one, "first": cut.first, "last": cut.last} for one, cut in zip(blueprint.phases, cuts, strict=True)
    ]


def _offer_days(blueprint: Blueprint, days: int) -> dict[int, int]:
    """Days from the peak to the end of the offer, where one phase holds both: they follow the peak as they did, so that
    a two-day offer stays one. {day: its day in a camp of this length}."""
    offer, source = blueprint.offer_day, _cuts(blueprint)
    if offer is None or days == blueprint.days:
        return {}
    target = calendar.stretched(source, from_days=blueprint.days, to_days=days)
    marked = [one["day"] for one in blueprint.steps if one.get("mark") == Mark.PEAK and one["day"]]
    for old, new in zip(source, target, strict=True):
        peak = max((day for day in marked if old.first <= day <= offer <= old.last), default=None)
        if peak is not None:
            stands = _scaled(blueprint, peak, days) or peak
            return {day: min(stands + day - peak, new.last) for day in range(peak, offer + 1)}
    return {}


def _offer_day(blueprint: Blueprint, days: int) -> int | None:
    offer = blueprint.offer_day
    return _offer_days(blueprint, days).get(offer or 0, _scaled(blueprint, offer, days))


def _scaled_days(blueprint: Blueprint, days: int) -> dict[str, int]:
    """{step key: its day in a camp of this length}, of steps that have one."""
    moments = {one["key"]: (one["day"], one["at"]) for one in blueprint.steps if one["day"] and one["at"]}
    kept = _offer_days(blueprint, days)
    scaled = {key: kept.get(day, _scaled(blueprint, day, days) or day) for key, (day, _at) in moments.items()}
    marked = {one["key"] for one in blueprint.steps if one.get("mark") and one["key"] in moments}
    if blueprint.offer_day and blueprint.offer_at:  # what comes after the offer is said after it
        moments[OFFER] = (blueprint.offer_day, blueprint.offer_at)
        scaled[OFFER] = _offer_day(blueprint, days) or blueprint.offer_day
        marked.add(OFFER)
    return calendar.beside_marks(moments, scaled, marked, last=days + blueprint.after_days)


def _scaled_steps(version: Version, blueprint: Blueprint) -> list[Step]:
    is_scaled = blueprint.days != version.days
    days = _scaled_days(blueprint, version.days) if is_scaled else {}
    rows = [
        Step(
            tenant_id=version.tenant_id,
            version=version,
            **{**one, "day": days.get(one["key"], one["day"])},
        )
        for one in blueprint.steps
    ]
    if not is_scaled:
        return rows
    # The countdown counts, too: it stands where the offer ends.
    planned = [row.to_plan(offer_day=version.offer_day, offer_at=version.offer_at) for row in rows]
    caps = gate_limits(tenant_id=version.tenant_id)
    kept = plan.thinned(planned, messages_a_day=caps.per_day, messages_a_week=caps.per_week)
    return [row for row in rows if row.key in kept]


def version_draft(*, tenant: "Tenant", version_id: int, reason: str, actor: Actor) -> Version:
    """Start the next draft from a published version. Raises DraftExists, ReasonMissing, NotPermitted."""
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    source = Version.objects.select_related("template").get(tenant=tenant, pk=version_id)
    try:
        with transaction.atomic():
            number = Version.objects.filter(tenant=tenant, template=source.template).aggregate(
                last=Max("number")
            )
            draft = Version.objects.create(
                tenant=tenant,
                template=source.template,
                number=number["last"] + 1,
                days=source.days,
                after_days=source.after_days,
                phases=source.phases,
                offer_day=source.offer_day,
                offer_at=source.offer_at,
                exits=source.exits,
                parent=source,
                change_reason=reason.strip()[:200],
            )
            Step.objects.bulk_create(
                Step(tenant=tenant, version=draft, **{name: getattr(step, name) for name in COPIED})
                for step in Step.objects.filter(tenant=tenant, version=source)
            )
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.version.drafted",
                target=draft,
                reason=draft.change_reason,
            )
    except IntegrityError as error:
        raise DraftExists from error
    return draft


def step_save(
    *,
    tenant: "Tenant",
    version_id: int,
    step_id: int | None,
    data: StepData,
    actor: Actor,
    seen: int | None = None,
    key: str = "",
) -> Step:
    """Change a step of a draft, or add one (`step_id` None). Safe to repeat for an existing step.

    `seen`: the step's revision that was shown; None: whatever it is. Raises StepChanged, StepGone (when `key` names
    a step taken out since), MaterialShut for one of the library that may not be taken today, VersionFrozen,
    NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        if step_id is None:
            step = Step(tenant=tenant, version=version, key=f"own_{random.token_hex(4)}")
        else:
            step = step_locked(version, step_id, key=key, seen=seen)
        before = step_image(step) if step_id is not None else None
        if data.material_id != step.material_id:
            _may_take(tenant, data.material_id)
        changes = _put(step, data)
        step.phase = phase_key(version, step)
        if before is not None and before == step_image(step):
            return step
        step.revision = version.revision + 1
        step.save()
        edit_note(
            version=version,
            verb=EditVerb.ADD if before is None else EditVerb.CHANGE,
            title=step.title,
            actor=actor,
            before={step.key: before},
            after={step.key: step_image(step)},
        )
        verb = "sop.step.added" if before is None else "sop.step.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=step, changes=changes)
    return step


def _may_take(tenant: "Tenant", material_id: int | None) -> None:
    """A step that has it keeps it; nobody takes it anew while it is not approved or not in its days."""
    if material_id is not None and material_found(tenant=tenant, asked=str(material_id)) is None:
        raise MaterialShut


def _put(step: Step, data: StepData) -> dict[str, list[Any]]:
    """Set what a person decides; returns what differs, for the audit log."""
    changes = {}
    for name, value in vars(data).items():
        if name == "priority" and value is None:
            continue
        before = getattr(step, name)
        if step.pk and before != value:
            changes[name] = [str(before), str(value)]
        setattr(step, name, value)
    return changes


def step_remove(*, tenant: "Tenant", version_id: int, step_id: int, actor: Actor) -> None:
    """Take a step out of a draft. Raises VersionFrozen, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        step = Step.objects.filter(tenant=tenant, version=version, pk=step_id).first()
        if step is not None:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.step.removed",
                target=step,
                changes={
                    name: [str(getattr(step, name)), None] for name in ("title", "day", "channel", "text")
                },
            )
            edit_note(
                version=version,
                verb=EditVerb.REMOVE,
                title=step.title,
                actor=actor,
                before={step.key: step_image(step)},
                after={step.key: None},
            )
            step.delete()


def version_publish(*, tenant: "Tenant", version_id: int, actor: Actor, serves: str = "") -> Version:
    """Make a draft immutable and usable by runs. `serves`: how it serves the north star, asked for while one is in
    force (R96). Raises ChecksFailed with the blocking checks, VersionFrozen, ReviewOpenItems while it leaves a point of
    a review open that it was opened for, and where nothing is said of the north star."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        version = draft_locked(tenant, version_id)
        failed = [one for one in version_findings(version) if one.stops]
        if failed:
            raise ChecksFailed(failed)
        version_answers(version=version, actor=actor)
        goal_asked(tenant=tenant, kind=PlanKind.VERSION, plan_id=version.pk, words=serves, actor=actor)
        version.state = VersionState.PUBLISHED
        version.published_at = clock.now()
        version.published_by = actor.name[:64]
        version.save(update_fields=["state", "published_at", "published_by"])
        version.edits.all().delete()  # nothing of it can be undone any more
        audit.record(tenant=tenant, actor=actor, verb="sop.version.published", target=version)
    return version


def template_set_kind(*, tenant: "Tenant", template_id: int, group_kind: str, actor: Actor) -> Template:
    """Say for which type of group a template is written; "" for any. Its next publication keeps that type's rules.

    Published versions stay as they are. Safe to repeat. Raises Template.DoesNotExist, KindUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if group_kind not in ("", *Kind.values):
        raise KindUnknown
    with transaction.atomic():
        template = Template.objects.select_for_update().get(tenant=tenant, pk=template_id)
        before, template.group_kind = template.group_kind, group_kind
        if before != group_kind:
            template.save(update_fields=["group_kind"])
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.template.kind_set",
                target=template,
                changes={"group_kind": [before, group_kind]},
            )
    return template


def template_create(*, tenant: "Tenant", name: str, days: int, actor: Actor, group_kind: str = "") -> Version:
    """An empty camp of `days` (4 or more) with its four phases. Each call makes a new template."""
    require(actor, Permission.OPERATE)
    cuts = calendar.phases_for(days)
    with transaction.atomic():
        template = Template.objects.create(
            tenant=tenant,
            code=f"own-{random.token_hex(3)}",
            name=name,
            kind=TemplateKind.CAMP,
            group_kind=group_kind,
        )
        version = Version.objects.create(
            tenant=tenant,
            template=template,
            number=1,
            days=days,
            phases=[
                {"key": one.key, "name": "", "note": "", "first": one.first, "last": one.last} for one in cuts
            ],
        )
        audit.record(tenant=tenant, actor=actor, verb="sop.template.created", target=template)
    return version
