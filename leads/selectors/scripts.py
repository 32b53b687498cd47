"""Scripts at hand: the agreed words of the library that fit this lead, filled in for this person (R40, R74)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from content.policies.wording import names_in
from content.policies.wording import render as fill
from content.selectors import script_search
from content.selectors.facts import facts_for
from leads.enums import DoubtState, NeedKind
from leads.models import Doubt, Lead, Need
from leads.policies.wording import scripts_for
from leads.selectors.needs import answers_to, scripts_tied
from tenants.models import Tenant

MOST = 6
FOUND = 6


@dataclass(frozen=True)
class AtHand:
    """Words ready to send. `open`: variables nothing could fill, which a person fills before sending."""

    text: str
    source: str
    open: tuple[str, ...] = ()
    script_id: int | None = None


def scripts_at_hand(
    *, tenant: Tenant, lead: Lead, speaker: str, doubts: Sequence[Doubt], needs: Sequence[Need]
) -> list[AtHand]:
    """First what answers an open doubt or a noted need, then what is worth telling this person, then the usual opening.

    `speaker`: the name of whoever will send it. The same number of queries for any number of doubts and needs.
    """
    values = speaker_values(tenant=tenant, lead=lead, speaker=speaker)
    asked = [(NeedKind.OBJECTION.value, one.text) for one in doubts if one.state == DoubtState.OPEN]
    asked += [(one.kind, one.text) for one in needs]
    tied = scripts_tied(tenant_id=tenant.pk, needs=asked)
    worked = answers_to(
        tenant_id=tenant.pk, texts=[text for kind, text in asked if kind == NeedKind.OBJECTION]
    )
    found: list[AtHand] = []
    for key in asked:
        script = tied.get(key)
        if script is not None:
            found.append(_filled(script, values, _source(key)))
        elif worked.get(key[1]):
            best = worked[key[1]][0]
            found.append(AtHand(best.text, _answered(key[1], best.times, best.won)))
    found += [
        AtHand(one.fact.text, _fact_source(one))
        for one in facts_for(tenant=tenant, customer_id=lead.customer_id)[:1]
    ]
    open_doubts = [text for kind, text in asked if kind == NeedKind.OBJECTION and (kind, text) not in tied]
    found += [AtHand(one["text"], one["source"]) for one in scripts_for(lead.column, open_doubts)]
    return _once(found)[:MOST]


def scripts_found(*, tenant: Tenant, lead: Lead, speaker: str, question: str) -> list[AtHand]:
    """The library's answers to a question, best first, filled in for this person; without one the most used."""
    values = speaker_values(tenant=tenant, lead=lead, speaker=speaker)
    rows = script_search(tenant_id=tenant.pk, question=question, limit=FOUND)
    return [
        _filled(one, values, _("%(title)s · sent %(n)s times") % {"title": one.title, "n": one.uses})
        for one in rows
    ]


def speaker_values(*, tenant: Tenant, lead: Lead, speaker: str) -> dict[str, str]:
    """What fills the variables of a script for this lead; what is unknown is absent, so that a person sees it."""
    values = {
        "customer": lead.customer.name, "teacher": speaker, "brand": tenant.brand or tenant.name,
        "group": str(lead.group) if lead.group else "",
    }  # fmt: skip
    return {key: value for key, value in values.items() if value}


def _filled(script: Any, values: dict[str, str], source: str) -> AtHand:
    text = fill(script.text, values, {})
    return AtHand(text, source, tuple(names_in(text)), script.pk)


def _source(key: tuple[str, str]) -> str:
    kind, text = key
    return _("%(kind)s “%(text)s” · agreed words") % {"kind": NeedKind(kind).label, "text": text}


def _answered(text: str, times: int, won: int) -> str:
    told = {"text": text, "times": times, "won": won}
    return _("Answered “%(text)s” %(times)s times, %(won)s bought") % told


def _fact_source(one: Any) -> str:
    if one.persona is None:
        return _("Worth telling everybody")
    return _("Worth telling “%(persona)s”") % {"persona": one.persona}


def _once(found: Sequence[AtHand]) -> list[AtHand]:
    return list({one.text: one for one in reversed(found)}.values())[::-1]
