"""What people do at their desks each day: confirm intent, follow up, answer doubts, close honestly.

Decided by the lead's id, so that the same story comes out each time.
"""

from datetime import datetime, timedelta

from demo.company import Company
from leads.enums import CloseReason, FollowResult, LeadState
from leads.selectors.board import by_work_order, lead_list
from leads.services.follow import lead_confirm_s, lead_deny_s, lead_follow_up
from sop.enums import TouchState
from sop.selectors.calendar import touch_list
from sop.services.staff import touch_review
from tenants import clock
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

DOUBTS = ("比线下贵", "担心孩子坐不住", "没时间陪", "要和家人商量", "老师是不是固定")


def day_at_the_desk(company: Company, now: datetime) -> int:
    """Work off what is waiting, most urgent first. Returns how many leads were touched."""
    day = clock.local_date(now, company.tenant.timezone)
    worked = 0
    with tenant_scope(company.tenant):
        due = lead_list(tenant_id=company.tenant.pk).filter(state=LeadState.OPEN, next_action_at__lte=now)
        for lead in by_work_order(due, now=now)[: company.plan.leads_a_visit]:
            try:
                _work(company, lead, now, key=f"desk-{day}-{lead.pk}")
            except DomainError:
                continue  # closed by an order between the list and the work
            worked += 1
    return worked


def _work(company: Company, lead, now: datetime, *, key: str) -> None:  # type: ignore[no-untyped-def]
    asked = {"tenant": company.tenant, "lead_id": lead.pk, "actor": company.owner}
    if lead.is_maybe_s:
        (lead_deny_s if lead.pk % 7 == 0 else lead_confirm_s)(**asked)
    if lead.follow_count >= 4 and lead.pk % 3 == 0:
        lead_follow_up(
            **asked, key=key, result=FollowResult.NOT_BUYING, close_reason=CloseReason.PRICE, minutes=5
        )
    elif lead.follow_count % 2 == 0:
        lead_follow_up(
            **asked,
            key=key,
            result=FollowResult.NEW_DOUBT,
            doubt=DOUBTS[lead.pk % len(DOUBTS)],
            minutes=6 + lead.pk % 9,
            next_action="答复疑虑，问还差什么",
            next_action_at=now + timedelta(days=1),
        )
    else:
        lead_follow_up(
            **asked,
            key=key,
            result=FollowResult.TALKED,
            minutes=4 + lead.pk % 7,
            next_action="问家里商量的结果",
            next_action_at=now + timedelta(days=2),
        )


def screenshots_review(company: Company) -> int:
    """The team lead looks at what staff say they sent; about one in ten has no picture and waits. Returns how many."""
    reviewed = 0
    with tenant_scope(company.tenant):
        waiting = touch_list(tenant=company.tenant).filter(state=TouchState.SUBMITTED)
        for touch_id in waiting.values_list("pk", flat=True):
            if touch_id % 10:
                touch_review(tenant=company.tenant, touch_id=touch_id, actor=company.owner, note="截图已看")
                reviewed += 1
    return reviewed
