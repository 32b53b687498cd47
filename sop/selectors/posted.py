"""What SOPs posted in groups and sent to single people, for who must tell that from an answer (R75)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sop.enums import GROUP_CHANNELS, Channel
from sop.models import Touch, TouchRecipient

EARLY = timedelta(days=2)  # a touch is planned at most so long before its message is seen


def texts_posted(
    *,
    tenant_id: int,
    chat_ids: Collection[str],
    person_ids: Collection[str],
    since: datetime,
    until: datetime,
) -> set[tuple[str, str]]:
    """{(chat id, words)} of the touches planned for these groups around [since, until], as handed over, and
    {(external_userid, words)} of the mass sends to these people. One query for each kind that is asked for.

    What a colleague writes to one person by hand, from a task too, is theirs and may be an answer.
    """
    span = {"planned_at__gte": since - EARLY, "planned_at__lte": until}
    found: set[tuple[str, str]] = set()
    if chat_ids:
        rows = Touch.objects.filter(
            tenant_id=tenant_id, group__chat_id__in=list(chat_ids), channel__in=GROUP_CHANNELS, **span
        )
        found |= set(rows.exclude(text="").order_by().values_list("group__chat_id", "text"))
    if person_ids:
        people = TouchRecipient.objects.filter(
            tenant_id=tenant_id, customer__external_userid__in=list(person_ids), touch__channel=Channel.PRIVATE_MASS,
            **{f"touch__{name}": at for name, at in span.items()},
        )  # fmt: skip
        found |= set(
            people.exclude(touch__text="").order_by().values_list("customer__external_userid", "touch__text")
        )
    return found
