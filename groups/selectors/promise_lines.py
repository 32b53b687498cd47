"""The lines of the answer to "What we deliver" beside the promises they are (R17)."""

from groups.enums import Question
from groups.models import Promise
from groups.policies.promise_lines import Line, lines_keyed
from groups.selectors.facts import answers_of
from groups.selectors.promises import TEXT_LIMIT


def lines_beside_ledger(*, tenant_id: int, group_id: int) -> list[tuple[Line, Promise | None]]:
    """Each line of the answer to "What we deliver" with the promise that it is; None: not in the ledger yet.

    A line is known by its key. Where the answer was emptied and written again, or was written before lines had keys,
    a promise that lost its line is known by the words it was taken over with, one line a promise. Two queries.
    """
    answered = answers_of(tenant_id=tenant_id, group_ids=[group_id]).get(group_id, {})
    lines = lines_keyed(answered.get(Question.DELIVERABLE, {}))
    keys = {line.key for line in lines}
    rows = Promise.objects.filter(tenant_id=tenant_id, group_id=group_id, from_gate=True).order_by("pk")
    by_key = {row.gate_key: row for row in rows if row.gate_key in keys}
    loose = [row for row in rows if row.gate_key not in keys]
    found: list[tuple[Line, Promise | None]] = []
    for line in lines:
        promise = by_key.get(line.key)
        if promise is None:
            promise = next((row for row in loose if row.gate_text == line.text[:TEXT_LIMIT]), None)
            loose = [row for row in loose if row is not promise]
        found.append((line, promise))
    return found


def lines_to_take_over(*, tenant_id: int, group_id: int) -> list[str]:
    """What pressing "Take them over" would change: lines that are no promise yet, or say something else by now."""
    return [
        line.text
        for line, promise in lines_beside_ledger(tenant_id=tenant_id, group_id=group_id)
        if promise is None or (promise.is_as_taken_over and promise.gate_text != line.text[:TEXT_LIMIT])
    ]
