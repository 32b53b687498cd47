"""Words for steps and touches: the titles of touches, for pages of apps below that know a touch by its key only, and
when a step falls due, as every page says it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.enums import BehaviourKind
from contacts.selectors.tags import tags_managed
from groups.selectors.group_tags import group_tag_choices
from sop.enums import REF, Anchor
from sop.models import Step, Touch, Version


def touch_titles(*, tenant_id: int, touch_keys: Iterable[str]) -> dict[str, str]:
    """{touch key: title of its step}; keys of others are left out. One query, none without a key of ours."""
    ours = f"{REF}:"
    ids = [int(key.removeprefix(ours)) for key in touch_keys if key.startswith(ours)]
    if not ids:
        return {}
    rows = Touch.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list("pk", "step__title")
    return {f"{ours}{pk}": title for pk, title in rows}


@dataclass(frozen=True)
class WhenNames:
    """Names of what steps wait for: tags of groups and of members, and steps by (version, key)."""

    group_tags: dict[str, str]
    tags: dict[int, str]
    steps: dict[tuple[int, str], str]


def when_names(steps: Iterable[Step]) -> WhenNames:
    """For steps of one company. Three queries at most, one for each kind of name that is needed."""
    rows = list(steps)
    asked = {one.anchor for one in rows}
    wanted = {one.trigger_tag for one in rows if one.anchor == Anchor.CUSTOMER_TAG and one.trigger_tag}
    sources = [one for one in rows if one.anchor == Anchor.ANSWERS]
    tenant_id = rows[0].tenant_id if rows else 0
    tags = tags_managed(tenant_id=tenant_id).filter(pk__in=wanted) if wanted else ()
    named = Step.objects.filter(
        tenant_id=tenant_id,
        version__in={one.version_id for one in sources},
        key__in={one.trigger_step for one in sources},
    )
    return WhenNames(
        group_tags=dict(group_tag_choices(tenant_id=tenant_id)) if Anchor.GROUP_TAG in asked else {},
        tags={one.pk: str(one) for one in tags},
        steps={(one.version_id, one.key): one.title for one in named} if sources else {},
    )


def step_when(step: Step, names: WhenNames | None = None) -> str:
    """When a step falls due, in a few words: day 3 · 20:00; 1 h after a member's join; 10 answers to “…” in 24 h.

    `names` of all the steps that are shown together; without them a query for a step that waits for a tag or answers.
    """
    if step.anchor == Anchor.RUN_START:
        return _("day %(day)s · %(at)s") % {"day": step.day, "at": f"{step.at:%H:%M}"}
    if step.anchor == Anchor.ABSOLUTE and step.on is not None:
        day = date_format(step.on, "SHORT_DATE_FORMAT")
        return f"{day} {step.at:%H:%M}"
    if step.anchor == Anchor.OFFER_END:
        return _("%(time)s before the offer ends") % {"time": span_words(-step.offset_minutes)}
    what = _waits_for(step, names or when_names([step]))
    if step.repeats:
        what = _("each time: %(what)s") % {"what": what}
    return (
        _("%(what)s, %(time)s later") % {"what": what, "time": span_words(step.offset_minutes)}
        if (step.offset_minutes)
        else what
    )


def span_words(minutes: int) -> str:
    """90 min, 3 h, 2 days."""
    count = abs(minutes)
    if count and count % (24 * 60) == 0:
        return ngettext("%(n)s day", "%(n)s days", count // (24 * 60)) % {"n": count // (24 * 60)}
    if count and count % 60 == 0:
        return _("%(n)s h") % {"n": count // 60}
    return _("%(n)s min") % {"n": count}


def _waits_for(step: Step, names: WhenNames) -> str:
    if step.anchor == Anchor.GROUP_SIZE:
        return _("the group reaches %(n)s customers") % {"n": step.trigger_count}
    if step.anchor == Anchor.GROUP_TAG:
        return _("the group gets the tag “%(tag)s”") % {
            "tag": names.group_tags.get(str(step.trigger_tag), "–")
        }
    if step.anchor == Anchor.CUSTOMER_TAG:
        return _("a member gets the tag “%(tag)s”") % {"tag": names.tags.get(step.trigger_tag or 0, "–")}
    if step.anchor == Anchor.BEHAVIOUR:
        return _acts(step)
    if step.anchor == Anchor.ANSWERS:
        source = names.steps.get((step.version_id, step.trigger_step), "–")
        told = {"n": step.trigger_count, "step": source, "what": act_words(step.trigger_kind)}
        return _("%(n)s people after “%(step)s”: %(what)s") % told
    return _("a member joins")


def _acts(step: Step) -> str:
    told = {"n": step.trigger_count, "what": act_words(step.trigger_kind), "object": step.trigger_object}
    what = _("%(what)s (%(object)s)") % told if step.trigger_object else told["what"]
    if step.trigger_count > 1:
        what = _("%(what)s × %(n)s") % {**told, "what": what}
    if step.trigger_hours:
        what = _("%(what)s within %(time)s") % {"what": what, "time": span_words(step.trigger_hours * 60)}
    return str(what)


def act_words(kind: str) -> str:
    """What a behaviour kind is called."""
    return str(BehaviourKind(kind).label) if kind in BehaviourKind.values else "–"


def step_choices(*, version: Version, step: Step | None) -> dict[str, list[tuple[str, str]]]:
    """What a step of this version may wait for, as a form offers it: (id or key, name). Three queries."""
    others = Step.objects.filter(tenant_id=version.tenant_id, version=version).order_by("day", "at", "pk")
    tags = tags_managed(tenant_id=version.tenant_id)
    return {
        "group_tags": group_tag_choices(tenant_id=version.tenant_id),
        "tags": [(str(one.pk), f"{one.group} · {one}" if one.group else str(one)) for one in tags],
        "steps": [(one.key, one.title) for one in others if step is None or one.pk != step.pk],
    }
