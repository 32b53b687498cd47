"""Taking the answer to a pulse (R48)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from sop.enums.pulses import PULSE_DAYS
from sop.errors import PulseClosed, PulseNotMeant
from sop.models import PulseAnswer
from sop.selectors.pulses import Question, answer_of, records_of, sits_in
from tenants import clock

if TYPE_CHECKING:
    from contacts.models import Customer
    from tenants.models import Tenant

SAID_CHARS = 200


def pulse_answer(
    *, tenant: "Tenant", question: Question, customer: "Customer", score: int, said: str | None = None
) -> PulseAnswer:
    """Keep what a person answers; until the day of the first answer ends it may be given anew. `said` None keeps the
    sentence. Safe to repeat and in parallel: one answer a person, whichever of their records it comes by.

    Raises PulseClosed after that day and a week after the question, PulseNotMeant for who is not in the group.
    """
    now = clock.now()
    with transaction.atomic():
        records = records_of(tenant_id=tenant.pk, customer=customer)
        if not sits_in(tenant_id=tenant.pk, group_id=question.group_id, records=records):
            raise PulseNotMeant
        row = answer_of(tenant_id=tenant.pk, question=question, records=records, for_update=True)
        if row is None:
            if now > question.asked_at + timedelta(days=PULSE_DAYS):
                raise PulseClosed
            row, _made = PulseAnswer.objects.get_or_create(
                tenant=tenant,
                run_id=question.run_id,
                step_key=question.step_key,
                customer_id=customer.person_id or customer.pk,
                defaults={"group_id": question.group_id, "score": score, "answered_at": now},
            )
        elif not may_change(row, zone=tenant.timezone):
            raise PulseClosed
        row.score, row.changed_at = score, now
        row.said = row.said if said is None else said.strip()[:SAID_CHARS]
        row.save()
    return row


def may_change(row: PulseAnswer, *, zone: str) -> bool:
    """Whether the day of the first answer goes on."""
    return clock.local_date(row.answered_at, zone) == clock.local_date(clock.now(), zone)
