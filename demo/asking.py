"""Exceptions that the operator asks for and the owner decides, what is sold, and customers who rate the service.

Decided by ids, so that the same story comes out each time.
"""

from datetime import timedelta

from contacts.enums import GroupQuestion, QuestionKind, SkuKind
from contacts.errors import SurveyAnswered, SurveyClosed
from contacts.models import Sku, Survey, SurveyLink
from contacts.policies.surveys import Question
from contacts.services.prices import KIND as ANCHOR
from contacts.services.prices import anchor_ask
from contacts.services.skus import sku_save
from contacts.services.surveys import survey_answer, survey_ask, survey_close, survey_save
from demo.camp import PRODUCT, PRODUCT_TITLE
from demo.company import Company
from groups.enums import Kind
from groups.selectors import group_list
from groups.services.approvals import kinds_ask
from sop.enums import RunState
from sop.selectors.calendar import run_list
from sop.services.runs import run_ask_offer_end
from team.selectors import approvals_waiting
from team.services import approval_decide
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import DomainError
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tenants.selectors import member_list

RATING_TITLE = "服务评价"
RATING = [
    Question("q1", "这次服务您打几分？", QuestionKind.SINGLE, GroupQuestion.SERVICE, required=True),
    Question("q2", "哪里还可以做得更好？", QuestionKind.TEXT, GroupQuestion.FEEDBACK),
]
SCORES = (5, 5, 4, 5, 3, 4, 5, 2, 5, 4)
WISHES = {3: "点评能再早一点就好了", 2: "问了回放在哪里，第二天才有人回", 5: "老师很耐心"}


def ratings_ask(company: Company) -> int:
    """The first group is asked how service was; each colleague has the form for their friends. Returns how many."""
    tenant, owner = company.tenant, company.owner
    with tenant_scope(tenant):
        group = group_list(tenant_id=tenant.pk).filter(state="active").order_by("name").first()
        if group is None:
            return 0
        survey = survey_save(
            tenant=tenant, survey_id=None, title=RATING_TITLE, intro="两个问题，半分钟。",
            thanks="谢谢，每一条我们都会看。",
            questions=RATING, last_day=None, actor=owner,
        )  # fmt: skip
        asked = survey_ask(
            tenant=tenant, survey_id=survey.pk, group_id=group.pk, group_name=str(group), actor=owner
        )
        return asked.tasks


def ratings_come(company: Company) -> int:
    """A third of those who were asked and have not answered do so. Returns how many."""
    tenant, given = company.tenant, 0
    with tenant_scope(tenant):
        waiting = SurveyLink.objects.filter(survey__title=RATING_TITLE, answered_at=None)
        for link in waiting.select_related("survey", "customer").order_by("pk"):
            if link.pk % 3:
                continue
            score = SCORES[link.pk // 3 % len(SCORES)]
            try:
                survey_answer(
                    tenant=tenant, link=link, values={"q1": str(score), "q2": WISHES.get(score, "")},
                    app_id=link.customer.app_id, external_userid=link.customer.external_userid,
                )  # fmt: skip
            except (SurveyAnswered, SurveyClosed):
                continue  # answered meanwhile, or closed
            given += 1
    return given


def ratings_end(company: Company) -> None:
    """The form is closed: who has not answered is on nobody's list any more."""
    with tenant_scope(company.tenant):
        for row in Survey.objects.filter(title=RATING_TITLE, closed_at=None):
            survey_close(tenant=company.tenant, survey_id=row.pk, is_closed=True, actor=company.owner)


def another_type_refused(company: Company) -> bool:
    """The operator asks for another type of a group that runs; the owner refuses with a note."""
    tenant, operator = company.tenant, _operator(company)
    with tenant_scope(tenant):
        group = group_list(tenant_id=tenant.pk).filter(state="active").order_by("-name").first()
        if operator is None or group is None:
            return False
        other = next(one for one in (Kind.DELIVERY, Kind.NEW_USER) if one != group.kind)
        asked = kinds_ask(
            tenant=tenant,
            group_ids=[group.pk],
            kind=other,
            reason="家长问起老师的课，想在群里直接接",
            actor=operator,
        )
        for row in approvals_waiting(tenant_id=tenant.pk) if asked else ():
            approval_decide(
                tenant=tenant, approval_id=row.pk, is_granted=False, actor=company.owner,
                note="这个群说好做什么，就做到结束。有意向的家长一对一接。",
            )  # fmt: skip
        return bool(asked)


def sku_begin(company: Company) -> Sku:
    """What the shop sells, under the code that its orders name it by."""
    with tenant_scope(company.tenant):
        return sku_save(
            tenant=company.tenant, code=PRODUCT["id"], name=PRODUCT_TITLE, price_fen=PRODUCT["price_fen"],
            kind=SkuKind.FIRST, actor=company.owner,
        )  # fmt: skip


def anchor_granted(company: Company) -> bool:
    """After the first orders the operator asks to compare with the price people paid; the owner grants it."""
    tenant, operator = company.tenant, _operator(company)
    with tenant_scope(tenant):
        sku = Sku.objects.filter(tenant=tenant, code=PRODUCT["id"]).first()
        if operator is None or sku is None or sku.price_fen is None:
            return False
        try:
            anchor_ask(
                tenant=tenant, sku_id=sku.pk, price_fen=sku.price_fen, actor=operator,
                reason="下期早鸟海报要写原价，按这期真实成交的价格写",
            )  # fmt: skip
        except DomainError:
            return False  # nobody has paid it yet
        for row in approvals_waiting(tenant_id=tenant.pk):
            if row.kind == ANCHOR:
                approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=company.owner)
        return True


def later_end_asked(company: Company) -> bool:
    """On the last day of the offer the operator asks for two more hours: it waits for a decision."""
    tenant, operator = company.tenant, _operator(company)
    with tenant_scope(tenant):
        runs = run_list(tenant=tenant).filter(state=RunState.RUNNING, offer_ends_at__isnull=False)
        run = runs.order_by("pk").first()
        if operator is None or run is None or run.offer_ends_at is None:
            return False
        try:
            run_ask_offer_end(
                tenant=tenant, run_id=run.pk, offer_ends_at=run.offer_ends_at + timedelta(hours=2), actor=operator,
                reason="下午支付页打不开四十分钟，有家长没付成",
            )  # fmt: skip
        except DomainError:
            return False  # the demo is built after the offer has ended
        return True


def _operator(company: Company) -> Actor | None:
    with tenant_scope(company.tenant):
        for row in member_list(tenant=company.tenant):
            if row.role == Role.OPERATOR:
                return Actor.of_user(row.user, PERMISSIONS[Role.OPERATOR])
    return None
