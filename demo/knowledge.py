"""The company makes the built-in knowledge cards its own, and its people read them and take the tests.

Decided by ids, so that the same story comes out each time.
"""

from datetime import timedelta

from content.enums import CardKind, CardState
from content.selectors.knowledge import card_list, standings
from content.services.knowledge import builtin_add, card_publish, card_save
from content.services.knowledge_quiz import quiz_answer, quiz_start
from demo.company import Company
from tenants import clock
from tenants.scoping import tenant_scope

LANGUAGE = "zh-hans"
LEFT_AS_DRAFT = "free_courses"
PRODUCT = "product_basics"
CHECK_DAYS = 30  # prices of competitors are looked at once a month
PRODUCT_WORDS = {
    "what": "给三到八岁孩子的启蒙英语：每天 10 分钟跟读，30 天能开口说完整的自我介绍。\n"
    "一个老师跟到底，作业 24 小时内点评；跟不上可以转下一期，不另收费。\n"
    "说完停下来问：「孩子现在最头疼的是不敢开口，还是记不住？」",
    "whom": "适合：三到八岁、每天能空出 10 分钟、家长愿意陪着点开的。\n"
    "不适合：只想找人看孩子的、要求保证考试分数的。不适合就直说，推荐先听免费课。",
    "gets": "下单后 1 小时内：班主任加好友，发课表。\n每周：5 节跟读课、3 次作业点评、1 次直播答疑。\n"
    "全年：96 节课，回放一年内都能看。\n结营：一份开营和结营的录音对比。",
    "price": "年课 1,980 元，含全部课程、点评和回放，不含纸质教材。\n"
    "营期优惠到第 19 天 20:00，过了就没有，不私下给价。\n"
    "退费：未上的课按节退，7 个工作日到账。先报规则，再问原因。",
    "never": "不说包会、保证提分；不发没有授权的孩子视频；不说没有的名额和截止时间。",
}


def cards_begin(company: Company) -> int:
    """All built-in cards but one in force, the product's in the company's own words. Returns how many."""
    tenant, owner = company.tenant, company.owner
    with tenant_scope(tenant):
        builtin_add(tenant=tenant, actor=owner, language=LANGUAGE)
        cards = list(card_list(tenant_id=tenant.pk).exclude(builtin=LEFT_AS_DRAFT).order_by("pk"))
        check_by = clock.local_date(clock.now(), tenant.timezone) + timedelta(days=CHECK_DAYS)
        for card in cards:
            is_product = card.builtin == PRODUCT
            card_save(
                tenant=tenant, actor=owner, card_id=card.pk, kind=card.kind, summary=card.summary, asks=card.asks,
                title="启蒙英语年课：三句话讲清楚" if is_product else card.title, aliases=card.aliases,
                sections=PRODUCT_WORDS if is_product else card.sections,
                check_by=check_by if card.kind == CardKind.COMPETITOR else None,
            )  # fmt: skip
            card_publish(tenant=tenant, card_id=card.pk, actor=owner)
    return len(cards)


def day_of_reading(company: Company) -> int:
    """About half of those who still have to know something take a test; some fail the first time. Returns how many."""
    tenant, taken = company.tenant, 0
    with tenant_scope(tenant):
        open_rows = standings(tenant_id=tenant.pk).filter(
            is_asked=True, done_edition=0, card__state=CardState.LIVE
        )
        day = clock.local_date(clock.now(), tenant.timezone).toordinal()
        for row in open_rows.order_by("pk"):
            if (row.pk * 7 + day) % 5 > 1 or row.staff_id % 6 == 0:  # one in six always puts it off
                continue
            begun = quiz_start(tenant=tenant, card_id=row.card_id, staff=row.staff, actor=company.owner)
            misses = {0} if row.pk % 4 == 0 and row.tries == 0 else set()
            answers = [
                (one["right"] + (number in misses)) % len(one["options"])
                for number, one in enumerate(begun.sheet)
            ]
            quiz_answer(
                tenant=tenant, attempt_id=begun.pk, staff=row.staff, answers=answers, actor=company.owner
            )
            taken += 1
    return taken
