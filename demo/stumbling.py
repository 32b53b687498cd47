"""Before and during the camp: a form finds out what one group needs, and people who try it get stuck and are helped."""

from contacts.enums import ThreeStep
from contacts.models import Customer, Obstacle, Survey, SurveyLink
from contacts.policies.steps import stages_of_step
from contacts.policies.surveys import Question
from contacts.services.obstacles import obstacle_note, obstacle_solve
from contacts.services.surveys import survey_answer, survey_ask, survey_close, survey_save
from demo.company import Company
from groups.selectors import group_list
from tenants import clock
from tenants.scoping import tenant_scope

TITLE = "入营小问卷"
QUESTIONS = (
    Question("q1", "您现在最想解决的问题是什么？", required=True),
    Question("q2", "每天能陪孩子听多久？", "single", options=("15 分钟以内", "15 到 30 分钟", "30 分钟以上")),
    Question("q3", "您在哪个城市？", "city", "city"),
)
WISHES = ("孩子不开口", "坚持不下来", "发音不准", "不知道听什么", "单词记不住")
CITIES = ("杭州", "成都", "武汉", "苏州", "长沙")
OBSTACLES = (
    "下班太晚，直播总赶不上",
    "孩子听十分钟就跑",
    "作业不知道怎么交",
    "家里老人不会操作",
    "担心坚持不下来",
)
HELPED = {0: "改看回放，第二天早上补作业", 2: "发了提交作业的图示，一次就会"}


def form_ask(company: Company) -> int:
    """The form is sent to the first group; returns how many were asked."""
    tenant, actor = company.tenant, company.owner
    with tenant_scope(tenant):
        group = group_list(tenant_id=tenant.pk).filter(state="active").order_by("name").first()
        if group is None:
            return 0
        survey = survey_save(
            tenant=tenant, survey_id=None, title=TITLE, intro="一分钟，帮我们更懂您和孩子。",
            thanks="收到！老师会按您的情况来带。", questions=QUESTIONS, last_day=None, actor=actor,
        )  # fmt: skip
        asked = survey_ask(
            tenant=tenant, survey_id=survey.pk, group_id=group.pk, group_name=str(group), actor=actor
        )
    return asked.tasks


def form_answers(company: Company) -> int:
    """Three of four answer, as on the phone; then the form is closed. Returns how many answered."""
    tenant = company.tenant
    with tenant_scope(tenant):
        survey = Survey.objects.filter(title=TITLE, closed_at=None).first()
        if survey is None:
            return 0
        links = SurveyLink.objects.filter(survey=survey).select_related("survey", "customer").order_by("pk")
        answering = [link for number, link in enumerate(links) if number % 4]
        for number, link in enumerate(answering):
            SurveyLink.objects.filter(pk=link.pk).update(opened_at=clock.now())
            values = {
                "q1": WISHES[number % len(WISHES)], "q2": QUESTIONS[1].options[number % 3],
                "q3": CITIES[number % len(CITIES)],
            }  # fmt: skip
            survey_answer(
                tenant=tenant, link=link, values=values, app_id=link.customer.app_id,
                external_userid=link.customer.external_userid,
            )  # fmt: skip
        survey_close(tenant=tenant, survey_id=survey.pk, is_closed=True, actor=company.owner)
    return len(answering)


def obstacles_noted(company: Company) -> int:
    """Staff note what stands in the way of some who try it. Returns how many."""
    with tenant_scope(company.tenant):
        trying = Customer.objects.filter(stage__in=stages_of_step(ThreeStep.EXPERIENCING), person=None)
        people = list(trying.order_by("pk")[: len(OBSTACLES)])
        for person, text in zip(people, OBSTACLES, strict=False):
            obstacle_note(tenant=company.tenant, customer_id=person.pk, text=text, actor=company.owner)
    return len(people)


def obstacles_solved(company: Company) -> int:
    """Some went away, and what helped is written down. Returns how many."""
    with tenant_scope(company.tenant):
        rows = list(Obstacle.objects.filter(solved_at=None, text__in=OBSTACLES).order_by("pk"))
        helped = [(row, HELPED.get(OBSTACLES.index(row.text))) for row in rows]
        for row, how in helped:
            if how:
                obstacle_solve(tenant=company.tenant, obstacle_id=row.pk, solution=how, actor=company.owner)
    return sum(1 for _row, how in helped if how)
