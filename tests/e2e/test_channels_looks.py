"""Pictures of channels and of who moved, in both languages; a figure opens as many people as it says."""

import random
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Channel, Customer, StageMove
from groups.models import CircleSpell
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers, make_follow, make_order
from tests.factories.groups import make_group
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def brought(transactional_db: None, tenant: Tenant, frozen: MovableClock) -> Tenant:
    """Three channels: one that sells, one that is dear, one of few people; stages and circles that moved."""
    dice, now = random.Random(5), clock.now()
    today = clock.local_date(now, tenant.timezone)
    with tenant_scope(tenant):
        staff, group = make_staff(tenant=tenant), make_group(tenant=tenant, name="启蒙01群")
        for name, kind, cost, many, sells in (
            ("小红书亲子博主", "content", 300_000, 80, 0.5), ("抖音信息流", "ads", 2_000_000, 90, 0.03),
            ("线下海报", "offline", None, 7, 0.3),
        ):  # fmt: skip
            channel = Channel.objects.create(
                tenant=tenant, name=name, kind=kind, cost_fen=cost, created_at=now - timedelta(days=40)
            )
            for person in make_customers(tenant=tenant, count=many):
                came = now - timedelta(days=dice.randint(1, 39))
                gone = came + timedelta(days=dice.randint(1, 9)) if dice.random() < 0.3 else None
                make_follow(
                    tenant=tenant, customer=person, staff=staff, channel=channel, followed_at=came,
                    state="customer_deleted" if gone and gone < now else "full",
                    ended_at=gone if gone and gone < now else None,
                )  # fmt: skip
                Customer.objects.filter(pk=person.pk).update(first_seen_at=came, stage=dice.randint(2, 6))
                if dice.random() < sells:
                    make_order(tenant=tenant, customer=person, ordered_at=came + timedelta(hours=5))
                if came < now - timedelta(days=8) and dice.random() < 0.4:
                    person.refresh_from_db()
                    StageMove.objects.create(
                        tenant=tenant, customer=person, from_stage=person.stage - 1, to_stage=person.stage,
                        source="rule", at=now - timedelta(days=dice.randint(1, 6)),
                    )  # fmt: skip
                CircleSpell.objects.create(
                    tenant=tenant, group=group, customer=person, from_day=today - timedelta(days=dice.randint(3, 20)),
                    circle=dice.choice(["core", "influence", "periphery"]),
                )  # fmt: skip
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_channels_and_movements_look_right_and_open_their_people(
    brought: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    for name, path in {
        "channels": "channels/?days=90", "flows-stage": "flows/", "flows-circle": "flows/?of=circle",
        "flows-tier": "flows/?of=tier",
    }.items():  # fmt: skip
        page.goto(f"/t/{brought.slug}/insights/{path}")
        page.wait_for_load_state("networkidle")
        if name != "flows-tier":
            expect(page.locator("main table").first).to_be_visible()
        look(page, f"insights-{name}")
    for path in ("channels/?days=90", "flows/"):
        page.goto(f"/t/{brought.slug}/insights/{path}")
        figure = page.locator("main td a[href*='people/?f=']").first
        said = figure.inner_text()
        figure.click()
        expect(page.locator("main .q-listpart")).to_be_visible()
        expect(page.locator("main h1").first).to_contain_text(re.compile(rf"(?<!\d){said}\s?(人|p)"))
    look(page, "insights-flow-people")
