"""What contacts hands over when a colleague leaves or moves (R125): customers by WeCom, codes for new friends here."""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.enums import TransferState
from contacts.models import ContactWay, CustomerTransfer
from contacts.policies.transfers import CAME_BACK, MAY_BE_ASKED_AGAIN, code_words, next_words
from contacts.selectors.transfers import ties_held, transfer_counts, transfer_list
from contacts.services.transfers import transfers_ask
from contacts.services.ways import ways_give
from team.services.handover import Move, Part
from tenants.models import Tenant

if TYPE_CHECKING:
    from team.models import Staff

PAGE_ROWS = 30
# The same in a word, above the table.
SHORT = {
    TransferState.LATER: pgettext_lazy("transfer", "Later"),
    TransferState.QUEUED: pgettext_lazy("transfer", "On its way"),
    TransferState.WAITING: pgettext_lazy("transfer", "Waiting"),
    TransferState.DONE: pgettext_lazy("transfer", "Taken over"),
    TransferState.REFUSED: pgettext_lazy("transfer", "Refused"),
    TransferState.LIMIT: pgettext_lazy("transfer", "Receiver full"),
    TransferState.FAILED: pgettext_lazy("transfer", "Not taken"),
    TransferState.RESTED: pgettext_lazy("transfer", "Left"),
}
BACK = "back"  # every state in which somebody has to decide


def _move_customers(one: Move) -> int:
    return transfers_ask(
        tenant=one.tenant, giver=one.giver, taker=one.taker, reason=one.reason, actor=one.actor
    )


def _ways(*, tenant_id: int, staff_id: int) -> QuerySet[ContactWay]:
    rows = ContactWay.objects.filter(
        tenant_id=tenant_id, staff_ids__contains=[staff_id], ended_at=None, is_ending=False
    )
    return rows.select_related("channel").defer("qr_picture").order_by("pk")


def _move_ways(one: Move) -> int:
    ids = list(_ways(tenant_id=one.tenant.pk, staff_id=one.giver.pk).values_list("pk", flat=True))
    return ways_give(tenant=one.tenant, way_ids=ids, giver=one.giver, taker=one.taker, actor=one.actor)


def _said(row: CustomerTransfer) -> str:
    """What WeCom answered, in the reader's language where its code is known."""
    if row.state != TransferState.FAILED:
        return ""
    return code_words(row.error_code) if row.error_code else row.error


def customers_section(tenant: Tenant, staff: "Staff", told: QueryDict) -> dict[str, Any] | None:
    """What `contacts/_transfers.html` shows on the hand-over page; None while nothing was asked of WeCom."""
    counts = transfer_counts(tenant_id=tenant.pk, giver_id=staff.pk)
    if not counts:
        return None
    back = sum(counts.get(state, 0) for state in CAME_BACK)
    tabs = [(str(state.value), SHORT[state], counts[state]) for state in TransferState if counts.get(state)]
    if back:
        tabs.insert(0, (BACK, _("To be decided"), back))
    wanted = told.get("customers", "")
    shown = wanted if wanted in {key for key, _label, _n in tabs} else tabs[0][0]
    rows = transfer_list(tenant_id=tenant.pk, giver_id=staff.pk, state="" if shown == BACK else shown)
    if shown == BACK:
        rows = rows.filter(state__in=CAME_BACK)
    page = Paginator(rows, PAGE_ROWS).get_page(told.get("customers_page"))
    return {
        "tabs": tabs, "shown": shown, "page": page, "back": back, "total": sum(counts.values()),
        "done": counts.get(TransferState.DONE, 0),
        "rows": [(row, next_words(row.state), _said(row)) for row in page],
        "may_decide": shown == BACK or shown in MAY_BE_ASKED_AGAIN,
        "may_rest": shown in (BACK, *CAME_BACK, TransferState.LATER),
    }  # fmt: skip


PARTS = [
    Part("customers", _("Customers in WeCom"), ties_held, _move_customers, order=30,
         note=_("WeCom moves them after 24 hours unless a customer refuses; each twice in 90 days at most. "
                "Who came back is decided below."),
         line=lambda row: (str(row.customer), row.remark),
         section=("contacts/_transfers.html", customers_section)),
    Part("ways", _("Codes for new friends"), _ways, _move_ways, order=31,
         note=_("The printed picture stays the same; whoever scans it meets the receiver."),
         line=lambda row: (row.name, str(row.channel))),
]  # fmt: skip
