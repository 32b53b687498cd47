"""Versions as an operator meets them: beside each other, back to an older one, a run on to another."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from groups.models import Group
from sop.enums import ExitRule
from sop.models import Run, Template, Touch, Version
from sop.services.planning import plan_apply
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.sop import make_run, make_version
from tests.sop.test_pages import live_group, page
from tests.sop.test_services_versions import next_version

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Page = Callable[..., Any]
STEPS = [
    {"key": "noon", "title": "午间问候", "day": 2, "at": time(12, 0), "text": "午安，{群名}的同学"},
    {"key": "live", "title": "直播提醒", "day": 3, "at": time(20, 0), "text": "今晚直播"},
]


@pytest.fixture
def two(tenant: Tenant, page: Page) -> tuple[Run, Version]:
    """A running run by v1, and v2: one step on another day with other words, one gone, one new."""
    with tenant_scope(tenant):
        group = live_group(tenant)
        Group.objects.update(kind="delivery")
        version = make_version(tenant=tenant, steps=STEPS)
        Template.objects.update(kind="daily")  # a camp would need its marks to be published
        run = make_run(tenant=tenant, version=version, groups=[group])
        plan_apply(tenant=tenant, run=run)
        second = next_version(
            version, without="live", noon={"day": 4, "text": "午安，{客户称呼}", "audience": "undecided"},
            gift={"title": "送礼物", "day": 5, "at": time(9, 0), "text": "礼物"},
        )  # fmt: skip
    return run, second


def test_difference_names_kinds_and_marks_words(page: Page, two: tuple[Run, Version]) -> None:
    shown = page(f"/sop/versions/{two[1].pk}/changes/").content.decode()
    assert "<del>{群名}的同学</del><ins>{客户称呼}</ins>" in shown
    for words in ("换了日期", "改了文案", "换了对象", "新增", "删除", "直播提醒", "送礼物"):
        assert words in shown
    User.objects.update(language="en")
    english = page(f"/sop/versions/{two[1].pk}/changes/").content.decode()
    for words in ("Moved to another day", "Re-worded", "Other people", "Taken out"):
        assert words in english


def test_any_two_versions_of_a_template_compare(page: Page, two: tuple[Run, Version], tenant: Tenant) -> None:
    with tenant_scope(tenant):
        third = next_version(two[1], number=3, noon={"at": time(13, 0)})
        other = make_version(tenant=tenant, steps=STEPS)
    shown = page(f"/sop/versions/{third.pk}/changes/?against={two[0].version_id}").content.decode()
    assert "v3 对比 v1" in shown
    assert "改了时间" in shown
    foreign = page(f"/sop/versions/{third.pk}/changes/?against={other.pk}").content.decode()
    assert "午间问候" not in foreign


def test_back_to_an_older_version_in_one_press(page: Page, two: tuple[Run, Version], tenant: Tenant) -> None:
    older = two[0].version_id
    drawer = page(f"/sop/versions/{older}/restore/", htmx=True).content.decode()
    assert "直播提醒" in drawer
    assert page(f"/sop/versions/{older}/restore/", post={"reason": ""}).status_code == 422
    page(f"/sop/versions/{older}/restore/", post={"reason": "退款变多", "publish": "1"})
    with tenant_scope(tenant):
        made = Version.objects.get(number=3)
        assert (made.state, made.change_reason) == ("published", "回到 v1：退款变多")
        assert made.parent == two[1]
        assert set(made.steps.values_list("key", "day", "text")) == {
            ("noon", 2, "午安，{群名}的同学"), ("live", 3, "今晚直播"),
        }  # fmt: skip
        assert Version.objects.count() == 3
    assert "SOP-60" in page(f"/sop/versions/{made.pk}/restore/", post={"reason": "又"}).content.decode()


def test_who_leaves_a_run_is_told_apart_and_comes_back_with_an_older_version(
    page: Page, two: tuple[Run, Version], tenant: Tenant
) -> None:
    older, newer = two[0].version_id, two[1].pk
    with tenant_scope(tenant):
        Version.objects.filter(pk=older).update(
            exits=[{"rule": "EXIT-01"}, {"rule": "EXIT-05", "value": "S"}]
        )
    shown = page(f"/sop/versions/{newer}/changes/").content.decode()
    assert "提前退出" in shown
    assert str(ExitRule.BOUGHT.label) in shown
    page(f"/sop/versions/{older}/restore/", post={"reason": "买了就停"})
    with tenant_scope(tenant):
        made = Version.objects.get(number=3)
    assert made.exits == [{"rule": "EXIT-01"}, {"rule": "EXIT-05", "value": "S"}]


def test_a_draft_equal_to_an_older_version(page: Page, two: tuple[Run, Version], tenant: Tenant) -> None:
    page(f"/sop/versions/{two[0].version_id}/restore/", post={"reason": "先看看"})
    with tenant_scope(tenant):
        assert Version.objects.get(number=3).state == "draft"
    again = page(f"/sop/versions/{two[0].version_id}/restore/", post={"reason": "先看看"})
    assert "SOP-21" in again.content.decode()


def test_run_moves_from_its_page_after_a_preview(
    page: Page, two: tuple[Run, Version], tenant: Tenant
) -> None:
    run, version = two
    assert f"/sop/runs/{run.pk}/version/" in page(f"/sop/runs/{run.pk}/").content.decode()
    drawer = page(f"/sop/runs/{run.pk}/version/", htmx=True).content.decode()
    assert "送礼物" in drawer
    assert "启蒙01群" in drawer
    done = page(f"/sop/runs/{run.pk}/version/", post={"version": version.pk, "reason": "按复盘"}, htmx=True)
    assert done.headers["HX-Redirect"].endswith(f"/sop/runs/{run.pk}/")
    with tenant_scope(tenant):
        assert Run.objects.get().version == version
        assert set(Touch.objects.filter(state="planned").values_list("step__key", flat=True)) == {
            "noon",
            "gift",
        }


def test_a_run_without_another_version_is_told_what_to_do(page: Page, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        run = make_run(
            tenant=tenant, version=make_version(tenant=tenant, steps=STEPS), groups=[live_group(tenant)]
        )
    drawer = page(f"/sop/runs/{run.pk}/version/", htmx=True).content.decode()
    assert f"/sop/versions/{run.version_id}/" in drawer
