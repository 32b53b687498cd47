"""How far the tags that are written to WeCom are, and what WeCom said."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from contacts.enums import MarkState
from contacts.models import TagBatch, TagMark

NO_FRIENDS, NO_CUSTOMER, NO_TAG, NOT_OURS = 84061, 40096, 40068, 48002


@dataclass(frozen=True, slots=True)
class Written:
    """Relations of staff and customers that a batch writes to WeCom, by what became of them."""

    waiting: int = 0
    done: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.done + self.failed


def marks_written(*, tenant_id: int, batch_ids: Iterable[int]) -> dict[int, Written]:
    """{batch id: how far it is at WeCom}; absent means that nothing of it is written there. One query."""
    rows = TagMark.objects.filter(tenant_id=tenant_id, batch_id__in=list(batch_ids))
    counted = rows.values("batch_id").annotate(
        **{str(one): Count("pk", filter=Q(status=one)) for one in MarkState}
    )
    return {row["batch_id"]: Written(row["waiting"], row["done"], row["failed"]) for row in counted}


def batch_get(*, tenant_id: int, batch_id: int) -> TagBatch:
    """Without the people. Raises TagBatch.DoesNotExist, also for another tenant's id."""
    return TagBatch.objects.defer("person_ids").select_related("tag").get(tenant_id=tenant_id, pk=batch_id)


def batch_marks(*, tenant_id: int, batch_id: int) -> QuerySet[TagMark]:
    """What a batch writes to WeCom, the relations WeCom refused first."""
    rows = TagMark.objects.filter(tenant_id=tenant_id, batch_id=batch_id)
    return rows.select_related("customer", "staff").order_by("-error_code", "customer_id", "staff_id")


def marks_open(*, tenant_id: int, customer_ids: Iterable[int]) -> list[TagMark]:
    """What is on its way to WeCom for one person, and what WeCom refused."""
    rows = TagMark.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    open_now = rows.exclude(status=MarkState.DONE).select_related("tag", "staff")
    return list(open_now.order_by("tag__name", "staff__name", "pk"))


def mark_words(mark: TagMark) -> str:
    """Where it stands, and why WeCom refused it, with what to do."""
    if mark.status != MarkState.FAILED:
        if mark.status == MarkState.DONE and not mark.is_on:
            return _("Off at WeCom")
        return mark.get_status_display()
    if mark.error_code in (NO_FRIENDS, NO_CUSTOMER):
        return _("They are no friends in WeCom any more; the tag stands here only.")
    if mark.error_code == NO_TAG:
        return _("The tag was deleted in WeCom: read the tags again and choose another.")
    if mark.error_code == NOT_OURS:
        return _("The app may not change this tag: allow it in the WeCom console, then ask again.")
    return _("WeCom refused it: %(error)s") % {"error": mark.error or mark.error_code}
