"""Who carries out the links of a camp, and whom their kind suggests, before the run starts (R120)."""

from collections.abc import Callable
from typing import Any

import pytest

from sop.models import Step
from sop.selectors.hands import LinkHands, link_hands
from team.models import Staff
from team.services import profile_set
from tenants.audit import SYSTEM
from tenants.models import User
from tests.factories.groups import make_member
from tests.factories.team import make_staff
from tests.sop.conftest import Camp
from tests.sop.test_pages import page

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
STEPS = [{"key": "hello", "link": 1}, {"key": "close", "link": 5, "role": "sales", "day": 2}]


def kind(who: Staff, value: str) -> None:
    profile_set(tenant=who.tenant, staff_id=who.pk, kind=value, actor=SYSTEM)


def hands(made: Camp) -> list[LinkHands]:
    return link_hands(tenant=made.tenant, steps=list(Step.objects.all()), groups=made.groups)


def colleague(made: Camp, name: str, *, is_seated: bool = True) -> Staff:
    who = make_staff(tenant=made.tenant, app=made.groups[0].app, userid=name, name=name)
    if is_seated:
        make_member(group=made.groups[0], staff=who)
    return who


def test_each_half_names_its_hands_and_whom_their_kind_suggests(camp: Make) -> None:
    made = camp(steps=STEPS)
    owner, helper, sales = made.staff, colleague(made, "乙"), colleague(made, "丙")
    kind(owner, "sales")
    kind(sales, "ops_sales")
    first, last = hands(made)
    assert [who for who, _word in first.hands] == [owner]
    assert (first.fitting, first.others) == ([], [])
    assert (last.first, last.last, [who for who, _word in last.hands]) == (4, 5, [sales])
    assert (last.fitting, last.others) == ([sales], [owner])
    away = colleague(made, "丁", is_seated=False)
    kind(away, "operations")
    assert (hands(made)[0].others, hands(made)[0].are_seated) == ([away], False)
    kind(helper, "operations")
    assert (hands(made)[0].others, hands(made)[0].are_seated) == ([helper], True)
    Staff.objects.filter(pk=helper.pk).update(is_active=False)
    assert hands(made)[0].others == [away]


def test_a_plan_without_links_or_a_run_without_groups_names_nobody(camp: Make) -> None:
    made = camp(steps=[{}])
    assert hands(made) == []
    made.version.steps.update(link=2)
    assert [(one.first, one.last) for one in hands(made)] == [(1, 3)]
    made.groups.clear()
    assert hands(made) == []


def test_the_page_that_starts_a_run_says_who_suits_before_anything_is_planned(
    camp: Make, page: Callable[..., Any]
) -> None:
    made = camp(steps=STEPS)
    User.objects.update(language="en")
    asked = {"version": made.version.pk, "starts_on": "2026-03-09", "groups": [made.groups[0].pk]}
    shown = page("/sop/runs/new/preview/", post=asked).content.decode()
    assert "Links 1–3" in shown
    assert "Nobody of the company is of a kind suggested for these." in shown
    kind(colleague(made, "乙", is_seated=False), "operations")
    assert (
        "Suggested, not in these groups yet:" in page("/sop/runs/new/preview/", post=asked).content.decode()
    )
    kind(made.staff, "operations")
    shown = " ".join(page("/sop/runs/new/preview/", post=asked).content.decode().split())
    assert (
        '林晓 <span class="q-3rd">Operations-minded</span> <span class="q-tag is-ok">suggested</span>'
        in shown
    )
