"""The demo's knowledge cards: made its own, read by most, put off by some."""

from typing import Any

import pytest

from content.enums import CardState
from content.models import KnowledgeAttempt, KnowledgeCard
from content.selectors.knowledge import standings
from demo.company import Company, Plan
from demo.knowledge import PRODUCT_WORDS, cards_begin, day_of_reading
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_after_a_week_most_cards_are_known_and_not_all(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 6, 1, 1, 1)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="", corp={})
    with tenant_scope(tenant):
        for _number in range(12):
            make_staff(tenant=tenant)
    cards_begin(company)
    for _day in range(7):
        frozen.move(days=1)
        day_of_reading(company)
    with tenant_scope(tenant):
        rows: list[Any] = list(standings(tenant_id=tenant.pk).filter(is_asked=True))
        known = sum(1 for row in rows if row.done_edition >= row.card.asked_edition)
        assert 0.6 * len(rows) < known < len(rows)
        assert KnowledgeAttempt.objects.filter(is_passed=False).exists()
        assert KnowledgeCard.objects.get(state=CardState.DRAFT).builtin == "free_courses"
        assert KnowledgeCard.objects.get(builtin="product_basics").sections == PRODUCT_WORDS
