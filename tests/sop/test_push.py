"""The weekly push table: filled, moved, taken back, copied, confirmed and carried out by the engine (R61, R62)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from content.models import Material
from content.services.library import About, Said, material_ask, material_decide, material_save
from groups.models import Group
from sop.enums import ContentType
from sop.errors import SlotInvalid, UndoGone, WeekEmpty, WeekFixed, WeekRefused
from sop.models import PushSlot, Run, Step, TopicUse, Touch, Version
from sop.policies.push import PLACES
from sop.selectors.calendar import run_list
from sop.selectors.push_grid import grid_of
from sop.selectors.templates import template_list, version_list_usable
from sop.services.dispatch import dispatch_due
from sop.services.push import (
    SlotWish,
    default_save,
    slot_move,
    slot_put,
    slots_clear,
    week_copy,
    week_fix,
    week_undo,
)
from sop.services.push_confirm import week_confirm
from sop.services.push_pick import material_put_in_slot, topic_put_in_slot
from sop.services.topics import topic_save
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NEXT = date(2026, 3, 9)  # the Monday after the frozen clock's
MONDAY_8 = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


@pytest.fixture
def group(scoped: Tenant) -> Group:
    app = make_app(tenant=scoped)
    lin = make_staff(tenant=scoped, app=app, userid="linxiao", name="林晓")
    made = make_group(tenant=scoped, app=app, owner=lin, state="active", kind="new_user", name="启蒙01群")
    return fill_group(group=made, customers=make_customers(tenant=scoped, count=3, app=app), staff=[lin])


def wish(kind: str = "value", title: str = "3 个小游戏", **fields) -> SlotWish:
    return SlotWish(**{"content_type": kind, "title": title, "text": "今晚带读。", **fields})


def common(group: Group, monday: date = NEXT) -> dict:
    return {"tenant": group.tenant, "group_id": group.pk, "monday": monday, "actor": SYSTEM}


def fill(group: Group, monday: date = NEXT, places=PLACES, **fields) -> None:
    for place in places:
        slot_put(**common(group, monday), place=place, wish=wish(title=f"{place[0]} {place[1]}", **fields))


def titles(group: Group, monday: date = NEXT) -> dict:
    rows = PushSlot.objects.filter(week__group=group, week__monday=monday)
    return {(row.number, row.slot): row.title for row in rows}


def test_a_move_swaps_two_slots_and_undo_brings_both_back(group: Group) -> None:
    slot_put(**common(group), place=(1, "noon"), wish=wish(title="甲"))
    slot_put(**common(group), place=(3, "evening"), wish=wish(title="乙"))
    done = slot_move(**common(group), source=(1, "noon"), target=(3, "evening"))
    assert titles(group) == {(1, "noon"): "乙", (3, "evening"): "甲"}
    week_undo(**common(group), token=done.token)
    assert titles(group) == {(1, "noon"): "甲", (3, "evening"): "乙"}
    with pytest.raises(UndoGone):
        week_undo(**common(group), token=done.token)


def test_a_cleared_slot_comes_back_until_something_else_changes(group: Group) -> None:
    slot_put(**common(group), place=(1, "noon"), wish=wish(title="甲"))
    done = slots_clear(**common(group), places=[(1, "noon")])
    assert titles(group) == {}
    slot_put(**common(group), place=(2, "noon"), wish=wish(title="乙"))
    with pytest.raises(UndoGone):
        week_undo(**common(group), token=done.token)


def test_a_copy_to_another_group_goes_to_its_own_owner_and_spares_what_stands_there(group: Group) -> None:
    zhou = make_staff(tenant=group.tenant, app=group.app, userid="zhoulan", name="周岚")
    other = make_group(tenant=group.tenant, app=group.app, owner=zhou, state="active", kind="new_user")
    fill(group, places=PLACES[:4])
    slot_put(**common(other, NEXT + timedelta(days=7)), place=PLACES[0], wish=wish(title="自己的"))
    count = week_copy(
        **common(group), to_group_ids=[other.pk], to_monday=NEXT + timedelta(days=7), places=PLACES[:3]
    )
    assert count == 2
    assert titles(other, NEXT + timedelta(days=7))[PLACES[0]] == "自己的"
    rows = PushSlot.objects.filter(week__group=other, number=PLACES[1][0], slot=PLACES[1][1])
    assert [row.staff_id for row in rows] == [zhou.pk]


def test_the_recurring_week_fills_the_empty_slots_of_groups_of_its_type(group: Group) -> None:
    fill(group, places=PLACES[:3])
    default_save(**common(group))
    other = make_group(tenant=group.tenant, app=group.app, owner=group.owner, state="active", kind="new_user")
    assert week_fix(**common(other), what="default").changed == 3
    assert titles(other) == titles(group)


def test_marketing_only_is_refused_for_new_users_and_one_press_mends_it(group: Group) -> None:
    fill(group, kind="marketing")
    with pytest.raises(WeekRefused) as refused:
        week_confirm(**common(group))
    assert "NEW-01" in [one.code for one in refused.value.failed]
    assert Run.objects.count() == 0
    week_fix(**common(group), what="ads")
    kinds = set(PushSlot.objects.values_list("content_type", flat=True))
    assert ContentType.MARKETING not in kinds


@pytest.mark.parametrize("kind", ["flash", "super_user", "delivery"])
def test_marketing_only_is_warned_of_for_any_group_and_one_press_mends_it(group: Group, kind: str) -> None:
    group.kind = kind
    group.save()
    fill(group, kind="marketing")
    grid = grid_of(tenant=group.tenant, group=group, monday=NEXT)
    assert ("MIX-02", False) in [(one.code, one.stops) for one in grid.judged.findings]
    assert "ads" in [what for what, _words in grid.fixes]
    week_fix(**common(group), what="ads")
    grid = grid_of(tenant=group.tenant, group=group, monday=NEXT)
    assert "MIX-02" not in [one.code for one in grid.judged.findings]


def test_an_empty_week_is_not_confirmed(group: Group) -> None:
    with pytest.raises(WeekEmpty):
        week_confirm(**common(group))


def test_two_mass_sends_a_day_stop_the_week_until_the_later_is_forwarded(group: Group) -> None:
    fill(group, places=[place for place in PLACES if place[1] != "evening"], channel="group_mass")
    with pytest.raises(WeekRefused) as refused:
        week_confirm(**common(group))
    assert {one.code for one in refused.value.failed} == {"QUOTA-01"}
    week_fix(**common(group), what="forward")
    assert week_confirm(**common(group)).run_id is not None


def test_what_other_runs_send_that_day_counts_and_stands_in_the_grid(group: Group) -> None:
    version = make_version(
        tenant=group.tenant, steps=[{"day": 1, "at": time(12, 30), "title": "开营", "channel": "group_mass"}]
    )
    run = make_run(tenant=group.tenant, version=version, groups=[group], starts_on=NEXT)
    from sop.services.planning import plan_apply  # noqa: PLC0415

    plan_apply(tenant=group.tenant, run=run)
    fill(group, channel="group_forward")
    slot_put(**common(group), place=(1, "morning"), wish=wish(channel="group_mass"))
    grid = grid_of(tenant=group.tenant, group=group, monday=NEXT)
    beside = {(cell.number, cell.slot): [one.step.title for one in cell.others] for cell in grid.cells}
    assert beside[1, "noon"] == ["开营"]
    assert "QUOTA-01" in [one.code for one in grid.judged.stopping]


def test_a_confirmed_week_is_sent_through_the_gate_as_tasks_of_who_was_named(
    group: Group, frozen: MovableClock
) -> None:
    zhou = make_staff(tenant=group.tenant, app=group.app, userid="zhoulan", name="周岚")
    fill(group, places=[place for place in PLACES if place[1] == "morning"])
    slot_put(**common(group), place=(1, "morning"), wish=wish(title="早安", staff_id=zhou.pk))
    week = week_confirm(**common(group))
    assert Touch.objects.filter(run=week.run_id, state="planned").count() == 7
    frozen.set(MONDAY_8 + timedelta(minutes=1))
    dispatch_due(tenant_id=group.tenant_id)
    touch = Touch.objects.get(run=week.run_id, state="handed")
    assert (touch.step.title, touch.staff_id, touch.recipients_count) == ("早安", zhou.pk, 3)
    assert WorkItem.objects.get(source_kind="sop.touch").staff_id == zhou.pk
    grid = grid_of(tenant=group.tenant, group=group, monday=NEXT)
    assert {(cell.number, cell.touch.shown) for cell in grid.cells if cell.touch}.issuperset(
        {(1, "due"), (2, "planned")}
    )


def test_a_later_edit_replans_only_the_future_and_nothing_goes_out_twice(
    group: Group, frozen: MovableClock
) -> None:
    fill(group)
    week = week_confirm(**common(group))
    first = Version.objects.get().pk
    frozen.set(MONDAY_8 + timedelta(minutes=1))
    dispatch_due(tenant_id=group.tenant_id)
    sent = Touch.objects.get(run=week.run_id, state="handed")
    with pytest.raises(WeekFixed):
        slot_put(**common(group), place=(1, "morning"), wish=wish(title="换掉"))
    slot_put(**common(group), place=(1, "noon"), wish=wish(title="新的"))
    slots_clear(**common(group), places=[(2, "noon")])
    week_confirm(**common(group))
    week.run.refresh_from_db()
    assert week.run.version_id != first
    live = Touch.objects.filter(run=week.run_id).exclude(state="cancelled")
    keys = sorted(live.values_list("step__key", flat=True))
    assert keys == sorted(f"d{number}-{slot}" for number, slot in PLACES if (number, slot) != (2, "noon"))
    sent.refresh_from_db()
    assert (sent.state, sent.text) == ("handed", "今晚带读。")
    assert live.get(step__key="d1-noon").step.title == "新的"
    assert set(Touch.objects.filter(state="cancelled").values_list("rule_code", flat=True)) == {"SOP-11"}
    dispatch_due(tenant_id=group.tenant_id)
    assert Touch.objects.filter(run=week.run_id, state="handed").count() == 1


def test_confirming_twice_makes_one_run_and_one_edition(group: Group) -> None:
    fill(group)
    week_confirm(**common(group))
    week_confirm(**common(group))
    assert (Run.objects.count(), Version.objects.count(), Touch.objects.count()) == (1, 1, 21)


def test_what_goes_along_with_a_slot_goes_out_with_its_step(group: Group) -> None:
    card = {"kind": "link", "title": "直播间", "url": "https://live.example.com/8"}
    fill(group, attachments=[card])
    week = week_confirm(**common(group))
    steps = Step.objects.filter(tenant=group.tenant, version=week.run.version)
    along = [[(one["kind"], one["url"]) for one in step.attachments] for step in steps]
    assert along == [[("link", card["url"])]] * len(PLACES)


def test_weeks_stay_out_of_the_lists_of_templates_and_runs(group: Group) -> None:
    fill(group)
    week_confirm(**common(group))
    tenant = group.tenant
    assert not run_list(tenant=tenant).exists()
    assert not template_list(tenant=tenant).exists()
    assert not version_list_usable(tenant=tenant).exists()


def test_a_topic_in_a_slot_keeps_its_use_when_the_week_is_confirmed(group: Group) -> None:
    topic = topic_save(
        tenant=group.tenant, topic_id=None, title="几点读绘本", text="你家几点读？", group_kind="", opener_id=None,
        actor=SYSTEM,
    )  # fmt: skip
    fill(group)
    topic_put_in_slot(**common(group), place=(4, "noon"), topic_id=topic.pk)
    week_confirm(**common(group))
    use = TopicUse.objects.get()
    assert (use.topic_id, use.touch.step.key, use.touch.step.opens_talk) == (topic.pk, "d4-noon", True)


def test_a_material_of_care_goes_into_a_slot_as_value(group: Group) -> None:
    said = Said(kind="care", title="周末晚安对话", text="照着念 5 分钟。")
    row = material_save(tenant=group.tenant, said=said, about=About(), actor=SYSTEM)
    material_ask(tenant=group.tenant, material_id=row.pk, actor=SYSTEM)
    material_decide(tenant=group.tenant, material_id=row.pk, revision=1, is_approved=True, actor=SYSTEM)
    material_put_in_slot(**common(group), place=(6, "evening"), material_id=row.pk)
    slot = PushSlot.objects.get()
    assert (slot.title, slot.content_type, slot.material_id) == ("周末晚安对话", "value", row.pk)


def test_the_oldest_of_a_large_library_goes_into_a_slot_and_what_may_not_be_used_does_not(
    group: Group,
) -> None:
    tenant = group.tenant
    row = material_save(
        tenant=tenant, said=Said(kind="value", title="最早的", text="跟读"), about=About(), actor=SYSTEM
    )
    with pytest.raises(SlotInvalid):
        material_put_in_slot(**common(group), place=(1, "noon"), material_id=row.pk)
    material_ask(tenant=tenant, material_id=row.pk, actor=SYSTEM)
    material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=SYSTEM)
    Material.objects.bulk_create(
        Material(
            tenant=tenant, kind="value", title=f"后来的{number}", text="跟读", edition=1, state="approved"
        )
        for number in range(501)
    )
    material_put_in_slot(**common(group), place=(1, "noon"), material_id=row.pk)
    assert titles(group) == {(1, "noon"): "最早的"}


def test_a_topic_is_opened_by_its_opener_or_by_the_groups_owner(group: Group) -> None:
    opener = make_staff(tenant=group.tenant, app=group.app, userid="qifen", name="氛围号")
    for place, who in (((1, "noon"), opener.pk), ((2, "noon"), None)):
        topic = topic_save(
            tenant=group.tenant, topic_id=None, title=f"话题{place[0]}", text="你家几点读？", group_kind="",
            opener_id=who, actor=SYSTEM,
        )  # fmt: skip
        topic_put_in_slot(**common(group), place=place, topic_id=topic.pk)
    assert dict(PushSlot.objects.values_list("number", "staff")) == {1: opener.pk, 2: group.owner_id}
