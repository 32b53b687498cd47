"""A group's promise in one sentence is told again in messages, and nobody reads a name in braces instead (R5)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.test import Client

from groups.models import Group
from sop.errors import KindRefuses, WeekRefused
from sop.models import Run, Touch
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.push import SlotWish, slot_put
from sop.services.push_confirm import week_confirm
from sop.services.runs import RunWish, run_set_groups, run_start
from tenants.audit import SYSTEM
from tenants.models import User
from tests.conftest import MovableClock
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
READS, SPEAKS = "30 天养成听读习惯", "三个月敢开口"
STEP = {"at": time(10, 0), "title": "开场", "text": "欢迎来到{群名}：{一句话承诺}。"}
Make = Callable[..., Camp]


def promising(camp: Camp, *said: str) -> list[Group]:
    for group, promise in zip(camp.groups, said, strict=True):
        group.value_proposition, group.kind = promise, "delivery"  # a type that asks nothing of a week
        group.save(update_fields=["value_proposition", "kind"])
    return camp.groups


def sent(camp: Camp, frozen: MovableClock) -> list[Touch]:
    frozen.set(AT_10)
    plan_apply(tenant=camp.tenant, run=camp.run)
    dispatch_due(tenant_id=camp.tenant.pk)
    return list(Touch.objects.order_by("group_id"))


def wish(camp: Camp, *groups: Group) -> RunWish:
    return RunWish(
        version_id=camp.version.pk,
        name="第二期",
        group_ids=[one.pk for one in groups],
        starts_on=date(2026, 3, 9),
    )


def test_each_group_reads_its_own_promise(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[STEP], groups=2)
    promising(made, READS, SPEAKS)
    first, second = sent(made, frozen)
    assert first.text == f"欢迎来到启蒙01群：{READS}。"
    assert second.text == f"欢迎来到启蒙02群：{SPEAKS}。"


def test_a_group_that_lost_its_promise_gets_no_braces(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{**STEP, "text": "Hello: {promise}"}], groups=2)
    promising(made, READS, " ")
    told, held = sent(made, frozen)
    assert told.text == f"Hello: {READS}"
    assert (held.state, held.rule_code, held.text) == ("blocked", "VAR-03", "")
    assert "一句话承诺" in held.reason


def test_a_run_starts_only_where_there_is_a_promise_to_tell(camp: Make) -> None:
    made = camp(steps=[STEP], groups=2)
    with_one, without = promising(made, READS, "")
    made.run.delete()
    with pytest.raises(KindRefuses, match=r"VAR-03.*启蒙02群"):
        run_start(tenant=made.tenant, wish=wish(made, with_one, without), actor=SYSTEM)
    run = run_start(tenant=made.tenant, wish=wish(made, with_one), actor=SYSTEM)
    with pytest.raises(KindRefuses, match=r"VAR-03.*启蒙02群"):
        run_set_groups(tenant=made.tenant, run_id=run.pk, group_ids=[with_one.pk, without.pk], actor=SYSTEM)
    assert Run.objects.count() == 1


def test_the_page_of_a_new_run_names_the_groups_without_one(camp: Make, client: Client) -> None:
    made = camp(steps=[STEP], groups=2)
    promising(made, READS, "")
    client.force_login(User.objects.get(email="lin@example.com"))
    asked: dict[str, Any] = {
        "version": made.version.pk, "name": "第二期", "starts_on": "2026-03-09",
        "groups": [one.pk for one in made.groups]
    }  # fmt: skip
    page = client.post(f"/t/{made.tenant.slug}/sop/runs/new/preview/", asked, headers={"HX-Request": "true"})
    said = page.content.decode()
    assert "VAR-03" in said
    assert "启蒙02群" in said
    assert "启蒙01群" not in said


def test_a_week_that_tells_a_promise_is_confirmed_once_there_is_one(camp: Make) -> None:
    made = camp(steps=[{"text": "别的"}])
    (group,) = made.groups
    common = {"tenant": made.tenant, "group_id": group.pk, "monday": date(2026, 3, 9), "actor": SYSTEM}
    for number in range(1, 8):
        said = SlotWish(content_type="value", title="早安", text="今天也是：{一句话承诺}")
        slot_put(**common, place=(number, "morning"), wish=said)
    with pytest.raises(WeekRefused) as refused:
        week_confirm(**common)
    assert "VAR-03" in [one.code for one in refused.value.failed]
    promising(made, READS)
    week_confirm(**common)
    assert Run.objects.exclude(pk=made.run.pk).exists()
