"""Words for steps and touches: the titles of touches, for pages of apps below that know a touch by its key only, and
when a step falls due, as every page says it."""

from collections.abc import Iterable

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


def step_when(step: Step) -> str:
    """When a step falls due, in a few words: day 3 · 20:00; 1 h after a member's join; 10 answers to “…” in 24 h.

    A query for steps that wait for a tag or for answers, none for the others.
    """
    if step.anchor == Anchor.RUN_START:
        return _("day %(day)s · %(at)s") % {"day": step.day, "at": f"{step.at:%H:%M}"}
    if step.anchor == Anchor.ABSOLUTE and step.on is not None:
        day = date_format(step.on, "SHORT_DATE_FORMAT")
        return f"{day} {step.at:%H:%M}"
    if step.anchor == Anchor.OFFER_END:
        return _("%(time)s before the offer ends") % {"time": span_words(-step.offset_minutes)}
    what = _waits_for(step)
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


def _waits_for(step: Step) -> str:
    if step.anchor == Anchor.GROUP_SIZE:
        return _("the group reaches %(n)s customers") % {"n": step.trigger_count}
    if step.anchor == Anchor.GROUP_TAG:
        names = dict(group_tag_choices(tenant_id=step.tenant_id))
        return _("the group gets the tag “%(tag)s”") % {"tag": names.get(str(step.trigger_tag), "–")}
    if step.anchor == Anchor.CUSTOMER_TAG:
        tag = tags_managed(tenant_id=step.tenant_id).filter(pk=step.trigger_tag or 0).first()
        return _("a member gets the tag “%(tag)s”") % {"tag": tag or "–"}
    if step.anchor == Anchor.BEHAVIOUR:
        return _acts(step)
    if step.anchor == Anchor.ANSWERS:
        source = Step.objects.filter(
            tenant_id=step.tenant_id, version_id=step.version_id, key=step.trigger_step
        ).first()
        told = {"n": step.trigger_count, "step": source or "–", "what": act_words(step.trigger_kind)}
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
