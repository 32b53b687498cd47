"""What waits for people is said in each reader's language, whoever wrote it (tenants.words)."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy, pgettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from team.models import Approval, Notice, WorkItem
from team.services import approval_ask, register_approval, work_item_put
from team.services.notices import messages_hand, work_tell
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.words import in_the_companys, say, say_count, say_day, say_each, say_list, stored, told
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import actor_of, make_member, make_user
from tests.team.noticing import cards

CHINESE, ENGLISH = "zh-hans", "en"
APPS = ("team", "contacts", "content", "groups", "leads", "sop", "analytics")


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override(CHINESE):
        yield


def both(words: Any) -> tuple[str, str]:
    """What is read of words once they were stored: (in Chinese, in English)."""
    found, held = [], stored(words)
    for language in (CHINESE, ENGLISH):
        with translation.override(language):
            found.append(told(held, "–"))
    return found[0], found[1]


def test_words_are_read_in_the_language_of_whoever_reads_them() -> None:
    name = {"name": "春播营 100% 群"}
    assert both(say("Rename “%(name)s” in WeCom") % name) == (
        "在企业微信里给「春播营 100% 群」改名",
        "Rename “春播营 100% 群” in WeCom",
    )
    assert both(say("Decide: %(what)s") % {"what": gettext_lazy("Approvals")}) == (
        "待审批：审批",
        "Decide: Approvals",
    )
    assert both(pgettext_lazy("approval", "Granted"))[1] == "Granted"
    assert both(say_day(date(2026, 3, 2))) == ("03月2日", "March 2")
    assert both(say_list(["甲", "", say("Decide: %(what)s") % {"what": "乙"}], "; ")) == (
        "甲; 待审批：乙",
        "甲; Decide: 乙",
    )
    assert both(say_each(lambda: translation.gettext("Approvals"))) == ("审批", "Approvals")


@pytest.mark.parametrize("count", [1, 7])
def test_one_and_many_are_told_apart_by_each_language(count: int) -> None:
    said = say_count("%(n)s message: nobody scrolls back.", "%(n)s messages: nobody scrolls back.", count)
    word = "message" if count == 1 else "messages"
    assert both(said % {"n": count}) == (
        f"{count} 条消息，没人爬楼。",
        f"{count} {word}: nobody scrolls back.",
    )


@given(st.text(max_size=40))
def test_what_people_wrote_is_read_as_they_wrote_it(text: str) -> None:
    assert both(text) == (text, text)
    assert both(say("Decide: %(what)s") % {"what": text}) == (f"待审批：{text}", f"Decide: {text}")


def test_words_that_the_catalogue_no_longer_knows_are_read_as_they_were_stored() -> None:
    held = stored(say("Words of %(year)s" + " that nobody translated") % {"year": 2020})
    assert told(held, "当年的话") == "当年的话"
    rewritten = {"m": "Decide: %(what)s", "f": {"name": "甲"}}
    assert told(rewritten, "当年的话") == "当年的话"


def english() -> User:
    user = make_user(name="Ann")
    user.language = ENGLISH
    user.save(update_fields=["language"])
    return user


@pytest.mark.integration
@pytest.mark.django_db
def test_an_item_is_read_by_each_in_their_language_and_an_old_one_as_it_is(
    tenant: Tenant, client: Client
) -> None:
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, role="leader", user=english())
        staff = make_staff(tenant=tenant, membership=member)
        work_item_put(
            tenant_id=tenant.pk, source_kind="tests.rename", source_id=1, staff_id=staff.pk, kind="check",
            bucket="must", title=say("Rename “%(name)s” in WeCom") % {"name": "春播营"}, url="/x",
            verb_label=say("See the group"), reason=say("WeCom lets only people rename a group."),
        )  # fmt: skip
        work_item_put(
            tenant_id=tenant.pk, source_kind="tests.old", source_id=1, staff_id=staff.pk, kind="check", bucket="must",
            title="老任务", url="/x",
        )  # fmt: skip
    client.force_login(member.user)
    where = reverse("team:today", kwargs={"tenant_slug": tenant.slug})
    in_english = client.get(where, follow=True).content.decode()
    for words in (
        "Rename “春播营” in WeCom",
        "See the group",
        "WeCom lets only people rename a group.",
        "老任务",
    ):
        assert words in in_english
    User.objects.filter(pk=member.user_id).update(language=CHINESE)
    in_chinese = client.get(where, follow=True).content.decode()
    for words in ("在企业微信里给「春播营」改名", "老任务"):
        assert words in in_chinese
    assert "Rename “" not in in_chinese


@pytest.mark.integration
@pytest.mark.django_db
def test_bell_and_message_are_in_the_receivers_language_and_the_same_words_change_nothing(
    tenant: Tenant, frozen: MovableClock
) -> None:
    fields = {
        "kind": "alert", "bucket": "must", "url": "/x",
        "title": say("Rename “%(name)s” in WeCom") % {"name": "春播营"},
        "reason": say("WeCom lets only people rename a group."),
    }  # fmt: skip
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, role="operator", user=english())
        staff = make_staff(tenant=tenant, membership=member)
        for _again in range(2):
            row = work_item_put(
                tenant_id=tenant.pk, source_kind="groups.incident", source_id=1, staff_id=staff.pk, **fields
            )
        assert WorkItem.objects.filter(title="在企业微信里给「春播营」改名").count() == 1
        assert work_tell(tenant_id=tenant.pk) == 1
        messages_hand(tenant_id=tenant.pk)
        notice = Notice.objects.get(item=row)
        assert notice.titles == {
            CHINESE: "在企业微信里给「春播营」改名",
            ENGLISH: "Rename “春播营” in WeCom",
        }
        assert cards()[0]["title"] == "Rename “春播营” in WeCom"
        assert "WeCom lets only people rename a group." in cards()[0]["description"]
        changed = fields | {"title": say("Rename “%(name)s” in WeCom") % {"name": "秋收营"}}
        work_item_put(
            tenant_id=tenant.pk, source_kind="groups.incident", source_id=1, staff_id=staff.pk, **changed
        )
        assert WorkItem.objects.get().title == "在企业微信里给「秋收营」改名"


@pytest.mark.integration
@pytest.mark.django_db
def test_what_is_asked_for_is_read_in_the_deciders_language(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("team.services.approvals._kinds", {})
    register_approval("tests.thing", gettext_lazy("Approvals"), lambda **_told: None)
    with tenant_scope(tenant):
        asker = make_member(tenant=tenant, role="operator", user=make_user(name="林"))
        make_staff(
            tenant=tenant, membership=make_member(tenant=tenant, role="leader", user=make_user(name="Ann"))
        )
        approval_ask(
            tenant=tenant, kind="tests.thing", target="thing:1", label="春播营", reason="客户催", wish={},
            said=say("From %(before)s to %(after)s") % {"before": gettext_lazy("Flash group"), "after": "乙"},
            actor=actor_of(asker),
        )  # fmt: skip
        with translation.override(ENGLISH):
            assert WorkItem.objects.get().title == "Decide: 春播营"
            assert WorkItem.objects.get().detail == "Approvals"
            assert Approval.objects.get().said == "From Flash group to 乙"
        assert Approval.objects.get().said == in_the_companys(
            say("From %(before)s to %(after)s") % {"before": gettext_lazy("Flash group"), "after": "乙"}
        )
        assert WorkItem.objects.get().title == "待审批：春播营"


def test_no_source_of_work_says_its_words_while_it_writes() -> None:
    """Whoever puts items uses tenants.words: gettext there would be the writer's language for every reader."""
    names = "(?:title|detail|reason|verb_label|script_source)"
    said_now = re.compile(rf"""(?:"{names}":|\b{names}=)\s*(?:_|gettext|ngettext)\(""")
    wrong = {}
    for path in (one for app in APPS for one in (Path(settings.BASE_DIR) / app).rglob("*.py")):
        text = path.read_text()
        if re.search(r"import [^\n]*work_items?_put|work_items?_put\(", text) and (
            found := said_now.findall(text)
        ):
            wrong[str(path)] = found
    assert wrong == {}
