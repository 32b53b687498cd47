"""Where materials are used and what came of them (R63): each figure is people or messages that can be opened."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from contacts.models import Behaviour, Exposure
from content.models import MaterialEdition, Proof
from content.selectors.usage import usage_of
from content.services.library import About, Said, material_ask, material_decide, material_save
from content.services.proofs import ProofWish, proof_material, proof_save, proof_withdraw
from sop.enums import TouchState
from sop.errors import WeekRefused
from sop.models import Step, Touch
from sop.selectors.findings import version_findings
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.push import SlotWish, slot_put
from sop.services.push_confirm import week_confirm
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tests.conftest import MovableClock
from tests.factories.contacts import make_order
from tests.factories.tenants import make_member, make_user
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
Make = Callable[..., Camp]


def _material(tenant: Tenant) -> int:
    said = Said(
        kind="value", title="打卡", text="A 版打卡", variants=[{"key": "b", "name": "B", "text": "B 版打卡"}]
    )
    row = material_save(tenant=tenant, said=said, about=About(), actor=OWNER)
    material_ask(tenant=tenant, material_id=row.pk, actor=OWNER)
    material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=OWNER)
    return row.pk


def _taken(camp: Camp, material: int) -> int:
    """The camp's steps were taken from this material; the last one's words were changed by hand since."""
    Step.objects.filter(tenant=camp.tenant, version=camp.version).update(material=material)
    return material


def _carried_out(camp: Camp, frozen: MovableClock) -> list[Touch]:
    frozen.set(AT_10)
    plan_apply(tenant=camp.tenant, run=camp.run)
    dispatch_due(tenant_id=camp.tenant.pk)
    Touch.objects.filter(state=TouchState.HANDED).update(state=TouchState.CONFIRMED, done_at=clock.now())
    return list(Touch.objects.order_by("step__priority", "pk"))


def _act(tenant: Tenant, customer: Any, kind: str, hours: float, group: Any) -> None:
    Behaviour.objects.create(
        tenant=tenant, source="t", event_id=f"{customer.pk}-{kind}-{hours}", kind=kind, customer=customer,
        group=group, occurred_at=AT_10 + timedelta(hours=hours),
    )  # fmt: skip


STEPS = [
    {"at": time(10, 0), "text": "A 版打卡", "priority": 1},
    {"at": time(10, 0), "text": "B 版打卡", "priority": 2},
    {"at": time(10, 0), "text": "自己写的", "priority": 3},
]


def test_results_stand_by_wording_and_count_each_person_once(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS, groups=1, people=3)
    material = _taken(made, _material(made.tenant))
    assert _carried_out(made, frozen)[0].state == TouchState.CONFIRMED
    first, second, third = made.people[0]
    group = made.groups[0]
    for hours in (1, 2):
        _act(made.tenant, first, "message", hours, group)
    _act(made.tenant, second, "message", 25, group)
    _act(made.tenant, third, "leave", 3, group)
    usage = usage_of(tenant=made.tenant, material_ids=[material])[material]
    assert sorted(usage.by_wording) == ["", "b", "main"]
    assert [place.label for place in usage.places] == [str(made.version)]
    main = usage.by_wording["main"]
    assert (main.sent, main.reached, main.replied, main.left) == (1, 3, 1, 1)
    assert main.clicked is None
    assert usage.by_wording[""].sent == 1
    assert (usage.total.sent, usage.total.reached, usage.total.replied) == (3, 3, 1)


def test_a_touch_keeps_what_it_carried_whatever_becomes_of_its_step(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS, people=2)
    material = _taken(made, _material(made.tenant))
    touches = _carried_out(made, frozen)
    assert [(one.material_id, one.wording) for one in touches] == [
        (material, "main"),
        (material, "b"),
        (material, ""),
    ]
    Step.objects.filter(version=made.version).update(material=None, text="改了")
    usage = usage_of(tenant=made.tenant, material_ids=[material])[material]
    assert (usage.places, usage.by_wording["b"].sent) == ((), 1)


def test_words_of_a_material_that_a_step_was_not_taken_from_are_not_its_use(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=STEPS)
    material = _material(made.tenant)
    _carried_out(made, frozen)
    assert usage_of(tenant=made.tenant, material_ids=[material]) == {}


def test_what_was_never_sent_has_no_people_and_what_nobody_holds_is_absent(camp: Make) -> None:
    made = camp(steps=STEPS)
    material = _taken(made, _material(made.tenant))
    usage = usage_of(tenant=made.tenant, material_ids=[material, material + 99])
    assert set(usage) == {material}
    assert (usage[material].total.sent, usage[material].total.reached) == (0, None)


def test_each_figure_opens_what_stands_behind_it(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=STEPS, people=2)
    material = _taken(made, _material(made.tenant))
    _carried_out(made, frozen)
    _act(made.tenant, made.people[0][0], "message", 1, made.groups[0])
    person = make_user()
    make_member(tenant=made.tenant, role=Role.OPERATOR, user=person)
    User.objects.update(language="en")
    client = Client()
    client.force_login(person)
    page = client.get(f"/t/{made.tenant.slug}/library/{material}/").content.decode()
    base = f"/t/{made.tenant.slug}/sop/materials/{material}/"
    assert f"{base}?figure=replied&amp;wording=main" in page
    behind = client.get(f"{base}?figure=replied&wording=main").content.decode()
    assert made.people[0][0].name in behind
    assert made.people[0][1].name not in behind
    assert "启蒙01群" in client.get(f"{base}?figure=sent&wording=all").content.decode()
    assert client.get(f"{base}?figure=nothing").status_code == 404


def test_a_testimonial_whose_permission_went_is_not_sent_any_more(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "愿意开口了"}, {"at": time(10, 0), "text": "别的话"}])
    customer = made.people[0][0]
    wish = ProofWish(
        kind="testimonial", title="三个月", text="愿意开口了", customer_id=customer.pk, scope="groups",
        order_id=make_order(tenant=made.tenant, customer=customer).pk, name_shown="none", permitted=True,
        permitted_until=None, permission_note="截图",
    )  # fmt: skip
    proof = proof_save(tenant=made.tenant, wish=wish, actor=OWNER)
    proof_material(tenant=made.tenant, proof_id=proof.pk, actor=OWNER)
    plan_apply(tenant=made.tenant, run=made.run)
    proof_withdraw(tenant=made.tenant, proof_id=proof.pk, reason="不想展示", actor=OWNER)
    _carried_out(made, frozen)
    stopped, fine = Touch.objects.order_by("pk")
    assert (stopped.state, stopped.rule_code) == (TouchState.BLOCKED, "PROOF-06")
    assert fine.state == TouchState.CONFIRMED
    assert not Exposure.objects.filter(touch_key=f"sop.touch:{stopped.pk}").exists()


@pytest.mark.parametrize(
    ("scope", "state"), [("private", TouchState.BLOCKED), ("groups", TouchState.CONFIRMED)]
)
def test_a_permission_for_private_chats_does_not_reach_a_group(
    camp: Make, frozen: MovableClock, scope: str, state: str
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "愿意开口了"}])
    customer = made.people[0][0]
    wish = ProofWish(
        kind="testimonial", title="三个月", text="愿意开口了", customer_id=customer.pk, scope=scope,
        order_id=make_order(tenant=made.tenant, customer=customer).pk, name_shown="none", permitted=True,
        permitted_until=None, permission_note="截图",
    )  # fmt: skip
    proof = proof_save(tenant=made.tenant, wish=wish, actor=OWNER)
    proof_material(tenant=made.tenant, proof_id=proof.pk, actor=OWNER)
    (touch,) = _carried_out(made, frozen)
    assert touch.state == state


def _testimonial(made: Camp, **more: object) -> Proof:
    customer = made.people[0][0]
    wish = ProofWish(
        **{
            "kind": "testimonial", "title": "三个月", "text": "三个月，孩子自己会开口读了", "scope": "groups",
            "customer_id": customer.pk, "order_id": make_order(tenant=made.tenant, customer=customer).pk,
            "name_shown": "none", "permitted": True, "permitted_until": None, "permission_note": "截图", **more,
        }
    )  # fmt: skip
    return proof_save(tenant=made.tenant, wish=wish, actor=OWNER)


def _from_library(made: Camp, proof: Proof) -> dict[str, object]:
    """A step that was taken from the testimonial's material, and its words changed since."""
    material = proof_material(tenant=made.tenant, proof_id=proof.pk, actor=OWNER)
    return {"material": material, "text": "听听一位妈妈怎么说"}


def _copied(_made: Camp, _proof: Proof) -> dict[str, object]:
    return {"text": "一位妈妈说：三个月，孩子自己会开口读了。你家呢？"}


def _pictured(_made: Camp, proof: Proof) -> dict[str, object]:
    Proof.objects.filter(pk=proof.pk).update(asset_id=4711)
    return {"attachments": [{"kind": "image", "title": "", "asset_id": 4711}]}


@pytest.mark.parametrize("way", [_from_library, _copied, _pictured])
def test_a_testimonial_is_known_by_its_material_its_words_or_its_picture(
    camp: Make, frozen: MovableClock, way: Callable[..., dict[str, object]]
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "大家好"}])
    proof = _testimonial(made)
    Step.objects.filter(version=made.version).update(**way(made, proof))
    assert not [one for one in version_findings(made.version) if one.code.startswith("PROOF")]
    proof_withdraw(tenant=made.tenant, proof_id=proof.pk, reason="不想展示", actor=OWNER)
    assert [
        one.code for one in version_findings(made.version) if one.stops and one.source.startswith("R67")
    ] == ["PROOF-06"]
    (touch,) = _carried_out(made, frozen)
    assert (touch.state, touch.rule_code) == (TouchState.BLOCKED, "PROOF-06")


def test_words_too_few_to_tell_a_testimonial_stop_nothing_within_others(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "今天不错，晚上见"}])
    proof = _testimonial(made, text="不错")
    proof_withdraw(tenant=made.tenant, proof_id=proof.pk, reason="不想展示", actor=OWNER)
    assert _carried_out(made, frozen)[0].state == TouchState.CONFIRMED


def test_a_week_with_a_testimonial_that_may_not_be_shown_is_not_confirmed(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "大家好"}])
    proof = _testimonial(made, scope="private")
    common = {
        "tenant": made.tenant,
        "group_id": made.groups[0].pk,
        "monday": date(2026, 3, 9),
        "actor": OWNER,
    }
    slot_put(**common, place=(1, "noon"), wish=SlotWish(content_type="value", title="听听", text=proof.text))
    with pytest.raises(WeekRefused) as caught:
        week_confirm(**common)
    assert "PROOF-07" in [one.code for one in caught.value.failed]


def _worded_b(made: Camp, proof: Proof) -> dict[str, object]:
    """The testimonial said another way, as wording B of its material."""
    material = proof_material(tenant=made.tenant, proof_id=proof.pk, actor=OWNER)
    other = "一位妈妈说孩子三个月就敢大声读了"
    MaterialEdition.objects.filter(material=material).update(
        variants=[{"key": "b", "name": "B", "text": other}]
    )
    return {"text": f"听听：{other}。"}


def test_another_wording_of_a_testimonial_is_known_too(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "大家好"}])
    proof = _testimonial(made)
    Step.objects.filter(version=made.version).update(**_worded_b(made, proof))
    proof_withdraw(tenant=made.tenant, proof_id=proof.pk, reason="不想展示", actor=OWNER)
    assert _carried_out(made, frozen)[0].rule_code == "PROOF-06"


def test_what_was_taken_from_a_testimonial_that_is_gone_is_stopped(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "大家好"}])
    proof = _testimonial(made)
    Step.objects.filter(version=made.version).update(**_from_library(made, proof))
    proof.delete()
    (touch,) = _carried_out(made, frozen)
    assert (touch.state, touch.rule_code) == (TouchState.BLOCKED, "PROOF-08")


def test_of_two_with_the_same_words_one_that_holds_is_enough(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "三个月，孩子自己会开口读了"}])
    first, _second = _testimonial(made), _testimonial(made)
    proof_withdraw(tenant=made.tenant, proof_id=first.pk, reason="不想展示", actor=OWNER)
    assert _carried_out(made, frozen)[0].state == TouchState.CONFIRMED
