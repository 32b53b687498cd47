"""What people outside the company said to having their messages kept (R39). The last answer counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from outbox.services import publish
from tenants import clock
from wecom.archive.enums import ConsentState
from wecom.archive.models import ArchiveConsent
from wecom.events import ArchiveConsentChanged

_EVENT_ROWS = 500
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


def consent_set_many(*, tenant_id: int, app_id: int, answers: Iterable[Answer]) -> int:
    """Keep the youngest answer of each person, in the caller's transaction. Returns how many changed.

    Safe to repeat and in any order. Publishes ArchiveConsentChanged for those that changed.
    """
    latest: dict[str, Answer] = {}
    for one in sorted(answers, key=lambda answer: answer.at):
        latest[one.person_id] = one
    if not latest:
        return 0
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
    rows = ArchiveConsent.objects.filter(
        tenant_id=tenant_id, app_id=app_id, person_id__in=set(person_ids), state=ConsentState.DISAGREE
    )
    return dict(rows.values_list("person_id", "at"))


def agreed_in(*, tenant_id: int, person_ids: Iterable[str]) -> set[str]:
    """Those whose standing answer is yes, whichever app heard it. A refusal anywhere outweighs it."""
    rows = ArchiveConsent.objects.filter(tenant_id=tenant_id, person_id__in=set(person_ids))
    found = list(rows.values_list("person_id", "state"))
    refused = {person for person, state in found if state == ConsentState.DISAGREE}
    return {person for person, _state in found} - refused


def refused_in(*, tenant_id: int, person_ids: Iterable[str]) -> set[str]:
    """Those whose standing answer is no, whichever app heard it."""
    rows = ArchiveConsent.objects.filter(
        tenant_id=tenant_id, person_id__in=set(person_ids), state=ConsentState.DISAGREE
    )
    return set(rows.values_list("person_id", flat=True))
