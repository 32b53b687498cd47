"""The library page: search, look, copy, rename, put away, and files in and out (R40)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sop.errors import NameMissing
from sop.models import Step, Template, Version
from sop.policies.template_file import LARGEST_BYTES
from sop.selectors.library import blueprint_of
from sop.selectors.templates import version_list_usable
from sop.services.library import template_archive, template_import, template_rename, template_restore
from sop.services.templates import template_clone, template_create, version_publish
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.sop import make_run, make_version

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


NAMES = (
    "Planning a group", "Setting a group up", "Daily upkeep", "Flash group", "Five-link bootcamp",
    "30-day four-phase camp", "Super-user group", "Delivery: learning", "Delivery: service", "Crisis",
)  # fmt: skip


@pytest.fixture
def page(client: Client, tenant: Tenant, frozen: Any) -> Callable[..., Any]:
    """page("/sop/") as the owner, in English; page(..., post={...}) sends a form."""
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))

    def ask(path: str, post: dict[str, Any] | None = None, **headers: str) -> Any:
        url = f"/t/{tenant.slug}{path}"
        return client.get(url, headers=headers) if post is None else client.post(url, post, headers=headers)

    return ask


def upload(text: str | bytes) -> SimpleUploadedFile:
    raw = text.encode() if isinstance(text, str) else text
    return SimpleUploadedFile("template.toml", raw, content_type="application/toml")


def test_an_empty_library_shows_the_built_in_ones_and_every_kind(page):
    body = page("/sop/").content.decode()
    for name in NAMES:
        assert name in body
    assert "Yours" not in body
    assert "work among colleagues, nothing is sent" in body


def test_a_kind_and_words_narrow_own_and_built_in_ones(page, tenant):
    with tenant_scope(tenant):
        template_create(tenant=tenant, name="Spring reading", days=7, actor=SYSTEM)
        template_clone(tenant=tenant, code="flash", language="en", actor=SYSTEM)
    camps = page("/sop/?kind=camp").content.decode()
    assert "Spring reading" in camps
    assert "Five-link bootcamp" in camps
    assert "Crisis" not in camps.split("</table>")[1]
    found = page("/sop/?q=spring").content.decode()
    assert "Spring reading" in found
    assert "Five-link bootcamp" not in found
    assert "No template like this" in page("/sop/?q=nothing-of-the-kind").content.decode()
    assert page("/sop/?kind=nonsense").status_code == 200


def test_the_weekly_table_is_no_template_of_the_library(page, tenant):
    with tenant_scope(tenant):
        make_version(tenant=tenant, steps=[{}])
        Template.objects.update(kind="week", name="Hidden week")
    assert "Hidden week" not in page("/sop/").content.decode()
    with tenant_scope(tenant):
        Template.objects.update(archived_at=clock.now())
    assert "Hidden week" not in page("/sop/?show=archived").content.decode()


def test_runs_and_days_stand_in_the_row_and_queries_do_not_grow(page, tenant, django_assert_max_num_queries):
    with tenant_scope(tenant):
        version = make_version(tenant=tenant, days=9, steps=[{}, {}])
        make_run(tenant=tenant, version=version, groups=[])
        make_run(tenant=tenant, version=version, groups=[], state="finished")
        for _number in range(6):
            make_version(tenant=tenant, steps=[{}])
    with django_assert_max_num_queries(25):
        body = page("/sop/").content.decode()
    assert "1 running" in body
    assert f"/sop/versions/{version.pk}/?tab=runs" in body


def test_a_built_in_template_is_looked_at_before_it_is_copied(page, tenant):
    body = page("/sop/builtin/delivery_learning/").content.decode()
    assert "Opening" in body
    assert "Attended" in body
    assert "Comments" in body
    assert "Checks before publishing" not in body
    with tenant_scope(tenant):
        assert not Template.objects.exists()
    assert page("/sop/builtin/nothing/").status_code == 404
    assert page("/sop/builtin/delivery_learning/", {"name": "Spring class"}).status_code == 302
    with tenant_scope(tenant):
        template = Template.objects.get()
        assert (template.name, template.kind, template.group_kind) == ("Spring class", "delivery", "delivery")


def test_a_template_is_renamed_with_its_history(page, tenant):
    with tenant_scope(tenant):
        version = template_create(tenant=tenant, name="Spring", days=7, actor=SYSTEM)
    where = f"/sop/templates/{version.template_id}/rename/"
    assert "Spring" in page(where, **{"HX-Request": "true"}).content.decode()
    assert (
        page(where, {"name": "Autumn", "purpose": "Read more"}, **{"HX-Request": "true"}).status_code == 204
    )
    assert page(where, {"name": ""}, **{"HX-Request": "true"}).status_code == 422
    with tenant_scope(tenant):
        assert (Template.objects.get().name, Template.objects.get().purpose) == ("Autumn", "Read more")
        entry = AuditEntry.objects.get(verb="sop.template.renamed")
        assert entry.changes["name"] == ["Spring", "Autumn"]
        with pytest.raises(NameMissing):
            template_rename(
                tenant=tenant, template_id=version.template_id, name=" ", purpose="", actor=SYSTEM
            )


def test_an_archived_template_starts_no_run_and_comes_back(page, tenant):
    with tenant_scope(tenant):
        version = make_version(tenant=tenant, steps=[{}])
        Template.objects.update(name="Spring")
        make_run(tenant=tenant, version=version, groups=[])
    where = f"/sop/templates/{version.template_id}"
    assert page(f"{where}/archive/", {}).status_code == 302
    assert "/archive/" not in page("/sop/").content.decode()
    assert "Spring" in page("/sop/?show=archived").content.decode()
    with tenant_scope(tenant):
        assert not version_list_usable(tenant=tenant).exists()
        assert version.runs.filter(state="running").exists()
    assert page(f"{where}/restore/", {}).status_code == 302
    with tenant_scope(tenant):
        assert version_list_usable(tenant=tenant).exists()
        verbs = AuditEntry.objects.filter(verb__startswith="sop.template.").values_list("verb", flat=True)
        assert sorted(verbs) == ["sop.template.archived", "sop.template.restored"]
    assert page(f"{where}/burn/", {}).status_code == 404
    assert "Nothing is archived" in page("/sop/?show=archived").content.decode()


def test_archiving_twice_is_one_event(scoped):
    version = make_version(tenant=scoped, steps=[{}])
    for _again in range(2):
        template_archive(tenant=scoped, template_id=version.template_id, actor=SYSTEM)
    assert AuditEntry.objects.filter(verb="sop.template.archived").count() == 1
    template_restore(tenant=scoped, template_id=version.template_id, actor=SYSTEM)
    assert Template.objects.get().archived_at is None


def test_a_version_taken_along_comes_in_as_the_same_template(page, tenant):
    with tenant_scope(tenant):
        version = template_clone(tenant=tenant, code="bootcamp5", language="zh", actor=SYSTEM)
        before = blueprint_of(version)
    answer = page(f"/sop/versions/{version.pk}/file/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sop-bootcamp5-v1.toml"'
    text = answer.content.decode()
    looked = page("/sop/import/", {"file": upload(text)})
    assert looked.status_code == 200
    assert "开营仪式" in looked.content.decode()
    assert "Take it in as a draft" in looked.content.decode()
    with tenant_scope(tenant):
        assert Version.objects.count() == 1
    assert page("/sop/import/", {"text": text.replace("\n", "\r\n"), "sure": "on"}).status_code == 302
    with tenant_scope(tenant):
        made = Version.objects.latest("pk")
        assert blueprint_of(made) == before
        assert made.template.builtin == ""
        assert AuditEntry.objects.filter(verb="sop.template.imported").exists()
        version_publish(tenant=tenant, version_id=made.pk, actor=SYSTEM)


def test_what_an_imported_draft_must_still_deal_with_is_said_before_it_is_taken_in(page, tenant):
    with tenant_scope(tenant):
        version = template_clone(tenant=tenant, code="bootcamp5", language="en", actor=SYSTEM)
        Step.objects.filter(version=version, mark="end").update(mark="")
    text = page(f"/sop/versions/{version.pk}/file/").content.decode()
    assert "PEAK-01" in page("/sop/import/", {"file": upload(text)}).content.decode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("kind = = 3", "cannot be read"),
        ("欢迎".encode("gbk"), "not text in UTF-8"),
        (b"a" * (LARGEST_BYTES + 10), "at most 256 KB"),
        ("kind = 'camp'\ndays = 7\nname = 'x'\ncolour = 'red'\n", "colour"),
        ("", "The submitted file is empty"),
    ],
)
def test_a_bad_file_is_told_in_words_and_makes_nothing(page, tenant, raw, said):
    answer = page("/sop/import/", {"file": upload(raw)})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    with tenant_scope(tenant):
        assert not Template.objects.exists()


def test_text_slipped_in_after_the_look_is_read_again(page, tenant):
    answer = page("/sop/import/", {"text": "kind = 'camp'", "sure": "on"})
    assert answer.status_code == 422
    assert "It is missing" in answer.content.decode()
    with tenant_scope(tenant):
        assert not Template.objects.exists()


def test_faults_are_told_in_chinese(page, tenant):
    User.objects.update(language="zh-hans")
    bad = "kind = 'camp'\ndays = 7\nname = 'x'\n[[steps]]\nkey = 'a'\ntitle = '早上好'\nchannel = 'pigeon'\n"
    body = page("/sop/import/", {"file": upload(bad)}).content.decode()
    assert "步骤 1 “早上好”" in body
    assert "不认识" in body


def test_no_file_is_asked_for(page):
    answer = page("/sop/import/", {})
    assert answer.status_code == 422
    assert "Choose a file." in answer.content.decode()


def test_an_import_is_all_or_nothing(scoped, monkeypatch):
    step = "[[steps]]\nkey='a'\ntitle='t'\nday=1\nat=10:00:00\nchannel='moments'\ncontent_type='value'\n"
    text = f"kind='camp'\ndays=7\nname='x'\n{step}"

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("sop.services.templates.Step.objects.bulk_create", fail)
    with pytest.raises(RuntimeError):
        template_import(tenant=scoped, text=text, language="zh", actor=SYSTEM)
    assert not Template.objects.exists()
