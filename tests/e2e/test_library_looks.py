"""The library of templates in a browser: look inside, copy, take along, take in, put away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sop.models import Template
from sop.services.templates import template_clone, version_publish
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.sop import make_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_template_goes_out_as_a_file_and_comes_back_in(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page], tmp_path: Path
) -> None:
    with tenant_scope(tenant):
        version = template_clone(tenant=tenant, code="bootcamp5", language="zh", actor=SYSTEM)
        version_publish(tenant=tenant, version_id=version.pk, actor=SYSTEM)
        make_run(tenant=tenant, version=version, groups=[])
        template_clone(tenant=tenant, code="crisis", language="zh", actor=SYSTEM)
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/sop/")
    look(page, "library")
    page.get_by_role("link", name="交付群：学习型").click()
    expect(page.locator("h1")).to_contain_text("交付群：学习型")
    look(page, "library-inside")
    page.goto(f"/t/{tenant.slug}/sop/versions/{version.pk}/")
    look(page, "library-version")
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出为文件").click()
    kept = tmp_path / "camp.toml"
    taken.value.save_as(kept)
    page.watch.expect(422)  # type: ignore[attr-defined]
    page.goto(f"/t/{tenant.slug}/sop/import/")
    broken = tmp_path / "broken.toml"
    broken.write_text(kept.read_text().replace('channel = "staff_task"', 'channel = "pigeon"', 1))
    page.set_input_files("input[name=file]", broken)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("不认识“pigeon”")
    look(page, "library-import-faults")
    page.set_input_files("input[name=file]", kept)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("button", name="导入为草稿")).to_be_visible()
    look(page, "library-import")
    page.get_by_role("button", name="导入为草稿").click()
    page.wait_for_url("**/sop/versions/*/")
    page.goto(f"/t/{tenant.slug}/sop/?kind=crisis")
    page.locator("table .dropdown button").first.click()
    page.get_by_role("button", name="归档").click()
    expect(page.get_by_role("link", name="归档 1")).to_be_visible()
    page.goto(f"/t/{tenant.slug}/sop/?show=archived")
    look(page, "library-archived")
    with tenant_scope(tenant):
        assert Template.objects.filter(archived_at=None).count() == 2
