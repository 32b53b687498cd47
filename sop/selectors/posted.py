"""What SOPs posted in groups, for who must tell a post from an answer (R75)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sop.enums import GROUP_CHANNELS
from sop.models import Touch

EARLY = timedelta(days=2)  # a touch is planned at most so long before its message is seen


def texts_posted(
    *, tenant_id: int, chat_ids: Collection[str], since: datetime, until: datetime
) -> set[tuple[str, str]]:
    """{(chat id, words)} of the touches planned for these groups around [since, until], as handed over. One query."""
    rows = Touch.objects.filter(
        tenant_id=tenant_id, group__chat_id__in=list(chat_ids), channel__in=GROUP_CHANNELS,
        planned_at__gte=since - EARLY, planned_at__lte=until,
    ).exclude(text="")  # fmt: skip
    return set(rows.order_by().values_list("group__chat_id", "text"))
