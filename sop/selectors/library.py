"""The library of templates: the company's own with their figures, the built-in ones, and any of them as a blueprint."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Prefetch, Q, QuerySet

from content.policies.attachments import LINK
from sop.enums import HIDDEN_KINDS, TAG_EXITS, Channel, RunState, TemplateKind
from sop.models import Step, Template, Version
from sop.policies import plan
from sop.policies.template_fields import STEP_FIELDS
from sop.policies.template_file import Blueprint
from sop.selectors.builtin import Builtin, builtin_list
from sop.selectors.findings import Explained, version_findings
from sop.selectors.templates import step_list
from sop.selectors.timeline import CHANNEL_ICONS

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Card:
    """A built-in template as the library shows it; `broadcasts` only tell, `talks` ask for an answer."""

    one: Builtin
    kind: str
    group_kind: str
    broadcasts: int
    talks: int
    inside: int


@dataclass(frozen=True)
class KindTag:
    """A kind to filter by, with how many templates are of it."""

    value: str
    label: str
    count: int


def template_own(
    *, tenant: "Tenant", words: str = "", kind: str = "", archived: bool = False
) -> QuerySet[Template]:
    """Own templates, newest first, each with `versions` (newest first, `step_count`), `runs` and `running`.

    `words` are looked for in name and purpose. Two queries.
    """
    versions = Version.objects.annotate(step_count=Count("steps")).order_by("-number")
    rows = (
        Template.objects.filter(tenant=tenant, archived_at__isnull=not archived)
        .exclude(kind__in=HIDDEN_KINDS)
        .annotate(
            runs=Count("versions__runs", distinct=True),
            running=Count("versions__runs", filter=Q(versions__runs__state=RunState.RUNNING), distinct=True),
        )
        .prefetch_related(Prefetch("versions", queryset=versions))
        .order_by("-created_at", "-pk")
    )
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(purpose__icontains=word))
    return rows


def archived_count(*, tenant: "Tenant") -> int:
    rows = Template.objects.filter(tenant=tenant, archived_at__isnull=False)
    return rows.exclude(kind__in=HIDDEN_KINDS).count()


def template_get(*, tenant: "Tenant", template_id: int) -> Template:
    """Raises Template.DoesNotExist."""
    return Template.objects.get(tenant=tenant, pk=template_id)


def builtin_cards(*, language: str, words: str = "", kind: str = "") -> list[Card]:
    """The built-in templates that match, in the library's order."""
    return [
        _card(one)
        for one in builtin_list(language=language)
        if kind in ("", one.kind)
        and all(word.lower() in f"{one.name} {one.purpose}".lower() for word in words.split())
    ]


def _card(one: Builtin) -> Card:
    steps = [Step(**step).to_plan() for step in one.steps]
    broadcasts, talks = plan.talk_counts(steps)
    return Card(one, *_labels(one), broadcasts, talks, len(steps) - broadcasts - talks)


def _labels(one: Blueprint) -> tuple[str, str]:
    shown = Template(kind=one.kind, group_kind=one.group_kind)
    return str(shown.get_kind_display()), str(shown.get_group_kind_display())


def kind_tags(*, tenant: "Tenant", language: str, archived: bool = False) -> list[KindTag]:
    """Every kind that some template is of, with its count over own and built-in ones."""
    rows = Template.objects.filter(tenant=tenant, archived_at__isnull=not archived)
    found = Counter(rows.exclude(kind__in=HIDDEN_KINDS).values_list("kind", flat=True))
    if not archived:
        found += Counter(one.kind for one in builtin_list(language=language))
    return [KindTag(value, str(label), found[value]) for value, label in TemplateKind.choices if found[value]]


def blueprint_of(version: Version) -> Blueprint:
    """A version as a blueprint, with its steps in the order they happen.

    What is one company's own stays behind: its tags, and pictures and files that it keeps.
    """
    template = version.template
    return Blueprint(
        name=template.name,
        purpose=template.purpose,
        kind=template.kind,
        group_kind=template.group_kind,
        days=version.days,
        after_days=version.after_days,
        offer_day=version.offer_day,
        offer_at=version.offer_at,
        phases=[dict(one) for one in version.phases],
        steps=[_step_fields(step) for step in step_list(version=version)],
        exits=[dict(one) for one in version.exits if one["rule"] not in TAG_EXITS],
    )


def _step_fields(step: Step) -> dict[str, Any]:
    fields = {name: getattr(step, name) for name in STEP_FIELDS}
    return fields | {"attachments": [one for one in step.attachments if one["kind"] == LINK]}


@dataclass(frozen=True)
class Day:
    """A day of a preview, counted from the start also after the end."""

    number: int
    steps: list[Step]


@dataclass(frozen=True)
class Stretch:
    """A phase of a preview with its days that hold something."""

    phase: dict[str, Any]
    days: list[Day]


@dataclass(frozen=True)
class Preview:
    """A blueprint before it is anybody's: what would be made. `joins` wait for a member."""

    blueprint: Blueprint
    kind: str
    group_kind: str
    stretches: list[Stretch]
    joins: list[Step]
    findings: list[Explained]
    minutes: int


def blueprint_preview(*, tenant: "Tenant", blueprint: Blueprint) -> Preview:
    """What a blueprint would make for this company, with what its checks would say. Writes nothing."""
    template = Template(
        tenant=tenant, name=blueprint.name, kind=blueprint.kind, group_kind=blueprint.group_kind
    )
    version = Version(
        tenant=tenant,
        template=template,
        days=blueprint.days,
        after_days=blueprint.after_days,
        phases=blueprint.phases,
        offer_day=blueprint.offer_day,
        offer_at=blueprint.offer_at,
        exits=blueprint.exits,
    )
    steps = [Step(tenant=tenant, version=version, **one) for one in blueprint.steps]
    by_day, joins = _by_day(version, steps)
    return Preview(
        blueprint=blueprint,
        kind=str(template.get_kind_display()),
        group_kind=str(template.get_group_kind_display()),
        stretches=_stretches(version, by_day),
        joins=joins,
        findings=version_findings(version, steps),
        minutes=sum(step.cost_minutes for step in steps),
    )


def _by_day(version: Version, steps: Iterable[Step]) -> tuple[dict[int, list[Step]], list[Step]]:
    by_day: dict[int, list[Step]] = {}
    joins = []
    for step in steps:
        place = step.to_plan(offer_day=version.offer_day, offer_at=version.offer_at)
        step.icon = CHANNEL_ICONS[Channel(step.channel)]  # type: ignore[attr-defined]
        step.shown_at = place.at  # type: ignore[attr-defined]
        if place.day is None or place.at is None:
            joins.append(step)
        else:
            by_day.setdefault(place.day, []).append(step)
    for rows in by_day.values():
        rows.sort(key=lambda step: (step.shown_at, step.priority))  # type: ignore[attr-defined]
    return by_day, joins


def _stretches(version: Version, by_day: dict[int, list[Step]]) -> list[Stretch]:
    """The phases with their days; days outside every phase stand last, without a name."""
    left = dict(sorted(by_day.items()))
    found = []
    for phase in version.phases:
        days = [day for day in left if phase["first"] <= day <= phase["last"]]
        found.append(Stretch(phase, [Day(day, left.pop(day)) for day in days]))
    if left:
        rest = [Day(day, rows) for day, rows in left.items()]
        found.append(Stretch({"key": "", "name": "", "note": "", "first": 0, "last": 0}, rest))
    return found
