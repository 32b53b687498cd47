"""The sentences of the plan checks, with their codes; and what may be done about each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from content.policies.attachments import KIND_LABELS
from groups.enums import Cites
from groups.policies.checks import Finding as Broken
from sop.enums import Channel, Mark
from sop.policies.plan import Finding, Severity
from sop.policies.structure import Flaw
from sop.selectors.constitution import judged, structure_flaws
from sop.selectors.templates import plan_steps, step_list, version_checks
from sop.selectors.words import WORDS_RULE, StepWords, unproved_in, words_in_steps

if TYPE_CHECKING:
    from content.enums import ProofProblem
    from sop.models import PushSlot, Step, Version

SEVERITY = {
    Severity.BLOCK: ("bad", gettext_lazy("Blocks")),
    Severity.WARN: ("warn", gettext_lazy("Warning")),
    Severity.NOTE: ("", gettext_lazy("Note")),
}

# Whom the plan's own checks cite, and what to do about them.
SOURCES = {
    "PEAK-01": ("R48", Cites.BURST),
    "OFFER-01": ("R92", Cites.LINKFLOW),
    "QUIET-01": ("R54", Cites.TEN_THOUSAND),
    "QUOTA-01": ("R113", Cites.PLATFORM),
    "CAP-01": ("R54", Cites.TEN_THOUSAND),
    "CAP-02": ("R54", Cites.TEN_THOUSAND),
    "TALK-01": ("R55", Cites.BURST),
    "MIX-01": ("R62", Cites.TEN_THOUSAND),
    "VAR-03": ("R5", Cites.TEN_THOUSAND),
}
FIXES = {
    "PEAK-01": gettext_lazy("Mark the first, the best and the last moment of the camp"),
    "TALK-01": gettext_lazy("Let a step ask for an answer"),
    "MIX-01": gettext_lazy("Add value or talk"),
    "VAR-03": gettext_lazy("Write the promise in one sentence at the readiness gate"),
}


@dataclass(frozen=True)
class Explained:
    """A finding as a person reads it. `source` cites the rule and `fix` says what to do, "" where the sentence says
    all; `stops`: it keeps the version from being published."""

    code: str
    tone: str
    label: Any
    text: str
    keys: tuple[str, ...]
    source: str = ""
    fix: Any = ""
    stops: bool = False


def explained(findings: Iterable[Finding]) -> list[Explained]:
    """Findings with words, in their order."""
    return [
        Explained(
            one.code,
            *SEVERITY[one.severity],
            _sentence(one),
            one.keys,
            source=" · ".join(str(part) for part in _cited(one.code)),
            fix=FIXES.get(one.code, ""),
            stops=one.severity is Severity.BLOCK,
        )
        for one in findings
    ]


def broken(findings: Iterable[Broken]) -> list[Explained]:
    """What breaks the constitution, in the same form."""
    return [
        Explained(
            one.code,
            *SEVERITY[Severity.BLOCK if one.stops else Severity(one.severity)],
            one.message,
            (),
            source=one.source,
            fix=one.fix,
            stops=one.stops,
        )
        for one in findings
    ]


def _cited(code: str) -> list[Any]:
    rule, cites = SOURCES.get(code, ("", None))
    return [rule, cites.label] if cites else []


def flawed(found: Iterable[Flaw]) -> list[Explained]:
    """What a template of this kind lacks, in the same form."""
    return [
        Explained(
            one.check.code,
            *SEVERITY[Severity(one.check.severity)],
            one.message,
            (),
            source=one.check.source,
            fix=one.check.fix,
            stops=one.stops,
        )
        for one in found
    ]


def version_findings(version: "Version", steps: "list[Step] | None" = None) -> list[Explained]:
    """Everything that stands in a version's way: the plan's checks, those of its kind and the constitution's, what
    stops it first.

    The editor's list and publishing ask here, so what is shown is what decides.
    """
    rows = steps if steps is not None else step_list(version=version)
    planned = plan_steps(version, rows)
    found = [
        *explained(version_checks(version, rows)),
        *flawed(structure_flaws(version, planned)),
        *broken(
            judged(tenant=version.tenant, version=version, steps=planned, kinds=[version.template.group_kind])
        ),
        *_worded(words_in_steps(tenant=version.tenant, steps=planned)),
        *unproved_shown(unproved_in(tenant=version.tenant, rows=rows)),
    ]
    return sorted(found, key=lambda one: not one.stops)


def _worded(found: Iterable[StepWords]) -> list[Explained]:
    """Sensitive words as findings: a refused one stops, a risky one warns."""
    made = []
    for one in found:
        said = _("“%(title)s” says “%(word)s”: it may not be sent. %(reason)s.")
        if not one.hit.stops:
            said = _("“%(title)s” says “%(word)s”: risky. %(reason)s.")
        text = said % {"title": one.title, "word": one.hit.found, "reason": one.hit.reason}
        tone = SEVERITY[Severity.BLOCK if one.hit.stops else Severity.WARN]
        made.append(Explained(WORDS_RULE, *tone, text, (one.key,), fix=one.hit.hint, stops=one.hit.stops))
    return made


def unproved_shown(found: "Iterable[tuple[Step | PushSlot, ProofProblem]]") -> list[Explained]:
    """Steps and slots that show a testimonial which may not be shown there (R67): they stop."""
    said = _("“%(title)s” shows a testimonial: %(why)s.")
    return [
        Explained(
            why.value,
            *SEVERITY[Severity.BLOCK],
            said % {"title": step.title, "why": why.label},
            (step.key,),
            source=" · ".join(["R67", str(Cites.AARRR.label)]),
            fix=_("Record what is missing under Social proof, or take it out of the step"),
            stops=True,
        )
        for step, why in found
    ]


def _sentence(finding: Finding) -> str:
    values = dict(finding.values)
    if finding.code == "PEAK-01":
        names = [str(Mark(one).label) for one in values["missing"]]  # type: ignore[attr-defined]
        return _("No step is marked: %(marks)s") % {"marks": _(", ").join(names)}
    if finding.code == "LOAD-01":
        words = ngettext(
            "Day %(day)s asks %(count)s minutes of whoever runs %(groups)s group, the limit is %(limit)s",
            "Day %(day)s asks %(count)s minutes of whoever runs %(groups)s groups, the limit is %(limit)s",
            int(str(values["groups"])),
        )
        return words % values
    if finding.code == "VAR-03":
        told = _("“%(title)s” tells %(name)s; without a promise in one sentence: %(groups)s")
        return told % {**values, "groups": _(", ").join(values["groups"])}  # type: ignore[arg-type]
    if finding.code == "WEEK-01":
        days = {name: str(WEEKDAYS[int(str(values[name]))]) for name in ("weekday", "wanted")}
        told = _("“%(title)s” would fall on a %(weekday)s: let day 1 be a %(wanted)s")
        return told % {**values, **days}
    if finding.code in ("LEN-01", "ATT-01"):
        return _sentence_of_limit(finding.code, values)
    return _SENTENCES[finding.code] % values if finding.code in _SENTENCES else finding.code


def _sentence_of_limit(code: str, values: dict[str, object]) -> str:
    if code == "LEN-01":
        if values["unit"] == "bytes":
            words = _("“%(title)s” has %(count)s bytes, WeCom takes %(limit)s; a Chinese character has three")
        else:
            words = _("“%(title)s” has %(count)s characters, %(limit)s are taken")
        return words % values
    told = {**values, "channel": str(Channel(str(values["channel"])).label)}
    if values["fault"] == "many":
        return _("“%(title)s” has more than 9 attachments") % told
    if values["fault"] == "mixed":
        return _("“%(title)s”: Moments take up to nine pictures, or one video, or one link") % told
    told["kind"] = str(KIND_LABELS[str(values["fault"])])
    return _("“%(title)s”: %(channel)s carries no %(kind)s") % told


_SENTENCES = {
    "EMPTY-01": gettext_lazy("There is no step yet"),
    "LOAD-02": gettext_lazy("%(who)s has %(count)s minutes to do on day %(day)s, the limit is %(limit)s"),
    "TEXT-01": gettext_lazy("“%(title)s” has no words"),
    "VAR-01": gettext_lazy("“%(title)s”: nothing fills %(name)s"),
    "VAR-02": gettext_lazy("“%(title)s” goes to many at once and cannot use %(name)s"),
    "TRIG-01": gettext_lazy(
        "“%(title)s” waits for one member and would go to a whole group: choose a private channel"
    ),
    "TRIG-02": gettext_lazy("“%(title)s” waits for a tag, but none is chosen"),
    "TRIG-03": gettext_lazy("“%(title)s” waits for what people do, but does not say what"),
    "TRIG-04": gettext_lazy("“%(title)s” waits for answers to a step that is not there or waits for itself"),
    "OFFER-01": gettext_lazy("“%(title)s” counts down to an offer, but no end of the offer is set"),
    "DAY-01": gettext_lazy("“%(title)s” lies after the last day, %(last)s"),
    "QUIET-01": gettext_lazy("“%(title)s” at %(at)s lies in the quiet hours"),
    "QUOTA-01": gettext_lazy("Day %(day)s has %(count)s mass sends a group, the limit is %(limit)s"),
    "CAP-01": gettext_lazy("Day %(day)s brings one person %(count)s messages, the limit is %(limit)s"),
    "CAP-02": gettext_lazy(
        "Days %(first)s to %(last)s bring one person %(count)s messages, the weekly limit is %(limit)s"
    ),
    "TALK-01": gettext_lazy("All %(broadcasts)s steps broadcast; none starts a conversation"),
    "MIX-01": gettext_lazy(
        "Only %(percent)s%% of the group messages are not marketing, at least %(limit)s%%"
    ),
}
