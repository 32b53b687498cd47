"""What the storm and the camp are judged by: a tie that WeCom gave up telling of is no difference, all others are."""

from typing import Any

import pytest

from contacts.models import Follow
from smoke.compare import compare
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def left(tenant: Tenant) -> Follow:
    """A customer who, by our books, removed the staff member."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        staff = make_staff(tenant=tenant, app=app, userid="linxiao")
        (person,) = make_customers(tenant=tenant, app=app, count=1)
        tie, _ = Follow.objects.update_or_create(
            tenant=tenant, customer=person, staff=staff, defaults={"state": "customer_deleted"}
        )
        return tie


def ledger(tie: Follow, *told: tuple[str, bool], status: str = "full", by: str = "linxiao") -> dict[str, Any]:
    """WeCom's side: the tie as it stands there, and its changes, each (change type, whether it was taken)."""
    person = tie.customer.external_userid
    events = [
        {"event": "change_external_contact", "change_type": kind, "subject": person, "from_user": by,
         "sha256": f"{number:064}", "acked": acked}
        for number, (kind, acked) in enumerate(told)
    ]  # fmt: skip
    ties = [{"userid": "linxiao", "external_userid": person, "status": status}]
    empty = {key: [] for key in ("mass_sends", "app_messages", "behaviours", "groups")}
    return {**empty, "events": events, "relations": ties}


@pytest.mark.parametrize(
    ("told", "by", "differences", "untold"),
    [
        ([("del_follow_user", True), ("add_external_contact", False)], "linxiao", 0, 1),
        ([("del_follow_user", False), ("add_external_contact", True)], "linxiao", 1, 0),
        ([("del_follow_user", True), ("add_external_contact", False)], "zhouning", 1, 0),
        ([("add_external_contact", True), ("edit_external_contact", False)], "linxiao", 1, 0),
        ([], "linxiao", 1, 0),
    ],
    ids=["given up", "taken", "told of another tie", "another change given up", "nothing told"],
)
def test_a_customer_who_came_back_differs_unless_wecom_gave_up_telling(
    tenant: Tenant, left: Follow, told: list[tuple[str, bool]], by: str, differences: int, untold: int
) -> None:
    with tenant_scope(tenant):
        verdict = compare(tenant, ledger(left, *told, by=by))
    assert (len(verdict.differences), verdict.ties_untold) == (differences, untold)


def test_a_tie_that_wecom_lists_and_we_do_not_always_differs(tenant: Tenant, left: Follow) -> None:
    with tenant_scope(tenant):
        Follow.objects.filter(pk=left.pk).update(state="staff_deleted")
        verdict = compare(tenant, ledger(left, ("add_external_contact", False)))
    assert len(verdict.differences) == 1
    assert verdict.ties_untold == 0
