"""What people outside the company said to having their messages kept (R39). The last answer counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.utils.crypto import salted_hmac

from outbox.services import publish
from tenants import clock
from wecom.archive.enums import ConsentState
from wecom.archive.models import ArchiveConsent
from wecom.events import ArchiveConsentChanged

_EVENT_ROWS = 500
_SALT = "wecom.archive.consent"
_UPSERT = """
insert into wecom_archiveconsent (tenant_id, app_id, person_id, state, source, at, note)
select %s, %s, * from unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
on conflict (tenant_id, app_id, person_id) do update
  set state = excluded.state, source = excluded.source, at = excluded.at, note = excluded.note
  where wecom_archiveconsent.at < excluded.at
returning person_id, state, source, at
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """`agreed` at a moment, from a ConsentSource. `note`: on what ground, when a person recorded it."""

    person_id: str
    agreed: bool
    at: datetime
    source: str
    note: str = ""


def _hidden(tenant_id: int, person_ids: Iterable[str]) -> dict[str, str]:
    """{keyed hash: person}: under it the answer of somebody who was erased goes on holding, and names nobody."""
    return {
        salted_hmac(_SALT, f"{tenant_id}.{one}", algorithm="sha256").hexdigest(): one for one in person_ids
    }


def consent_forget(*, tenant_id: int, person_id: str) -> int:
    """Keep a person's answers without who it was, as they asked to be erased. Safe to repeat."""
    (hidden,) = _hidden(tenant_id, [person_id])
    rows = ArchiveConsent.objects.filter(tenant_id=tenant_id, person_id=person_id)
    known = ArchiveConsent.objects.filter(tenant_id=tenant_id, person_id=hidden)
    rows.filter(app_id__in=list(known.values_list("app_id", flat=True))).delete()
    return rows.update(person_id=hidden, note="")


def consent_set_many(*, tenant_id: int, app_id: int, answers: Iterable[Answer]) -> int:
    """Keep the youngest answer of each person, in the caller's transaction. Returns how many changed.

    Safe to repeat and in any order. Publishes ArchiveConsentChanged for those that changed.
    """
    latest: dict[str, Answer] = {}
    for one in sorted(answers, key=lambda answer: answer.at):
        latest[one.person_id] = one
    if not latest:
        return 0
    hidden = _hidden(tenant_id, latest)
    erased = ArchiveConsent.objects.filter(tenant_id=tenant_id, person_id__in=list(hidden))
    for key in set(erased.values_list("person_id", flat=True)):
        latest[key] = replace(latest.pop(hidden[key]), person_id=key, note="")
    rows = [latest[key] for key in sorted(latest)]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            [
                tenant_id,
                app_id,
                [one.person_id for one in rows],
                [(ConsentState.AGREE if one.agreed else ConsentState.DISAGREE).value for one in rows],
                [str(one.source) for one in rows],
                [one.at for one in rows],
                [one.note[:200] for one in rows],
            ],
        )
        changed = cursor.fetchall()
    people = [
        {"external_userid": person, "state": state, "source": source, "at": at.isoformat()}
        for person, state, source, at in changed
        if person not in hidden
    ]
    for start in range(0, len(people), _EVENT_ROWS):
        publish(
            ArchiveConsentChanged(
                tenant_id=tenant_id,
                occurred_at=clock.now(),
                app_id=app_id,
                people=people[start : start + _EVENT_ROWS],
            )
        )
    return len(people)


def refused_since(*, tenant_id: int, app_id: int, person_ids: Iterable[str]) -> dict[str, datetime]:
    """{person: the moment of the refusal that stands}. One query."""
    asked = _told(tenant_id, person_ids)
    rows = ArchiveConsent.objects.filter(
        tenant_id=tenant_id, app_id=app_id, person_id__in=list(asked), state=ConsentState.DISAGREE
    )
    return {asked[person]: at for person, at in rows.values_list("person_id", "at")}


def agreed_in(*, tenant_id: int, person_ids: Iterable[str]) -> set[str]:
    """Those whose standing answer is yes, whichever app heard it. A refusal anywhere outweighs it."""
    asked = _told(tenant_id, person_ids)
    rows = ArchiveConsent.objects.filter(tenant_id=tenant_id, person_id__in=list(asked))
    found = [(asked[person], state) for person, state in rows.values_list("person_id", "state")]
    refused = {person for person, state in found if state == ConsentState.DISAGREE}
    return {person for person, _state in found} - refused


def refused_in(*, tenant_id: int, person_ids: Iterable[str]) -> set[str]:
    """Those whose standing answer is no, whichever app heard it."""
    asked = _told(tenant_id, person_ids)
    rows = ArchiveConsent.objects.filter(
        tenant_id=tenant_id, person_id__in=list(asked), state=ConsentState.DISAGREE
    )
    return {asked[person] for person in rows.values_list("person_id", flat=True)}


def _told(tenant_id: int, person_ids: Iterable[str]) -> dict[str, str]:
    """{how the person may stand in the table: the person}."""
    people = set(person_ids)
    return {**{one: one for one in people}, **_hidden(tenant_id, people)}
