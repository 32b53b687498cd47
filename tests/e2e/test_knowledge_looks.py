"""Knowledge cards as people see them: from Today to a passed test in the console, and on the phone (R126)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from content.models import KnowledgeAttempt, KnowledgeCard
from content.services.knowledge import builtin_add, card_publish
from content.services.knowledge_quiz import quiz_answer, quiz_start
from leads.models import Lead, Need
from team.models import Staff
from tenants import clock
from tenants.audit import Actor
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.leads import make_camp
from tests.factories.team import make_staff
from tests.phone import phone_session

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]


@pytest.fixture
def chief(transactional_db: None, tenant: Tenant, owner: Actor) -> Staff:
    """The owner as a colleague, two more, the built-in cards of which five are in force, competitors on leads."""
    with tenant_scope(tenant):
        chief = make_staff(tenant=tenant, membership=Membership.objects.get(tenant=tenant), name="周岚")
        he = make_staff(tenant=tenant, name="何静")
        make_staff(tenant=tenant, name="陈默")
        builtin_add(tenant=tenant, actor=owner, language="zh-hans")
        cards = list(KnowledgeCard.objects.exclude(builtin="promise_limits").order_by("pk"))
        for card in cards[:5]:
            card_publish(tenant=tenant, card_id=card.pk, actor=owner)
        for card in cards[:3]:
            begun = quiz_start(tenant=tenant, card_id=card.pk, staff=he, actor=owner)
            answers = [one["right"] for one in begun.sheet[:-1]] + [None]
            if card != cards[2]:
                answers[-1] = begun.sheet[-1]["right"]
            quiz_answer(tenant=tenant, attempt_id=begun.pk, staff=he, answers=answers, actor=owner)
        old = clock.local_date(clock.now(), tenant.timezone) - timedelta(days=3)
        KnowledgeCard.objects.filter(builtin="offline_school").update(check_by=old)
        people = make_customers(tenant=tenant, count=2)
        window = make_camp(tenant=tenant, customers=people)
        for person, said in zip(people, ("某某英语", "隔壁机构"), strict=True):
            lead = Lead.objects.create(
                tenant=tenant, customer=person, window=window, next_action_at=clock.now()
            )
            Need.objects.create(tenant=tenant, lead=lead, kind="competitor", text=said, noted_at=clock.now())
    return chief


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_from_today_to_a_passed_test(
    chief: Staff, tenant: Tenant, make_page: MakePage, owner: Actor, language: str
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    page = make_page(User.objects.get(pk=owner.id))
    home = f"/t/{tenant.slug}/"
    page.goto(home)
    look(page, "know-today")
    page.goto(f"{home}knowledge/")
    look(page, "know-list")
    page.goto(f"{home}knowledge/people/")
    look(page, "know-people")
    page.goto(f"{home}knowledge/new/?kind=competitor&words=某某英语")
    look(page, "know-new")
    page.goto(home)
    page.locator(".q-todo.is-focus a.btn-primary").click()
    look(page, "know-card")
    page.locator("form[action$='/start/'] button").click()
    look(page, "know-quiz")
    with tenant_scope(tenant):
        sheet = KnowledgeAttempt.objects.get(staff=chief).sheet
    for number, one in enumerate(sheet):
        place = one["right"] if number else (one["right"] + 1) % len(one["options"])
        page.locator(f"input[name=q{number}][value='{place}']").check()
    page.locator("form[method=post] button.btn-primary").last.click()
    look(page, "know-result")
    with tenant_scope(tenant):
        assert KnowledgeAttempt.objects.get(staff=chief).right == len(sheet) - 1
    page.goto(f"{home}knowledge/?q=线下")
    page.locator("#q-list a b").first.click()
    look(page, "know-card-old")
    page.locator("[hx-get$='/question/']").click()
    expect(page.locator("#q-drawer form")).to_be_visible()
    look(page, "know-question")


def test_the_same_on_the_phone(
    chief: Staff, tenant: Tenant, make_page: MakePage, live_server: LiveServer
) -> None:
    page = make_page()
    session = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": phone_session(tenant, chief),
        "url": live_server.url,
    }
    page.context.add_cookies([session])
    page.goto(f"/m/{tenant.slug}/knowledge/")
    look(page, "know-phone-list")
    page.locator("main a.q-link").first.click()
    look(page, "know-phone-card")
    page.locator("footer button").click()
    look(page, "know-phone-quiz")
    with tenant_scope(tenant):
        sheet = KnowledgeAttempt.objects.get(staff=chief).sheet
    for number, one in enumerate(sheet):
        page.locator(f"input[name=q{number}][value='{one['right']}']").check()
    page.locator("main form button").click()
    expect(page.locator(".q-note.is-ok")).to_be_visible()
    look(page, "know-phone-result")
