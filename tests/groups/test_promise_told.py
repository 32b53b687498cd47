"""The audience from five sides, and one sentence that is told again wherever people are asked in (R5)."""

import pytest
from django.test import Client

from console.pages import tenant_url
from groups.enums import EndKind, Opening
from groups.models import EndTask, Group, NewUserGoal, ReadinessAnswer
from groups.policies.checks import evaluate
from groups.selectors import answers_of, group_facts
from groups.services.moving import group_move
from groups.services.setup import group_plan, readiness_answer
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.groups import ANSWERS, make_answers, make_group, make_ready_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
PROMISE = "进阶班三个月读完一百本"
SIDES = {
    "positioning_age": "28–38 岁", "positioning_gender": "妈妈为主", "positioning_interests": "绘本",
    "positioning_occupation": "上班族", "positioning_spending": "每月 300 元",
}  # fmt: skip


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def planned(tenant):
    with tenant_scope(tenant):
        return group_plan(tenant=tenant, name="小芽英语启蒙09群", actor=SYSTEM)


def press(web, tenant, group, **typed):
    where = tenant_url(tenant, "groups:readiness", pk=group.pk)
    assert web.post(where, {"whole": "1", **typed}).status_code == 302
    return web.get(where).content.decode()


def test_the_five_sides_are_asked_kept_and_stand_on_the_groups_page(web, tenant, planned):
    page = press(web, tenant, planned, positioning_audience="小朋友的妈妈", **SIDES)
    assert all(f'name="{name}"' in page and f'value="{said}"' in page for name, said in SIDES.items())
    detail = web.get(tenant_url(tenant, "groups:detail", pk=planned.pk)).content.decode()
    assert all(said in detail for said in SIDES.values())


def test_what_is_not_said_of_the_audience_is_named_and_stops_nothing(scoped):
    group = make_ready_group(tenant=scoped)
    sides = {name.removeprefix("positioning_"): said for name, said in SIDES.items()}
    for told, missing in ((sides, ""), ({**sides, "gender": " ", "spending": ""}, "性别、消费习惯")):
        readiness_answer(
            tenant=scoped, group_id=group.pk, question="positioning", answer={**ANSWERS["positioning"], **told},
            actor=SYSTEM,
        )  # fmt: skip
        found = [one for one in evaluate(group_facts(tenant=scoped, group=group)) if one.code == "POS-02"]
        assert [(one.severity, one.stops) for one in found] == ([("note", False)] if missing else [])
        assert all(one.message == f"「给谁」还没写：{missing}。" for one in found)


def test_the_sentence_is_drafted_from_the_answers_and_a_persons_own_stays(web, tenant, planned):
    told = {"positioning_audience": "小朋友的妈妈", "positioning_outcome": "30 天养成听读习惯"}
    assert 'form="fix-promise"' in press(web, tenant, planned, positioning_audience="甲")
    page = press(web, tenant, planned, fix="promise", **told)
    with tenant_scope(tenant):
        planned.refresh_from_db()
    assert planned.value_proposition == "给小朋友的妈妈：30 天养成听读习惯"
    assert 'form="fix-promise"' not in page
    press(web, tenant, planned, fix="promise", **told, value_proposition="我写的")
    with tenant_scope(tenant):
        planned.refresh_from_db()
    assert planned.value_proposition == "我写的"


def test_nothing_is_drafted_from_nothing(web, tenant, planned):
    press(web, tenant, planned, fix="promise", positioning_audience="小朋友的妈妈")
    with tenant_scope(tenant):
        planned.refresh_from_db()
    assert planned.value_proposition == ""


def test_the_words_of_a_hand_over_say_what_the_next_group_promises(scoped):
    make_group(tenant=scoped, name="启蒙进阶群", state="active", value_proposition=PROMISE)
    group = make_group(tenant=scoped, owner=make_staff(tenant=scoped), state="active")
    make_answers(group=group)
    group_move(tenant=scoped, group_id=group.pk, state="closing", actor=SYSTEM)
    told = dict(EndTask.objects.filter(group=group).values_list("kind", "script"))
    assert told[EndKind.HANDOVER].endswith(f"\n{PROMISE}")
    assert PROMISE not in told[EndKind.NOTICE] + told[EndKind.DISSOLVE]


def test_a_ready_plan_is_filled_in_on_the_gate_and_keeps_what_was_just_typed(web, tenant, planned):
    page = web.get(tenant_url(tenant, "groups:readiness", pk=planned.pk)).content.decode()
    assert all(f'form="open-{one}"' in page for one in Opening.values)
    page = press(
        web, tenant, planned, fix="opening:education", positioning_audience="采购负责人", kind="new_user"
    )
    assert "采购负责人" in page
    with tenant_scope(tenant):
        group = Group.objects.get(pk=planned.pk)
        assert NewUserGoal.objects.get(group=group).opening == Opening.EDUCATION
        told = answers_of(tenant_id=tenant.pk, group_ids=[group.pk])[group.pk]
    assert told["positioning"]["audience"] == "采购负责人"
    assert told["positioning"]["not_for"]
    assert group.kind == "new_user"


def test_a_running_group_is_offered_no_ready_plan(web, tenant):
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, state="active", kind="new_user")
    page = web.get(tenant_url(tenant, "groups:readiness", pk=group.pk)).content.decode()
    assert "open-flash_sale" not in page
    answer = web.post(tenant_url(tenant, "groups:readiness", pk=group.pk), {"fix": "opening:flash_sale"})
    assert answer.status_code == 409
    with tenant_scope(tenant):
        assert not ReadinessAnswer.objects.filter(group=group).exists()
