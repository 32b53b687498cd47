"""Who stayed a week in the groups that staff own, as the ranking counts it (R127)."""

from datetime import timedelta

import pytest
from django.utils import translation

from groups.selectors.ranking import group_sort_label, stay_cases, stay_cells, stay_lines
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def test_seven_days_decide_and_only_those_who_could_stay_count(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        ann = make_staff(tenant=tenant)
        paid = make_group(tenant=tenant, owner=ann, kind="delivery", payment_basis="paid", name="交付群")
        open_to_all = make_group(tenant=tenant, owner=ann, kind="new_user", payment_basis="unpaid")
        nobodys = make_group(tenant=tenant, kind="new_user", payment_basis="unpaid")
        people = iter(make_customers(tenant=tenant, count=12))
        now, week = frozen.moment, timedelta(days=7)
        came = now - timedelta(days=20)

        def join(group: object, **fields: object) -> None:
            make_member(group=group, customer=next(people), **{"joined_at": came, **fields})  # type: ignore[arg-type]

        join(paid)  # stayed
        join(paid, left_at=came + week, quit_scene="left")  # to the minute: stayed
        join(paid, left_at=came + week - timedelta(seconds=1), quit_scene="left")  # a second short: gone
        join(open_to_all, left_at=came + timedelta(hours=1), quit_scene="left")
        for scene in ("removed", "dissolved"):  # no doing of theirs
            join(open_to_all, left_at=came + timedelta(hours=1), quit_scene=scene)
        join(open_to_all, left_at=came + timedelta(days=9), quit_scene="removed")  # had stayed by then
        join(open_to_all, joined_at=now - timedelta(days=6))  # the week is not over
        join(open_to_all, is_creation_invitee=True)
        join(open_to_all, joined_is_estimate=True)
        join(nobodys)
        make_member(group=paid, staff=make_staff(tenant=tenant), joined_at=came)
        span = {"tenant": tenant, "since": now - timedelta(days=30), "until": now}
        cells = {(one.staff_id, one.stratum): (one.cases, one.hits) for one in stay_cells(**span)}
        assert cells == {(ann.pk, "delivery:paid"): (3, 2), (ann.pk, "new_user:unpaid"): (2, 1)}
        asked = {**span, "staff_id": ann.pk}
        counts = [
            len(stay_cases(**asked, stratum=stratum, hit=hit))
            for stratum, hit in ((None, None), (None, True), ("delivery:paid", False), ("flash:", None))
        ]
        assert counts == [5, 3, 1, 0]
        gone = stay_lines(tenant=tenant, rows=stay_cases(**asked, stratum="delivery:paid", hit=False))
        assert [(one.detail, one.hit) for one in gone] == [("交付群", False)]


def test_a_sort_of_group_has_words() -> None:
    with translation.override("zh-hans"):
        assert group_sort_label("delivery:paid") == "交付群 · 付费"
        assert len(group_sort_label(":").split(" · ")) == 2
