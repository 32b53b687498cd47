"""The culture of the groups that talk: members propose norms and answer in the chat, helpers help and are thanked. One
group hears sanctions and no thanks, so that Today has something to suggest.
"""

from demo.company import Company
from demo.messages import TALKING_GROUPS, say
from demo.vendor import Vendor
from groups.enums import HelperRole, KocState, LadderStep, NormState, ThanksFor
from groups.models import Group, Member, Norm
from groups.policies.culture import thanks_words
from groups.selectors import group_list
from groups.services.koc import helper_task_add, helper_task_close, koc_add, koc_edit, koc_move
from groups.services.norms import norm_add, norm_ask, norm_voices_tell, norms_tell
from groups.services.thanks import thanks_write
from groups.services.violations import violation_record, violation_settle
from tenants.scoping import tenant_scope

# What a member proposes, and how the member said it.
PROPOSED = (
    ("晚上十点后不发语音", "孩子都睡了，夜里点开语音会吵醒"),
    ("晒作业先打码孩子的名字", "群里人多，孩子名字还是遮一下好"),
    ("问老师之前先搜一下聊天记录", "好多问题老师答过，搜一下更快"),
)
HELPERS = (
    (HelperRole.GREETER, "新人进群先打招呼，发课表"),
    (HelperRole.ANSWERS, "老师上课时先回一回新人的问题"),
)
GETS = "每月一次专属答疑，新课先听"
AD = "不发无关广告和链接"
SPEAKERS = 9
NEEDED_SEATS = SPEAKERS + len(HELPERS)


def _groups(company: Company) -> list[Group]:
    rows = group_list(tenant_id=company.tenant.pk).filter(state="active").order_by("name")
    return list(rows[:TALKING_GROUPS])


def _members(group: Group) -> list[Member]:
    rows = Member.objects.filter(
        tenant_id=group.tenant_id, group=group, left_at=None, is_staff=False, customer__isnull=False
    )
    return list(rows.select_related("customer").order_by("joined_at", "pk")[:NEEDED_SEATS])


def norms_propose(company: Company) -> int:
    """A member of each group proposes something; the first group is asked at once. Returns how many propose."""
    tenant, actor = company.tenant, company.owner
    made = 0
    with tenant_scope(tenant):
        for number, (group, (text, said)) in enumerate(zip(_groups(company), PROPOSED, strict=False)):
            people = _members(group)
            if not people or people[0].customer_id is None:
                continue
            row = norm_add(
                tenant=tenant,
                group_id=group.pk,
                customer_id=people[0].customer_id,
                text=text,
                said=said,
                actor=actor,
            )
            made += 1
            if number == 0:
                norm_ask(tenant=tenant, norm_id=row.pk, actor=actor)
    return made


def norm_answers(company: Company, vendor: Vendor) -> int:
    """Members of the group that was asked answer in its chat. Returns how many said something."""
    with tenant_scope(company.tenant):
        row = Norm.objects.filter(state=NormState.ASKED).select_related("group").order_by("pk").first()
        if row is None:
            return 0
        chat_id, people = row.group.chat_id, _members(row.group)[:SPEAKERS]
    for number, one in enumerate(people):
        say(company, vendor, chat_id, one.userid, "text", "不同意" if number == SPEAKERS - 1 else "同意")
    return len(people)


def culture_grows(company: Company) -> int:
    """What the archive did not bring is told, the norm goes into the welcome, another group is asked; helpers take
    over, are thanked, and somebody gets a friendly word. Returns how many helpers there are.
    """
    tenant, actor = company.tenant, company.owner
    with tenant_scope(tenant):
        groups = _groups(company)
        if not groups or len(_members(groups[0])) < NEEDED_SEATS:
            return 0
        group, people = groups[0], _members(groups[0])
        for row in Norm.objects.filter(group=group, state=NormState.ASKED):
            ids = [one.customer_id for one in people[:6] if one.customer_id]
            norm_voices_tell(tenant=tenant, norm_id=row.pk, customer_ids=ids, actor=actor)
        norms_tell(tenant=tenant, group_id=group.pk, place="welcome", actor=actor)
        for row in Norm.objects.filter(group__in=groups[1:2], state=NormState.PROPOSED):
            norm_ask(tenant=tenant, norm_id=row.pk, actor=actor)
        for (role, title), member in zip(HELPERS, people[1:], strict=False):
            _helps(company, group, member, role, title)
        _thank(company, group, people[1], ThanksFor.HELP, is_said=True)
        _thank(company, group, people[0], ThanksFor.IDEA, is_said=False)
        _record(company, group, people[3], PROPOSED[0][0], "22:40 连发三条语音", LadderStep.KIND)
        _record(company, group, people[4], AD, "发了外部团购链接", LadderStep.WARN)
        for last in groups[2:3]:
            for member in _members(last)[:2]:
                _record(company, last, member, AD, "发了二维码海报", LadderStep.WARN)
    return len(HELPERS)


def _helps(company: Company, group: Group, member: Member, role: HelperRole, title: str) -> None:
    tenant, actor = company.tenant, company.owner
    row = koc_add(tenant=tenant, group_id=group.pk, customer_id=member.customer_id or 0, actor=actor)
    for state in (KocState.INVITED, KocState.HELPER):
        koc_move(tenant=tenant, koc_id=row.pk, state=state, actor=actor)
    koc_edit(tenant=tenant, koc_id=row.pk, privileges=GETS, origin=row.origin, role=role, actor=actor)
    task = helper_task_add(tenant=tenant, koc_id=row.pk, title=title, due_on=None, actor=actor)
    helper_task_close(tenant=tenant, task_id=task.pk, verb="done", actor=actor)


def _thank(company: Company, group: Group, member: Member, reason: ThanksFor, *, is_said: bool) -> None:
    thanks_write(
        tenant=company.tenant, group_id=group.pk, customer_id=member.customer_id or 0, reason=reason, is_said=is_said,
        words=thanks_words(reason=reason, name=str(member.customer)), actor=company.owner,
    )  # fmt: skip


def _record(
    company: Company, group: Group, member: Member, rule: str, evidence: str, step: LadderStep
) -> None:
    row = violation_record(
        tenant=company.tenant, group_id=group.pk, userid=member.userid, rule=rule, evidence=evidence, step=step,
        actor=company.owner,
    )  # fmt: skip
    violation_settle(tenant=company.tenant, violation_id=row.pk, is_done=True, actor=company.owner)
