"""Sensitive words and testimonials in what new friends and new members read first (R63, R67)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from contacts.enums import WelcomeMode
from contacts.models import ContactWay
from contacts.services.channels import channel_save
from contacts.services.ways import way_create, way_set_welcome
from content.errors import ProofUnpublished, WordsRefused
from content.services.proofs import ProofWish, proof_save
from content.services.sensitive import word_drop, words_put
from groups.handlers import on_send_finished, on_words_changed
from groups.models import WelcomeTemplate
from groups.services.night import groups_judge_night
from groups.services.welcomes import (
    template_change,
    template_create,
    template_end,
    template_publish,
    template_set_part,
)
from outbox.models import EventRow
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_order
from tests.factories.groups import make_ready_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.factories.wecom import make_app
from wecom.events import SendFinished
from wecom.models import App, OutboundSend
from wecom.services import app_set_greeting

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LATER = "现在报名立减五百元"  # nothing the platform's list knows
REFUSED, FINE = "报名就包过，稳赚不赔", "你好，我是林老师。"
LINK = {"kind": "link", "title": "包过班课表", "url": "https://shop.example.com/t", "desc": ""}


@pytest.fixture
def app(tenant: Tenant) -> App:
    with tenant_scope(tenant):
        return make_app(tenant=tenant)


def way(tenant: Tenant, app: App) -> ContactWay:
    if (row := ContactWay.objects.first()) is not None:
        return row
    staff = make_staff(tenant=tenant, app=app)
    channel = channel_save(tenant=tenant, actor=SYSTEM, name="小红书", kind="content")
    return way_create(
        tenant=tenant, channel_id=channel.pk, name="码", staff_ids=[staff.pk], skip_verify=True, actor=SYSTEM
    )


def greet(tenant: Tenant, app: App, text: str, **more: Any) -> str:
    app_set_greeting(tenant=tenant, app_id=app.pk, greeting=text, actor=SYSTEM, **more)
    return App.objects.get(pk=app.pk).greeting


def greet_by_code(tenant: Tenant, app: App, text: str, **more: Any) -> str:
    row = way(tenant, app)
    row = way_set_welcome(tenant=tenant, way_id=row.pk, mode=WelcomeMode.OWN, text=text, actor=SYSTEM, **more)
    return row.welcome_text


def greet_members(tenant: Tenant, app: App, text: str) -> str:
    return template_create(tenant=tenant, name="欢迎", text=text, notify=False, actor=SYSTEM).text


@pytest.mark.parametrize("keep", [greet, greet_by_code, greet_members])
def test_a_welcome_with_words_that_may_not_be_sent_is_not_kept(
    tenant: Tenant, app: App, keep: Callable[..., str]
) -> None:
    with tenant_scope(tenant):
        with pytest.raises(WordsRefused):
            keep(tenant, app, REFUSED)
        assert keep(tenant, app, FINE) == FINE


def forbidden(tenant: Tenant) -> int:
    """The company forbids a word of LATER, and groups hears of it; returns the word's id."""
    (row,) = words_put(tenant=tenant, words="立减", does="refuse", hint="写清活动规则", actor=SYSTEM)
    hear(tenant)
    return row.pk


def hear(tenant: Tenant) -> None:
    assert EventRow.objects.filter(name="content.words.changed").exists()
    on_words_changed(tenant_id=tenant.pk, events=[])


def open_alerts() -> list[tuple[str, str]]:
    """As a reader of Chinese sees them."""
    rows = WorkItem.objects.filter(source_kind__endswith="_words", state="open").order_by("pk")
    with translation.override("zh-hans"):
        return [(row.title, row.url) for row in rows]


def detail() -> str:
    """What the one alert says, as a reader of Chinese sees it."""
    (row,) = WorkItem.objects.filter(source_kind__endswith="_words", state="open")
    with translation.override("zh-hans"):
        return str(row.detail)


@pytest.mark.parametrize("keep", [greet, greet_by_code, greet_members])
def test_a_welcome_of_before_a_word_was_forbidden_stands_on_today_until_it_is_written_another_way(
    tenant: Tenant, app: App, client: Client, frozen: MovableClock, keep: Callable[..., str]
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        keep(tenant, app, LATER)
        forbidden(tenant)
        ((title, url),) = open_alerts()
        assert "不能再这样说" in title
        item = WorkItem.objects.get(source_kind__endswith="_words")
        assert (item.kind, item.bucket, item.staff_id, "立减" in item.reason) == ("alert", "must", None, True)
    assert LATER in client.get(url).content.decode()
    with tenant_scope(tenant):
        WorkItem.objects.filter(pk=item.pk).update(state="done")
        make_ready_group(tenant=tenant, state="active")
        frozen.move(hours=18)  # 03:00: ticked off, and the words still stand
        groups_judge_night(tenant_id=tenant.pk)
        assert open_alerts() == [(title, url)]
        if keep is greet_members:
            row = WelcomeTemplate.objects.get()
            told = {"name": row.name, "text": FINE, "notify": False}
            template_change(tenant=tenant, template_id=row.pk, actor=SYSTEM, **told)
        else:
            keep(tenant, app, FINE)
        assert open_alerts() == []


def told_to_wecom(tenant: Tenant, row: WelcomeTemplate, state: str = "done") -> None:
    """WeCom answers the call that is queued for a group welcome."""
    send = OutboundSend.objects.filter(ref_id=row.pk, state="queued").latest("pk")
    OutboundSend.objects.filter(pk=send.pk).update(state=state)
    answered = SendFinished(
        tenant_id=tenant.pk, occurred_at=clock.now(), send_id=send.pk, kind=send.kind, ref_kind=send.ref_kind,
        ref_id=row.pk, state=state, vendor_id="msg-1" if state == "done" else "",
    )  # fmt: skip
    on_send_finished(tenant_id=tenant.pk, events=[answered])


def test_a_group_welcome_stands_on_today_until_wecom_has_the_new_words(
    tenant: Tenant, app: App, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, LATER)
        row = WelcomeTemplate.objects.get()
        who: dict[str, Any] = {"tenant": tenant, "template_id": row.pk, "actor": SYSTEM}
        template_publish(**who)
        told_to_wecom(tenant, row)
        assert open_alerts() == []
        forbidden(tenant)
        assert "照旧欢迎" in detail()
        template_change(**who, name="欢迎", text=FINE, notify=False)
        assert "这里已经改好" in detail()  # WeCom greets with the words of before
        item = WorkItem.objects.get(source_kind__endswith="_words", state="open")
        assert "立减" in item.reason
        template_publish(**who)
        told_to_wecom(tenant, row, state="failed")
        assert "这里已经改好" in detail()
        template_publish(**who)
        told_to_wecom(tenant, row)
        assert open_alerts() == []


def test_a_group_welcome_of_forbidden_words_stands_on_today_until_wecom_removed_it(
    tenant: Tenant, app: App, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, LATER)
        row = WelcomeTemplate.objects.get()
        who: dict[str, Any] = {"tenant": tenant, "template_id": row.pk, "actor": SYSTEM}
        template_publish(**who)
        told_to_wecom(tenant, row)
        forbidden(tenant)
        template_end(**who)
        hear(tenant)
        assert "照旧欢迎" in detail()
        told_to_wecom(tenant, row)
        assert open_alerts() == []


def test_a_draft_of_forbidden_words_is_no_welcome_that_wecom_says(
    tenant: Tenant, app: App, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, FINE)
        row = WelcomeTemplate.objects.get()
        who: dict[str, Any] = {"tenant": tenant, "template_id": row.pk, "actor": SYSTEM}
        template_publish(**who)
        told_to_wecom(tenant, row)
        template_change(**who, name="欢迎", text=LATER, notify=False)
        forbidden(tenant)
        assert "不能提交企业微信" in detail()
        template_set_part(**who, part=LINK | {"title": "课表"})
        template_change(**who, name="欢迎", text=FINE, notify=False)
        assert open_alerts() == []


def test_the_title_of_what_wecom_sends_along_keeps_it_on_today(
    tenant: Tenant, app: App, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, FINE)
        row = WelcomeTemplate.objects.get()
        who: dict[str, Any] = {"tenant": tenant, "template_id": row.pk, "actor": SYSTEM}
        template_set_part(**who, part=LINK | {"title": LATER})
        template_publish(**who)
        told_to_wecom(tenant, row)
        forbidden(tenant)
        template_set_part(**who, part={})
        assert "这里已经改好" in detail()


def test_a_word_that_is_allowed_again_takes_the_alert_away(tenant: Tenant, app: App) -> None:
    with tenant_scope(tenant):
        greet(tenant, app, LATER)
        word_id = forbidden(tenant)
        assert len(open_alerts()) == 1
        word_drop(tenant=tenant, word_id=word_id, actor=SYSTEM)
        assert EventRow.objects.filter(name="content.words.changed").count() == 2
        hear(tenant)
        assert open_alerts() == []


def test_a_group_welcome_whose_words_are_forbidden_by_now_is_not_brought_to_wecom(
    tenant: Tenant, app: App
) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, LATER)
        row = WelcomeTemplate.objects.get()
        forbidden(tenant)
        with pytest.raises(WordsRefused):
            template_publish(tenant=tenant, template_id=row.pk, actor=SYSTEM)
        assert not OutboundSend.objects.exists()


@pytest.mark.parametrize("keep", [greet, greet_by_code])
def test_the_titles_of_what_comes_along_are_read_too(
    tenant: Tenant, app: App, keep: Callable[..., str]
) -> None:
    with tenant_scope(tenant), pytest.raises(WordsRefused):
        keep(tenant, app, FINE, parts=[LINK])


def test_a_changed_group_welcome_is_read_again(tenant: Tenant, app: App) -> None:
    with tenant_scope(tenant):
        greet_members(tenant, app, FINE)
        row = WelcomeTemplate.objects.get()
        with pytest.raises(WordsRefused):
            template_change(
                tenant=tenant, template_id=row.pk, name="欢迎", text=REFUSED, notify=False, actor=SYSTEM
            )
        row.refresh_from_db()
        assert row.text == FINE


def test_a_testimonial_permitted_for_private_chats_greets_a_friend_and_no_group(
    tenant: Tenant, app: App
) -> None:
    with tenant_scope(tenant):
        buyer = make_customer(tenant=tenant, name="王小雨")
        words = "三个月，孩子自己会开口读绘本了"
        proof_save(
            tenant=tenant, actor=SYSTEM,
            wish=ProofWish(
                kind="testimonial", title="开口读", text=words, scope="private", customer_id=buyer.pk,
                order_id=make_order(tenant=tenant, customer=buyer).pk, name_shown="masked", permitted=True,
                permitted_until=None, permission_note="微信截图",
            ),
        )  # fmt: skip
        assert words in greet(tenant, app, f"{FINE}{words}")
        with pytest.raises(ProofUnpublished):
            greet_members(tenant, app, f"{FINE}{words}")


def test_the_page_says_which_word_and_keeps_what_was(tenant: Tenant, app: App, client: Client) -> None:
    user = User.objects.create(email="n5@example.com", name="n5", language="en")
    client.force_login(user)
    with tenant_scope(tenant):
        make_member(tenant=tenant, user=user, role="operator")
        greet(tenant, app, FINE)
    answer = client.post(reverse("wecom:welcome", kwargs={"tenant_slug": tenant.slug}), {"text": REFUSED})
    assert answer.status_code in (400, 409, 422)
    assert "包过" in answer.content.decode()
    with tenant_scope(tenant):
        assert App.objects.get(pk=app.pk).greeting == FINE
