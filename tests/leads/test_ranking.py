"""What the ranking counts of leads: ends by tier, deadlines by tier and night (R127)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leads.models import FollowUp, Lead
from leads.selectors.ranking import answer_cases, answer_cells, lead_lines, won_cases, won_cells
from leads.services import lead_close, lead_follow_up
from leads.services.sweep import sweep
from team.models import Staff
from team.policies.ranking import Cell
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def owned(staff: Staff, *leads: Lead) -> None:
    Lead.objects.filter(pk__in=[one.pk for one in leads]).update(owner=staff)


def summed(cells: list[Cell]) -> dict[tuple[int, str], tuple[int, int]]:
    """Cells of one difficulty may come in parts."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for one in cells:
        cases, hits = found.get((one.staff_id, one.stratum), (0, 0))
        found[one.staff_id, one.stratum] = (cases + one.cases, hits + one.hits)
    return found


def test_ends_are_counted_by_tier_and_what_nobody_ended_counts_too(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        ann = make_staff(tenant=tenant, name="陆远")
        people = make_customers(tenant=tenant, count=7)
        began = frozen.moment - timedelta(hours=1)
        make_camp(tenant=tenant, customers=people, starts_at=began, days=5)
        act(tenant, *[item(one, "pay_click", began) for one in people[:5]])
        act(tenant, *[click for one in people[5:] for click in purchase_clicks(one, 3, began)])
        leads = [lead_of(one) for one in people]
        owned(ann, *leads[:6])  # the seventh is nobody's
        frozen.move(hours=1)
        act(tenant, *[item(one, "order", frozen.moment, fen=99900) for one in people[:2]])
        frozen.move(minutes=1)
        act(tenant, item(people[1], "refund", frozen.moment, fen=99900))
        said: dict[str, Any] = {"tenant": tenant, "actor": owner}
        lead_close(**said, lead_id=leads[2].pk, state="not_buying", reason="price")
        Lead.objects.filter(pk=leads[3].pk).update(state="opted_out", closed_at=frozen.moment)
        frozen.move(hours=1)
        span = {"tenant": tenant, "since": began, "until": frozen.moment}
        assert summed(won_cells(**span)) == {(ann.pk, "A+"): (4, 1)}  # one of two orders was given back
        frozen.move(days=6)  # the camp is over: the two that are still open were not won
        span["until"] = frozen.moment
        found = won_cells(**span)
        assert summed(found) == {(ann.pk, "A+"): (5, 1), (ann.pk, "A"): (1, 0)}
        asked = {**span, "staff_id": ann.pk}
        for stratum, hit, count in (
            (None, None, 6),
            (None, True, 1),
            ("A+", None, 5),
            ("A+", False, 4),
            ("B", None, 0),
        ):
            assert len(won_cases(**asked, stratum=stratum, hit=hit)) == count
        won = list(won_cases(**asked, hit=True))
        assert [one.name for one in lead_lines(tenant=tenant, rows=won)] == [str(people[0])]
        assert won_cells(tenant=tenant, since=frozen.moment, until=frozen.moment + timedelta(days=1)) == []


def test_a_deadline_is_kept_or_missed_once_by_whoever_had_the_lead(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    frozen.moment = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)  # 10:00 on the company's wall
    with tenant_scope(tenant):
        ann, ben = make_staff(tenant=tenant), make_staff(tenant=tenant)
        people = make_customers(tenant=tenant, count=4)
        began = frozen.moment - timedelta(days=1)
        make_camp(tenant=tenant, customers=people, starts_at=began)
        act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])  # 30 minutes each
        leads = [lead_of(one) for one in people]
        owned(ann, *leads)
        say: dict[str, Any] = {"tenant": tenant, "actor": owner, "result": "talked"}
        frozen.move(minutes=29, seconds=59)
        lead_follow_up(**say, lead_id=leads[0].pk, key="a")  # a second before
        frozen.move(seconds=1)
        lead_follow_up(
            **say, lead_id=leads[1].pk, key="b"
        )  # at the very moment, before the sweep saw it: missed
        sweep(tenant_id=tenant.pk)
        sweep(tenant_id=tenant.pk)
        owned(ben, *leads)  # who has them now did not miss them
        frozen.move(minutes=5)
        lead_follow_up(**say, lead_id=leads[2].pk, key="c")  # after the sweep: missed once, not twice
        lead_follow_up(**say, lead_id=leads[2].pk, key="d")  # no deadline runs any more
        span = {"tenant": tenant, "since": began, "until": frozen.moment}
        assert summed(answer_cells(**span)) == {(ann.pk, "A+:"): (4, 1)}
        assert FollowUp.objects.exclude(due_at=None).count() == 3
        asked = {**span, "staff_id": ann.pk}
        counts = [
            len(answer_cases(**asked, stratum=stratum, hit=hit))
            for stratum, hit in (
                (None, None),
                ("A+:", None),
                ("A+:", True),
                ("A+:", False),
                ("A+:night", None),
            )
        ]
        assert counts == [4, 4, 1, 3, 0]
        assert [one.hit for one in lead_lines(tenant=tenant, rows=answer_cases(**asked))].count(True) == 1
        assert list(answer_cases(**{**asked, "staff_id": ben.pk})) == []


def test_a_deadline_of_the_night_is_a_difficulty_of_its_own(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    frozen.moment = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)  # 01:00 on the company's wall
    with tenant_scope(tenant):
        ann = make_staff(tenant=tenant)
        person = make_customers(tenant=tenant, count=1)[0]
        make_camp(tenant=tenant, customers=[person], starts_at=frozen.moment - timedelta(days=1))
        act(tenant, item(person, "pay_click", frozen.moment))
        owned(ann, lead_of(person))
        frozen.move(minutes=40)
        sweep(tenant_id=tenant.pk)
        span = {"tenant": tenant, "since": frozen.moment - timedelta(days=1), "until": frozen.moment}
        assert summed(answer_cells(**span)) == {(ann.pk, "A+:night"): (1, 0)}


def test_other_companies_leads_are_not_counted(
    tenant: Tenant, other_tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        staff = make_staff(tenant=other_tenant)
        person = make_customers(tenant=other_tenant, count=1)[0]
        make_camp(tenant=other_tenant, customers=[person], starts_at=frozen.moment)
        act(other_tenant, item(person, "pay_click", frozen.moment))
        owned(staff, lead_of(person))
        frozen.move(hours=1)
        act(other_tenant, item(person, "order", frozen.moment, fen=100))
    frozen.move(hours=1)
    span = {"since": frozen.moment - timedelta(days=1), "until": frozen.moment}
    with tenant_scope(tenant):
        assert won_cells(tenant=tenant, **span) == answer_cells(tenant=tenant, **span) == []
    with tenant_scope(other_tenant):
        assert len(won_cells(tenant=other_tenant, **span)) == 1
