"""Service in a browser: figures, their split, one question, Today; closed in two clicks and taken back."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Question
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.contacts.test_questions import Talk
from tests.e2e.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)
ASKED = (
    "今晚几点开始？",
    "出差两天，能补课吗？",
    "年课和现在的营有什么不一样？",
    "孩子跟不上怎么办",
    "券过期了还能用吗",
)


def seed(tenant: Tenant) -> None:
    talk = Talk(tenant, clock.now() - timedelta(days=10))
    talk.group.name = "小芽英语01群"
    talk.group.save()
    dice, ids = random.Random(4), []
    for number in range(40):
        minute = dice.randrange(0, 60 * 24 * 10 - 600)
        who = dice.choice(["wm1", "wm2"])
        ids.append(talk.say(minute, who, dice.choice(ASKED)))
        if number % 6:
            ids.append(talk.say(minute + dice.randrange(2, 400), "lin", "先听两遍，第三遍跟着小声读。"))
    ids.append(talk.say(60 * 24 * 10 - 90, "wm1", "我买的课在哪里看回放", room="", to="lin"))
    ids.append(talk.say(60 * 24 * 10 - 20, "wm2", "今晚几点开始？可以晚一点进吗"))
    talk.heard(*ids)


def test_service_is_read_and_a_question_is_closed(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        seed(tenant)
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/customers/service/")
    look(page, "service")
    page.get_by_role("link", name="按群", exact=True).click()
    expect(page.locator("table").first).to_contain_text("小芽英语01群")
    look(page, "service-groups")
    with tenant_scope(tenant):
        last = Question.objects.latest("asked_at")
    page.goto(f"/t/{tenant.slug}/customers/service/{last.pk}/")
    look(page, "service-question")
    page.get_by_role("button", name="不用回复").click()
    expect(page.locator("h1")).to_contain_text("不用回复")
    page.get_by_role("button", name="重新打开").click()
    expect(page.get_by_role("button", name="已在别处回复")).to_be_visible()
    page.goto(f"/t/{tenant.slug}/?staff=all")
    expect(page.locator("main")).to_contain_text("今晚几点开始？可以晚一点进吗")
    look(page, "service-today")


def test_without_an_archive_it_is_unknown(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/customers/service/")
    expect(page.locator("main")).to_contain_text("未知")
    look(page, "service-unknown")
