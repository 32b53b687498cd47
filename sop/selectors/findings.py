"""The sentences of the plan checks, with their codes; and what may be done about each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sop.enums import Mark
from sop.policies.plan import Finding, Severity

SEVERITY = {
    Severity.BLOCK: ("bad", gettext_lazy("Blocks")),
    Severity.WARN: ("warn", gettext_lazy("Warning")),
    Severity.NOTE: ("", gettext_lazy("Note")),
}


@dataclass(frozen=True)
class Explained:
    """A finding as a person reads it."""

    code: str
    tone: str
    label: Any
    text: str
    keys: tuple[str, ...]


def explained(findings: Iterable[Finding]) -> list[Explained]:
    """Findings with words, in their order."""
    return [
        Explained(one.code, SEVERITY[one.severity][0], SEVERITY[one.severity][1], _sentence(one), one.keys)
        for one in findings
    ]


def _sentence(finding: Finding) -> str:
    values = dict(finding.values)
    if finding.code == "PEAK-01":
        names = [str(Mark(one).label) for one in values["missing"]]  # type: ignore[attr-defined]
        return _("No step is marked: %(marks)s") % {"marks": _("、").join(names)}
    if finding.code == "LOAD-01":
        words = ngettext(
            "Day %(day)s asks %(count)s minutes of whoever runs %(groups)s group, the limit is %(limit)s",
            "Day %(day)s asks %(count)s minutes of whoever runs %(groups)s groups, the limit is %(limit)s",
            int(str(values["groups"])),
        )
        return words % values
    return _SENTENCES[finding.code] % values if finding.code in _SENTENCES else finding.code


_SENTENCES = {
    "EMPTY-01": gettext_lazy("There is no step yet"),
    "TEXT-01": gettext_lazy("“%(title)s” has no words"),
    "VAR-01": gettext_lazy("“%(title)s”: nothing fills %(name)s"),
    "VAR-02": gettext_lazy("“%(title)s” goes to many at once and cannot use %(name)s"),
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
