"""What people do at their desks each day: confirm intent, follow up, answer doubts, close honestly.

Decided by the lead's id, so that the same story comes out each time.
"""

from datetime import datetime, timedelta

from demo.company import Company
from leads.enums import CloseReason, DoubtState, FollowResult, LeadState
from leads.selectors.board import by_work_order, lead_list
from leads.services.follow import doubt_answer, lead_confirm_s, lead_deny_s, lead_follow_up
from leads.services.needs import need_note
from sop.enums import TouchState
from sop.selectors.calendar import touch_list
from sop.services.staff import touch_review
from tenants import clock
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

DOUBTS = ("比线下贵", "担心孩子坐不住", "没时间陪", "要和家人商量", "老师是不是固定")
ANSWERS = {
    "比线下贵": "按节算 20.6 元，回放一年内都能看",
    "担心孩子坐不住": "前 5 分钟老师单独带，不行随时停",
    "没时间陪": "每天 10 分钟，家长只要点开",
    "要和家人商量": "发了三分钟试听，请家人一起听",
    "老师是不是固定": "一个老师跟到底，请假会提前说",
}
NEEDS = (
    ("need", "想跟上学校进度"), ("pain", "孩子不敢开口"), ("scenario", "暑假出国玩"), ("competitor", "线下机构"),
    ("need", "想打好发音基础"), ("pain", "报过班没坚持"), ("scenario", "放学后在家学"),
)  # fmt: skip


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
        kind, text = NEEDS[lead.pk % len(NEEDS)]
        need_note(**asked, kind=kind, text=text)
        for doubt in lead.doubts.filter(state=DoubtState.OPEN):
            doubt_answer(
                tenant=company.tenant,
                doubt_id=doubt.pk,
                answer=ANSWERS.get(doubt.text, ""),
                actor=company.owner,
            )
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
