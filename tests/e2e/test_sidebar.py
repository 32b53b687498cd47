"""WeCom's sidebar in a real browser: the vendor's script runs on a stand-in for WeCom's client."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from content.models import Script
from content.services import script_save
from groups.models import Group, Thanks
from groups.services.norms import norm_add
from groups.services.thanks import thanks_write
from leads.models import Lead
from sop.models import Touch
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import (
    make_behaviour,
    make_customer,
    make_customer_tag,
    make_follow,
    make_order,
    make_tag,
)
from tests.factories.groups import fill_group, make_answers, make_group
from tests.factories.leads import act, lead_of, make_camp, purchase_clicks
from tests.factories.sop import make_run, make_step, make_touch, make_version
from tests.factories.team import make_staff, make_work_item
from tests.phone import phone_session
from wecom.errors import Retryable
from wecom.gateway import jssdk

pytestmark = pytest.mark.django_db(transaction=True)
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/7.0.1 wxwork/4.1.22"
CLIENT = Path(__file__).with_name("wecom_client.js").read_text()


@pytest.fixture
def staff(transactional_db: None, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Staff:
    monkeypatch.setattr(jssdk, "page_ticket", lambda *, app, kind: f"ticket-of-{kind}")
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓", membership=Membership.objects.get())


@pytest.fixture
def friend(tenant: Tenant, staff: Staff) -> str:
    """刘女士, with a lead, tags, an order and a talk: her external_userid."""
    now = clock.now()
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, name="刘女士", phone="13800136027")
        make_follow(tenant=tenant, customer=person, staff=staff, remark="果果妈妈")
        make_customer_tag(tenant=tenant, customer=person, tag=make_tag(tenant=tenant, name="抖音信息流"))
        make_tag(tenant=tenant, name="高意向")
        make_behaviour(tenant=tenant, customer=person, kind="message", text="课有回放吗？")
        make_order(
            tenant=tenant,
            customer=person,
            ordered_at=now - timedelta(days=40),
            title="体验课",
            amount_fen=990,
        )
        make_camp(tenant=tenant, customers=[person], starts_at=now - timedelta(hours=2))
        act(tenant, *purchase_clicks(person, 3, now - timedelta(hours=1)))
        script_save(
            tenant=tenant, script_id=None, title="课有回放吗", text="{客户称呼}，有的，一年内都能看。",
            kind="product", actor=SYSTEM,
        )  # fmt: skip
        return person.external_userid


@pytest.fixture
def touch(tenant: Tenant, staff: Staff) -> Touch:
    """A forward to one group that waits for this person."""
    now = clock.now()
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, app=staff.app, owner=staff, name="启蒙03群", state="active")
        fill_group(group=group, customers=[make_customer(tenant=tenant)], staff=[staff])
        make_answers(group=group)
        version = make_version(tenant=tenant)
        step = make_step(tenant=tenant, version=version, title="分享班会预告")
        run = make_run(tenant=tenant, version=version, groups=[group], starts_on=now.date())
        return make_touch(
            tenant=tenant, run=run, step=step, group=group, state="handed", text="今晚 20:00 分享班会。",
            window_ends_at=now + timedelta(days=365),
        )  # fmt: skip


Phone = Callable[..., Page]


@pytest.fixture
def phone(make_page: Callable[..., Page], tenant: Tenant, staff: Staff, live_server: LiveServer) -> Phone:
    """phone(entry=, customer=, chat=, answers=, agent=): a page inside WeCom, signed in, its client planned so."""

    def make(agent: str = AGENT, language: str = "zh-CN", **plan: Any) -> Page:
        page = make_page(width="phone", language=language)
        value = phone_session(tenant, staff)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}
        page.context.add_cookies([cookie])
        page.add_init_script(
            f"Object.defineProperty(navigator, 'userAgent', {{get: () => {json.dumps(agent)}}});"
            f"window.__wecomPlan = {json.dumps(plan)};\n{CLIENT}"
        )
        return page

    return make


def calls(page: Page, name: str) -> list[dict[str, Any]]:
    made = page.evaluate("window.__wecom.calls")
    return [one["params"] for one in made if one["name"] == name]


@pytest.mark.parametrize(
    ("plan", "url"),
    [
        ({"entry": "normal"}, "/m/{slug}/"),
        ({"entry": "group_chat_tools", "chat": "{chat}"}, "/m/{slug}/group/{chat}/"),
        ({"entry": "single_chat_tools", "customer": "{customer}"}, "/m/{slug}/customer/{customer}/"),
        ({"entry": "contact_profile", "customer": "{customer}"}, "/m/{slug}/customer/{customer}/"),
        ({"entry": "chat_attachment"}, "/m/{slug}/scripts/"),
    ],
)
def test_sidebar_opens_what_stands_beside_it(
    phone: Phone, tenant: Tenant, touch: Touch, friend: str, plan: dict[str, str], url: str
) -> None:
    with tenant_scope(tenant):
        names = {"slug": tenant.slug, "chat": Group.objects.get().chat_id, "customer": friend}
    page = phone(**{key: value.format(**names) for key, value in plan.items()})
    page.goto(f"/m/{tenant.slug}/side/")
    page.wait_for_url(f"**{url.format(**names)}")
    expect(page.locator("main")).to_be_visible()


@pytest.mark.parametrize(
    ("plan", "kind", "words"),
    [
        (
            {"answers": {"agentConfig": {"err_msg": "agentConfig:fail_invalid signature"}}},
            "unsigned",
            "trusted domain",
        ),
        (
            {"answers": {"getContext": {"err_msg": "getContext:fail_no permission"}}},
            "permission",
            "customer contact rights",
        ),
        ({"entry": "single_chat_tools"}, "place", "only from the sidebar"),
    ],
)
def test_sidebar_says_in_plain_words_why_it_cannot_open(
    phone: Phone, tenant: Tenant, plan: dict[str, Any], kind: str, words: str
) -> None:
    page = phone(language="en", **plan)
    page.goto(f"/m/{tenant.slug}/side/")
    said = page.locator("#q-ww-failed")
    expect(said).to_be_visible()
    assert (said.get_attribute("data-kind"), words in said.inner_text()) == (kind, True)


def test_page_is_signed_for_this_very_address_once(phone: Phone, tenant: Tenant, friend: str) -> None:
    page = phone(entry="single_chat_tools", customer=friend)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "js-config" in request.url else None)
    page.goto(f"/m/{tenant.slug}/customer/{friend}/")
    button = page.locator("section[aria-labelledby=k-say] [data-ww=chat]").first
    button.click()
    expect(button).to_have_attribute("data-ww-state", "sent")
    config = calls(page, "agentConfig")[0]
    wanted = jssdk.page_signature(
        ticket="ticket-of-agent_config",
        nonce=config["nonceStr"],
        timestamp=int(config["timestamp"]),
        url=page.url,
    )
    assert (config["signature"], len(asked)) == (wanted, 1)


def test_answer_goes_to_the_open_chat_with_one_tap_and_is_counted(
    phone: Phone, tenant: Tenant, friend: str
) -> None:
    page = phone(entry="single_chat_tools", customer=friend)
    page.goto(f"/m/{tenant.slug}/customer/{friend}/")
    expect(page.locator("#q-found li")).to_have_count(1)
    with page.expect_response(lambda response: "?q=" in response.url):
        page.fill("#k-q", "有没有回放")
    answer = page.locator("#q-found li", has_text="一年内都能看")
    with page.expect_response(lambda response: "/used/" in response.url):
        answer.locator("[data-ww=chat]").click()
    expect(answer.locator("[data-ww-said]")).to_contain_text("已发到当前会话")
    sent = calls(page, "sendChatMessage")
    assert [(one["msgtype"], one["text"]["content"]) for one in sent] == [
        ("text", "果果妈妈，有的，一年内都能看。")
    ]
    with tenant_scope(tenant):
        assert Script.objects.get().uses == 1


def test_another_chat_beside_the_page_gets_nothing(phone: Phone, tenant: Tenant, friend: str) -> None:
    page = phone(entry="single_chat_tools", customer="wmSomeoneElse", language="en")
    page.goto(f"/m/{tenant.slug}/customer/{friend}/")
    button = page.locator("section[aria-labelledby=k-say] [data-ww=chat]").first
    button.click()
    expect(button).to_have_attribute("data-ww-state", "other")
    expect(page.locator("section[aria-labelledby=k-say] [data-ww-said]").first).to_contain_text(
        "Another chat"
    )
    assert calls(page, "sendChatMessage") == []


def test_outside_a_chat_the_words_are_copied_and_the_chat_is_opened(
    phone: Phone, tenant: Tenant, friend: str
) -> None:
    page = phone(entry="normal", language="en")
    page.goto(f"/m/{tenant.slug}/customer/{friend}/")
    button = page.locator("section[aria-labelledby=k-say] [data-ww=chat]").first
    button.click()
    expect(button).to_have_attribute("data-ww-state", "copied")
    assert calls(page, "openEnterpriseChat")[0]["externalUserIds"] in (friend, [friend])


def open_touch(page: Page, tenant: Tenant, touch: Touch) -> Any:
    page.goto(f"/m/{tenant.slug}/send/{touch.pk}/")
    return page.locator(".q-hand-foot [data-ww=forward]")


def state_of(tenant: Tenant, touch: Touch) -> str:
    with tenant_scope(tenant):
        return Touch.objects.get(pk=touch.pk).state


def test_forward_in_the_groups_own_sidebar_is_submitted_by_wecoms_word(
    phone: Phone, tenant: Tenant, touch: Touch
) -> None:
    with tenant_scope(tenant):
        chat = Group.objects.get().chat_id
    page = phone(entry="group_chat_tools", chat=chat)
    button = open_touch(page, tenant, touch)
    with page.expect_navigation():
        button.click()
    expect(page.locator(f"#t{touch.pk}")).to_contain_text("已提交")
    assert state_of(tenant, touch) == "submitted"  # a proof confirms it, not the page


def test_forward_elsewhere_names_the_group_to_wecom(phone: Phone, tenant: Tenant, touch: Touch) -> None:
    page = phone(entry="normal")
    button = open_touch(page, tenant, touch)
    page.evaluate("addEventListener('submit', e => e.preventDefault(), true)")
    button.click()
    expect(button).to_have_attribute("data-ww-state", "handed")
    with tenant_scope(tenant):
        chat = Group.objects.get().chat_id
    shared = calls(page, "shareToExternalChat")[0]
    assert (shared["text"]["content"], chat in str(shared["chatIds"])) == ("今晚 20:00 分享班会。", True)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("shareToExternalChat:cancel", "cancel", "Not sent"),
        ("shareToExternalChat:fail_no permission", "permission", "customer contact rights"),
        ("shareToExternalChat:fail_not supported", "old", "too old"),
        ("shareToExternalChat:fail_something new", "unknown", "without saying why"),
    ],
)
def test_forward_that_wecom_did_not_do_changes_nothing(
    phone: Phone, tenant: Tenant, touch: Touch, said: str, kind: str, words: str
) -> None:
    page = phone(language="en", answers={"shareToExternalChat": {"err_msg": said}})
    button = open_touch(page, tenant, touch)
    button.click()
    expect(button).to_have_attribute("data-ww-state", kind)
    expect(page.locator("#q-ww-said")).to_contain_text(words)
    assert state_of(tenant, touch) == "handed"


def test_without_wecoms_script_the_words_are_copied(phone: Phone, tenant: Tenant, touch: Touch) -> None:
    page = phone(language="en")
    page.route(
        "**/wecom.global.prod.js", lambda route: route.fulfill(body="", content_type="text/javascript")
    )
    button = open_touch(page, tenant, touch)
    button.click()
    expect(button).to_have_attribute("data-ww-state", "copied")
    assert state_of(tenant, touch) == "handed"


def test_page_that_cannot_be_signed_says_what_the_server_said(
    phone: Phone, tenant: Tenant, touch: Touch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, app: Any, kind: str) -> str:
        raise Retryable("busy", retry_at=clock.now())

    monkeypatch.setattr(jssdk, "page_ticket", refuse)
    page = phone(language="en")
    page.watch.expect(503)  # type: ignore[attr-defined]
    button = open_touch(page, tenant, touch)
    button.click()
    expect(page.locator("#q-ww-said")).to_contain_text("WeCom is busy")


def test_customer_page_works_by_hand(phone: Phone, tenant: Tenant, friend: str) -> None:
    """Tags with undo, the next step, a follow-up with a note, opt-out; looked at in both languages."""
    page = phone(entry="single_chat_tools", customer=friend)
    url = f"/m/{tenant.slug}/customer/{friend}/"
    page.goto(url)
    expect(page.locator("#q-found li")).to_have_count(1)
    look(page, "phone-customer")
    page.locator("#k-tags button", has=page.locator(".ti-x")).click()
    expect(page.locator("#k-tags")).to_contain_text("还没有标签")
    with page.expect_navigation():
        page.locator(".q-toast [data-undo]").click()
    expect(page.locator("#k-tags")).to_contain_text("抖音信息流")
    page.select_option("#k-tag", label="意向 / 高意向")
    expect(page.locator("#k-tags")).to_contain_text("高意向")
    page.locator("section[aria-labelledby=k-next] summary").click()
    page.fill("#k-own", "问孩子几点睡")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=k-next] .q-taps button").first.click()
    expect(page.locator("section[aria-labelledby=k-next] small")).to_contain_text("问孩子几点睡")
    page.fill("#k-note", "周末再聊")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=k-log] .q-taps button").first.click()
    page.fill("#k-why", "说别再发了")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=k-x] button").click()
    expect(page.locator("main")).to_contain_text("说别再发了")
    other = phone(entry="single_chat_tools", customer=friend, language="en")
    other.goto(url)
    expect(other.locator("#q-found li")).to_have_count(1)
    look(other, "phone-customer")


def test_group_page_is_looked_at_and_frozen(phone: Phone, tenant: Tenant, touch: Touch, friend: str) -> None:
    with tenant_scope(tenant):
        chat = Group.objects.get().chat_id
    url = f"/m/{tenant.slug}/group/{chat}/"
    for language in ("zh-CN", "en"):
        page = phone(entry="group_chat_tools", chat=chat, language=language)
        page.goto(url)
        expect(page.locator("#q-found li")).to_have_count(1)
        look(page, "phone-group")
    page.fill("#g-why", "complaint")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=g-f] button").click()
    expect(page.locator("main")).to_contain_text("Frozen since")
    with page.expect_navigation():
        page.locator(".q-toast [data-undo]").click()
    expect(page.locator("main")).not_to_contain_text("Frozen since")


def test_task_of_a_lead_who_is_no_friend_opens_the_lead(
    phone: Phone, tenant: Tenant, staff: Staff, make_page: Callable[..., Page]
) -> None:
    now = clock.now()
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, app=staff.app, name="陈先生")
        make_camp(tenant=tenant, customers=[person], starts_at=now - timedelta(hours=2))
        act(tenant, *purchase_clicks(person, 3, now - timedelta(hours=1)))
        Lead.objects.update(owner=staff)
        lead = lead_of(person)
        url = f"/m/{tenant.slug}/leads/{lead.pk}/"
        make_work_item(tenant=tenant, staff=staff, title="陈先生: 跟进", phone_url=url, kind="lead", tier="A")
    for language in ("zh-CN", "en"):
        page = phone(language=language)
        page.goto(f"/m/{tenant.slug}/")
        page.locator(".q-todo .btn-primary").first.click()
        page.wait_for_url(f"**{url}")
        look(page, "phone-lead")
    expect(page.locator("main")).to_contain_text("nobody of the staff is their friend")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_other_phone_pages_are_looked_at(
    phone: Phone, tenant: Tenant, touch: Touch, friend: str, staff: Staff, language: str
) -> None:
    with tenant_scope(tenant):
        url = f"/m/{tenant.slug}/send/{touch.pk}/"
        make_work_item(tenant=tenant, staff=staff, title="转发「分享班会预告」", phone_url=url)
    page = phone(language=language)
    for name, path in (("tasks", ""), ("scripts", "scripts/"), ("send", f"send/{touch.pk}/")):
        page.goto(f"/m/{tenant.slug}/{path}")
        look(page, f"phone-{name}")
    page.watch.expect(404)  # type: ignore[attr-defined]
    page.goto(f"/m/{tenant.slug}/customer/wmNobody/")
    look(page, "phone-stranger")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_sign_in_and_access_pages_are_looked_at(
    make_page: Callable[..., Page], tenant: Tenant, staff: Staff, friend: str, language: str
) -> None:
    with tenant_scope(tenant):
        for name in ("何静", "陈默"):
            make_staff(tenant=tenant, app=staff.app, name=name)
        owner = User.objects.get(email="lin@example.com")
    owner.language = "en" if language == "en" else "zh-hans"
    owner.save()
    page = make_page(language=language)
    for name, path in (("find", "login/"), ("company", f"login/{tenant.slug}/"), ("mail", "accounts/login/")):
        page.goto(f"/{path}")
        look(page, f"login-{name}")
    page.watch.expect(400)  # type: ignore[attr-defined]
    page.goto(f"/login/{tenant.slug}/back/?state=x")
    look(page, "login-expired")
    boss = make_page(user=owner, language=language)
    for name, path in (
        ("staff", "settings/members/staff/"),
        ("members", "settings/members/"),
        ("scripts", "scripts/"),
    ):
        boss.goto(f"/t/{tenant.slug}/{path}")
        look(boss, f"access-{name}")
    boss.goto(f"/t/{tenant.slug}/settings/members/staff/?access=none")
    row = boss.locator("tr", has_text="陈默")
    with boss.expect_navigation():
        row.locator(".btn-primary").click()
    expect(boss.locator(".q-toast")).to_contain_text("陈默")


def test_a_thanks_is_said_in_the_group_at_one_tap_and_counts(
    phone: Phone, tenant: Tenant, staff: Staff, touch: Touch
) -> None:
    with tenant_scope(tenant):
        group = Group.objects.get()
        who = group.members.get(is_staff=False).customer_id
        thanks_write(
            tenant=tenant,
            group_id=group.pk,
            customer_id=who or 0,
            reason="help",
            words="谢谢你迎新。",
            actor=SYSTEM,
        )
        norm_add(
            tenant=tenant, group_id=group.pk, customer_id=who or 0, text="晚上十点后不发语音", actor=SYSTEM
        )
    page = phone(entry="group_chat_tools", chat=group.chat_id)
    page.goto(f"/m/{tenant.slug}/group/{group.chat_id}/")
    look(page, "phone-group")
    page.locator("a[href$='/culture/']").click()
    expect(page.locator("#c-t")).to_be_visible()
    look(page, "phone-culture")
    page.locator("[data-ww=chat]").first.click()
    expect(page.locator("form[id^='c-s-']")).to_have_count(0)  # the page after it was sent to this chat
    with tenant_scope(tenant):
        assert Thanks.objects.get().state == "said"
