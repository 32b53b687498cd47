"""The content library: nobody picks what was not approved, nothing approved changes under those who use it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from content.errors import MaterialArchived, MaterialChanged, MaterialFixed, ReasonNeeded, WordsRefused
from content.models import Material, MaterialEdition
from content.selectors.library import material_words, materials_to_pick
from content.services.library import (
    About,
    Said,
    material_archive,
    material_ask,
    material_decide,
    material_duplicate,
    material_save,
    materials_set_kind,
    materials_tag,
)
from content.services.sensitive import words_put
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.tenants import make_member, make_user

pytestmark = [pytest.mark.django_db]

LINK = {"kind": "link", "title": "第三课", "url": "https://shop.example.com/3"}


def _actor(role: str) -> Actor:
    return Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[role])


OPERATOR, LEADER, VIEWER = _actor(Role.OPERATOR), _actor(Role.LEADER), _actor(Role.VIEWER)


def _written(tenant: Tenant, text: str = "今天 {群名} 打卡", **more: Any) -> Material:
    about = About(**{name: more.pop(name) for name in ("tags", "valid_from", "valid_until") if name in more})
    said = Said(kind=more.pop("kind", "value"), title=more.pop("title", "打卡提醒"), text=text, **more)
    return material_save(tenant=tenant, said=said, about=about, actor=OPERATOR)


def _approved(tenant: Tenant, text: str = "今天 {群名} 打卡", **more: Any) -> Material:
    row = _written(tenant, text, **more)
    material_ask(tenant=tenant, material_id=row.pk, actor=OPERATOR)
    return material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=LEADER)


def _picked(tenant: Tenant, **asked: Any) -> list[str]:
    return [row.title for row in materials_to_pick(tenant=tenant, **asked)]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def test_a_draft_cannot_be_picked_and_an_approved_one_can(scope: Tenant) -> None:
    row = _written(scope)
    assert _picked(scope) == []
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    assert _picked(scope) == []
    material_decide(tenant=scope, material_id=row.pk, revision=1, is_approved=True, actor=LEADER)
    assert _picked(scope) == ["打卡提醒"]


def test_an_operator_cannot_approve_nor_a_viewer_write(scope: Tenant) -> None:
    row = _written(scope)
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    with pytest.raises(NotPermitted):
        material_decide(tenant=scope, material_id=row.pk, revision=1, is_approved=True, actor=OPERATOR)
    with pytest.raises(NotPermitted):
        material_save(tenant=scope, said=Said(kind="value", title="x", text="y"), about=About(), actor=VIEWER)


def test_an_edit_of_an_approved_one_leaves_it_in_use_until_the_next_is_approved(scope: Tenant) -> None:
    row = _approved(scope, "旧的话")
    material_save(
        tenant=scope, said=Said(kind="value", title="打卡提醒", text="新的话"), about=About(), actor=OPERATOR,
        material_id=row.pk, revision=0,
    )  # fmt: skip
    (picked,) = materials_to_pick(tenant=scope)
    assert material_words(picked).text == "旧的话"
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    material_decide(tenant=scope, material_id=row.pk, revision=1, is_approved=True, actor=LEADER)
    (picked,) = materials_to_pick(tenant=scope)
    assert (material_words(picked).text, picked.edition) == ("新的话", 2)


def test_the_second_of_two_tabs_overwrites_nothing(scope: Tenant) -> None:
    row = _written(scope)
    wish = {"tenant": scope, "about": About(), "actor": OPERATOR, "material_id": row.pk, "revision": 1}
    material_save(said=Said(kind="value", title="a", text="第一个标签页"), **wish)
    with pytest.raises(MaterialChanged):
        material_save(said=Said(kind="value", title="b", text="第二个标签页"), **wish)
    assert Material.objects.get(pk=row.pk).text == "第一个标签页"


def test_what_was_changed_after_the_leader_read_it_is_not_approved(scope: Tenant) -> None:
    row = _written(scope)
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    material_save(
        tenant=scope, said=Said(kind="value", title="b", text="悄悄改了"), about=About(), actor=OPERATOR,
        material_id=row.pk, revision=1,
    )  # fmt: skip
    with pytest.raises(MaterialFixed):
        material_decide(tenant=scope, material_id=row.pk, revision=1, is_approved=True, actor=LEADER)
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    with pytest.raises(MaterialChanged):
        material_decide(tenant=scope, material_id=row.pk, revision=1, is_approved=True, actor=LEADER)


def test_sending_back_needs_a_reason_and_the_writer_reads_it(scope: Tenant) -> None:
    row = _written(scope)
    material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    common = {"tenant": scope, "material_id": row.pk, "revision": 1, "is_approved": False, "actor": LEADER}
    with pytest.raises(ReasonNeeded):
        material_decide(**common, reason=" ")
    material_decide(**common, reason="价格过期了")
    assert [one.reason for one in row.editions.all()] == ["价格过期了"]
    assert AuditEntry.objects.filter(verb="content.material.sent_back").count() == 1


def test_words_that_may_not_be_sent_are_not_approved(scope: Tenant) -> None:
    row = _written(scope, "我们是国 家 级 团队")
    with pytest.raises(WordsRefused, match="国 家 级"):
        material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    late = _written(scope, "小班课", title="小班")
    material_ask(tenant=scope, material_id=late.pk, actor=OPERATOR)
    words_put(tenant=scope, words="小班课", does="refuse", hint="", actor=OPERATOR)
    with pytest.raises(WordsRefused):
        material_decide(tenant=scope, material_id=late.pk, revision=1, is_approved=True, actor=LEADER)


def test_outside_its_days_or_archived_it_cannot_be_picked(scope: Tenant, frozen: MovableClock) -> None:
    today = date(2026, 3, 2)
    _approved(scope, title="还没到", valid_from=date(2026, 3, 3))
    _approved(scope, title="今天止", valid_until=today)
    _approved(scope, title="过期", valid_until=date(2026, 3, 1))
    gone = _approved(scope, title="收起来")
    material_archive(tenant=scope, material_id=gone.pk, is_archived=True, actor=OPERATOR)
    assert _picked(scope) == ["今天止"]


def test_picking_narrows_by_type_and_by_words_in_title_text_or_tag(scope: Tenant) -> None:
    _approved(scope, "直播入口", title="直播", kind="activity", tags=["第二周"])
    _approved(scope, "退款说明", title="规则", kind="norms")
    assert _picked(scope, kind="norms") == ["规则"]
    assert _picked(scope, words="第二周 入口") == ["直播"]
    assert _picked(scope, words="没有这个") == []


def test_a_step_takes_the_wording_it_asked_for_with_what_goes_along(scope: Tenant) -> None:
    row = _approved(scope, "A 版", attachments=[LINK], variants=[{"key": "b", "name": "B", "text": "B 版"}])
    taken = material_words(row, "b")
    assert (taken.text, [one.title for one in taken.attachments]) == ("B 版", ["第三课"])
    assert material_words(row).text == material_words(row, "taken off").text == "A 版"


def test_a_copy_is_a_draft_of_its_own(scope: Tenant) -> None:
    row = _approved(scope, attachments=[LINK])
    made = material_duplicate(tenant=scope, material_id=row.pk, title="打卡提醒（副本）", actor=OPERATOR)
    assert (made.edition, made.text, made.attachments[0]["title"]) == (0, row.text, "第三课")
    assert _picked(scope) == ["打卡提醒"]


def _client(tenant: Tenant, role: str) -> Client:
    person = make_user()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=role, user=person)
    client = Client()
    client.force_login(person)
    User.objects.update(language="en")
    return client


def test_a_material_goes_from_the_form_through_approval_to_its_page(tenant: Tenant) -> None:
    base = f"/t/{tenant.slug}/library/"
    writer, leader = _client(tenant, Role.OPERATOR), _client(tenant, Role.LEADER)
    assert "No material yet" in writer.get(base).content.decode()
    form = {"title": "直播预告", "text": "今晚 {链接:直播}", "revision": "0"}
    answer = writer.post(f"{base}new/", form)
    assert answer.status_code == 422
    assert "There is no link called 直播 below." in answer.content.decode()
    assert "This field is required" in answer.content.decode()
    form |= {
        "kind": "activity",
        "link_title": "直播",
        "link_kind": "live",
        "link_url": "https://live.example/1",
    }
    answer = writer.post(f"{base}new/", form)
    page = answer["Location"].partition("?")[0]
    assert writer.post(f"{page}approve/", {"revision": "1"}).status_code == 403
    writer.post(f"{page}ask/")
    assert "Approve" in leader.get(f"{page}?edition=open").content.decode()
    leader.post(f"{page}approve/", {"revision": "1"})
    shown = writer.get(page).content.decode()
    assert "the one steps take" in shown
    assert "No step has taken it yet" in shown
    listed = writer.get(f"{base}?state=usable&kind=activity&q=预告").content.decode()
    assert "直播预告" in listed
    assert writer.get(f"{base}?state=waiting").content.decode().count("直播预告") == 0


def test_many_are_typed_tagged_and_archived_at_once(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        ids = [str(_written(tenant, title=f"素材{number}").pk) for number in range(3)]
    client, base = _client(tenant, Role.OPERATOR), f"/t/{tenant.slug}/library/"
    assert "素材0" in client.post(f"{base}bulk/kind/", {"pick": ids[:2]}).content.decode()
    client.post(f"{base}bulk/kind/", {"decided": 1, "picked": ",".join(ids[:2]), "kind": "care"})
    client.post(f"{base}bulk/tag/", {"decided": 1, "every": "1", "query": "kind=care", "tags": "开营，问候"})
    client.post(f"{base}bulk/archive/", {"decided": 1, "picked": ids[2]})
    with tenant_scope(tenant):
        rows = Material.objects.order_by("title")
        assert [(row.kind, row.tags, bool(row.archived_at)) for row in rows] == [
            ("care", ["开营", "问候"], False),
            ("care", ["开营", "问候"], False),
            ("value", [], True),
        ]


def test_sensitive_words_are_tried_added_and_taken_off(tenant: Tenant) -> None:
    client, base = _client(tenant, Role.OPERATOR), f"/t/{tenant.slug}/words/"
    tried = client.post(base, {"text": "最佳小班"}).content.decode()
    assert '<mark class="is-bad">最佳</mark>' in tried
    client.post(f"{base}add/", {"words": "小班，大班", "does": "warn", "hint": "写清人数"})
    client.post(f"{base}add/", {"words": "最佳", "does": "off", "hint": ""})
    tried = client.post(base, {"text": "最佳小 班"}).content.decode()
    assert '<mark class="is-bad">' not in tried
    assert '<mark class="is-warn">小 班</mark>' in tried
    assert "写清人数" in tried


def test_the_list_of_a_hundred_materials_takes_few_queries(
    tenant: Tenant, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        for number in range(30):
            _written(tenant, title=f"素材{number}", tags=["问候"], attachments=[LINK])
    client = _client(tenant, Role.OPERATOR)
    with django_assert_max_num_queries(25):
        assert client.get(f"/t/{tenant.slug}/library/").status_code == 200


WHOLE = {
    "text": "今天打卡",
    "variants": [{"key": "b", "name": "B", "text": "来打卡"}],
    "attachments": [
        {"kind": "link", "title": "课表", "url": "https://shop.example.com/3", "description": "每周三节"}
    ],
}
BAD = "保证包过"


@pytest.mark.parametrize(
    "more",
    [
        {"text": BAD},
        {"variants": [{"key": "b", "name": "B", "text": BAD}]},
        {"attachments": [{**WHOLE["attachments"][0], "title": BAD}]},
        {"attachments": [{**WHOLE["attachments"][0], "description": BAD}]},
    ],
    ids=["words", "wording B", "title of a link", "description of a link"],
)
def test_every_text_a_customer_would_read_is_checked(scope: Tenant, more: dict[str, Any]) -> None:
    row = _written(scope, **{**WHOLE, **more})
    with pytest.raises(WordsRefused):
        material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    fine = _written(scope, **WHOLE)
    material_ask(tenant=scope, material_id=fine.pk, actor=OPERATOR)


def test_new_tags_stand_beside_those_it_has(scope: Tenant) -> None:
    row = _written(scope, tags=["启蒙"])
    assert materials_tag(tenant=scope, material_ids=[row.pk], tags=["晚读", "启蒙"], actor=OPERATOR) == 1
    row.refresh_from_db()
    assert row.tags == ["启蒙", "晚读"]


def test_another_type_for_many_leaves_what_was_approved_as_it_was(scope: Tenant) -> None:
    row = _approved(scope)
    material_save(
        tenant=scope, said=Said(kind="value", title="新", text="新的话"), about=About(), actor=OPERATOR,
        material_id=row.pk, revision=0,
    )  # fmt: skip
    materials_set_kind(tenant=scope, material_ids=[row.pk], kind="topic", actor=OPERATOR)
    kinds = dict(MaterialEdition.objects.filter(material=row).values_list("number", "kind"))
    assert kinds == {1: "value", 2: "topic"}
    row.refresh_from_db()
    assert row.kind == "topic"


def test_what_was_put_away_is_neither_asked_for_nor_approved(scope: Tenant) -> None:
    row, waiting = _written(scope), _written(scope)
    material_ask(tenant=scope, material_id=waiting.pk, actor=OPERATOR)
    for one in (row, waiting):
        material_archive(tenant=scope, material_id=one.pk, is_archived=True, actor=OPERATOR)
    with pytest.raises(MaterialArchived):
        material_ask(tenant=scope, material_id=row.pk, actor=OPERATOR)
    with pytest.raises(MaterialArchived):
        material_decide(tenant=scope, material_id=waiting.pk, revision=1, is_approved=True, actor=LEADER)
