"""WeCom's contact-list events and the full read, with a client that answers what a corp would."""

from typing import Any

import pytest

from team import handlers
from team.models import Department, Staff
from team.tasks import sweep_items
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff, make_work_item
from tests.factories.wecom import make_app, make_inbound
from wecom.calls import Calls
from wecom.models import App
from wecom.reading.sync import Progress

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def app(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield make_app(tenant=tenant)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each call answers, by its name; a function is asked with the call's values."""
    answers: dict[str, Any] = {}

    class Client(Calls):
        def call(self, name: str, **values: Any) -> dict[str, Any]:
            answer = answers[name]
            return answer(**values) if callable(answer) else answer

    monkeypatch.setattr(handlers, "client_for", lambda *a, **k: Client())
    return answers


def test_full_read_walks_every_department_and_ends_leavers(app: App, vendor: dict[str, Any]) -> None:
    make_staff(tenant=app.tenant, app=app, userid="left", name="旧人")
    people = {
        1: [{"userid": "he", "name": "何静", "department": [1, 2]}],
        2: [
            {"userid": "he", "name": "何静", "department": [1, 2]},
            {"userid": "lu", "name": "陆远", "department": [2]},
        ],
    }
    vendor["department_list"] = {
        "department": [{"id": 1, "parentid": 0, "name": "总部"}, {"id": 2, "parentid": 1, "name": "运营"}]
    }
    vendor["user_simplelist"] = lambda department_id: {"userlist": people[department_id]}
    vendor["follow_user_list"] = {"follow_user": ["lu"]}
    progress = Progress(tenant_id=app.tenant_id, what="staff")
    assert handlers.sync_staff(app.tenant_id, progress) == 3
    assert handlers.sync_staff(app.tenant_id, progress) == 0
    held = {
        row.userid: (row.name, row.is_active, row.can_contact, row.department_ids)
        for row in Staff.objects.all()
    }
    assert held == {
        "he": ("何静", True, False, [1, 2]), "lu": ("陆远", True, True, [2]), "left": ("旧人", False, False, []),
    }  # fmt: skip
    assert list(Department.objects.order_by("dept_id").values_list("name", "parent_id")) == [
        ("总部", 0),
        ("运营", 1),
    ]


def event(app: App, change_type: str, **fields: Any) -> Any:
    return make_inbound(app=app, event="change_contact", change_type=change_type, fields=fields)


def test_member_who_leaves_is_inactive_at_once(app: App) -> None:
    staff = make_staff(tenant=app.tenant, app=app, userid="he")
    for _ in range(2):
        handlers.on_contact_change(event(app, "delete_user", UserID="he"))
    staff.refresh_from_db()
    assert (staff.is_active, staff.can_contact) == (False, False)


def test_changed_userid_keeps_the_same_row(app: App, vendor: dict[str, Any]) -> None:
    staff = make_staff(tenant=app.tenant, app=app, userid="he", name="何静")
    vendor["user_get"] = {"userid": "hejing", "name": "何静", "department": [3]}
    for _ in range(2):
        handlers.on_contact_change(event(app, "update_user", UserID="he", NewUserID="hejing"))
    staff.refresh_from_db()
    assert (staff.userid, staff.can_contact, staff.department_ids, Staff.objects.count()) == (
        "hejing",
        True,
        [3],
        1,
    )


def test_party_and_tag_events_change_no_staff(app: App) -> None:
    handlers.on_contact_change(event(app, "create_party", Id="3"))
    assert Staff.objects.count() == 0


def test_sweep_task_wakes_and_marks(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        item = make_work_item(tenant=tenant, window_ends_at=frozen.moment)
    for _ in range(2):
        sweep_items(tenant_id=tenant.pk)
    with tenant_scope(tenant):
        item.refresh_from_db()
        assert item.state == "missed"
