"""Sensitive words and testimonials in what new friends and new members read first (R63, R67)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.enums import WelcomeMode
from contacts.models import ContactWay
from contacts.services.channels import channel_save
from contacts.services.ways import way_create, way_set_welcome
from content.errors import ProofUnpublished, WordsRefused
from content.services.proofs import ProofWish, proof_save
from groups.models import WelcomeTemplate
from groups.services.welcomes import template_change, template_create
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_order
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.factories.wecom import make_app
from wecom.models import App
from wecom.services import app_set_greeting

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
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
