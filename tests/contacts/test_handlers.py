"""WeCom's customer events and full reads, with a client that answers what a corp would."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import handlers
from contacts.models import Behaviour, Customer, CustomerTag, Follow, Tag
from contacts.services import comparing
from team.models import WorkItem
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customer_tag, make_follow, make_tag
from tests.factories.team import make_staff
from tests.factories.wecom import make_app, make_inbound
from wecom.calls import Calls
from wecom.errors import Permanent
from wecom.models import App, LostChange
from wecom.reading.sync import Progress

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class FakeClient(Calls):
    """The vendor's edge: answers by call name; an exception is raised."""

    def __init__(self, answers: dict[str, Any], app: App | None = None) -> None:
        self.answers, self.app = answers, app

    def call(self, name: str, **values: Any) -> dict[str, Any]:
        if name == "customer_list" and name not in self.answers:
            return {
                "external_userid": [
                    one["external_contact"]["external_userid"] for one in self._ties([values["userid"]])
                ]
            }
        answer = self._ties(values["userid_list"]) if name == "customer_batch" else self.answers[name]
        if isinstance(answer, Exception):
            raise answer
        if name != "customer_batch":
            return answer
        start = int(values.get("cursor") or 0)
        some = answer[start : start + values["limit"]]
        return {
            "external_contact_list": some,
            "next_cursor": str(start + len(some)) if answer[start + len(some) :] else "",
        }

    def _ties(self, userids: list[str]) -> Any:
        told = self.answers["customer_batch"]
        if isinstance(told, Exception):
            raise told
        ties = [one for userid in userids for one in told.get(userid, [])]
        refusal = next((one for one in ties if isinstance(one, Exception)), None)
        if refusal:
            raise refusal
        return ties


@pytest.fixture
def app(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield make_app(tenant=tenant)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for module in (handlers, comparing):
        monkeypatch.setattr(module, "client_for", lambda *a, **k: FakeClient(answers, App.objects.first()))
    return answers


def contact(external: str, name: str = "周敏", **fields: Any) -> dict[str, Any]:
    return {
        "external_userid": external,
        "name": name,
        "type": 1,
        "gender": 2,
        "unionid": f"o{external}",
        **fields,
    }


def answer(external: str, userid: str = "he", *tags: str, **tie: Any) -> dict[str, Any]:
    return {
        "external_contact": contact(external),
        "follow_user": [
            {
                "userid": userid,
                "remark": "妈妈群",
                "createtime": 1772413200,
                "add_way": 1,
                "tags": [{"tag_id": one, "tag_name": one, "type": 1} for one in tags],
                **tie,
            }
        ],
    }


def event(
    app: App, change_type: str, external: str = "wm1", userid: str = "he", after_s: int = 0, **fields: Any
) -> Any:
    return make_inbound(
        app=app,
        event="change_external_contact",
        change_type=change_type,
        fields={"UserID": userid, "ExternalUserID": external, **fields},
        at=clock.now() + timedelta(seconds=after_s),
    )


def test_new_friend_is_read_again_with_tags_phone_and_channel(app: App, vendor: dict[str, Any]) -> None:
    vendor["customer_get"] = answer("wm1", "he", "etA", remark_mobiles=["13800138000"], state="ch7")
    told = event(app, "add_external_contact", State="ch7")
    handlers.on_external_contact(told)
    handlers.on_external_contact(told)
    person = Customer.objects.get()
    assert (person.name, person.unionid, person.gender, person.phone) == ("周敏", "owm1", 2, "13800138000")
    tie = Follow.objects.get()
    assert (tie.state, tie.remark, tie.add_way, tie.state_code, tie.staff.userid) == (
        "full",
        "妈妈群",
        1,
        "ch7",
        "he",
    )
    assert list(CustomerTag.objects.values_list("tag__tag_id", "source")) == [("etA", "wecom")]


def test_half_friend_without_answer_is_a_real_row_without_a_name(app: App, vendor: dict[str, Any]) -> None:
    vendor["customer_get"] = Permanent("no tie", code=84061)
    handlers.on_external_contact(event(app, "add_half_external_contact"))
    assert (Customer.objects.get().name, Follow.objects.get().state) == ("", "half")


def test_late_add_does_not_undo_a_removal(app: App, vendor: dict[str, Any]) -> None:
    vendor["customer_get"] = Permanent("no tie", code=84061)
    handlers.on_external_contact(event(app, "del_follow_user", after_s=60))
    handlers.on_external_contact(event(app, "add_external_contact"))
    assert Follow.objects.get().state == "customer_deleted"
    handlers.on_external_contact(event(app, "add_external_contact", after_s=90))
    assert (Follow.objects.get().state, Follow.objects.get().ended_at) == ("full", None)


def test_edit_replaces_wecoms_tags_and_keeps_our_own(app: App, vendor: dict[str, Any]) -> None:
    person = make_customer(tenant=app.tenant, app=app, external_userid="wm1")
    ours = make_tag(tenant=app.tenant, app=app, name="我们的")
    make_customer_tag(tenant=app.tenant, customer=person, tag=ours)
    vendor["customer_get"] = answer("wm1", "he", "etA", "etB")
    handlers.on_external_contact(event(app, "add_external_contact"))
    vendor["customer_get"] = answer("wm1", "he", "etB")
    handlers.on_external_contact(event(app, "edit_external_contact", after_s=5))
    held = set(CustomerTag.objects.values_list("tag__tag_id", "source"))
    assert held == {(ours.tag_id, "manual"), ("etB", "wecom")}


def test_archive_approval_is_kept(app: App) -> None:
    handlers.on_external_contact(event(app, "msg_audit_approved"))
    assert Customer.objects.get().archive_consent == "agree"


def test_failed_hand_over_becomes_an_alert_of_that_person(app: App) -> None:
    handlers.on_external_contact(event(app, "transfer_fail", FailReason="customer_refused"))
    item = WorkItem.objects.get()
    assert (item.kind, item.staff.userid, item.rule_code) == ("alert", "he", "TRANSFER-01")


def test_tags_survive_a_re_read_and_dropped_ones_are_marked(app: App, vendor: dict[str, Any]) -> None:
    vendor["corp_tag_list"] = {
        "tag_group": [
            {
                "group_id": "g1",
                "group_name": "意向",
                "tag": [{"id": "etA", "name": "高"}, {"id": "etB", "name": "低"}],
            }
        ]
    }
    first = Progress(tenant_id=app.tenant_id, what="tags", is_first=True)
    assert handlers.sync_tags(app.tenant_id, first) == 0
    person = make_customer(tenant=app.tenant, app=app)
    make_customer_tag(tenant=app.tenant, customer=person, tag=Tag.objects.get(tag_id="etB"))
    vendor["corp_tag_list"]["tag_group"][0]["tag"].pop()
    handlers.on_external_tag(make_inbound(app=app, event="change_external_tag", change_type="delete"))
    assert list(Tag.objects.filter(deleted_at=None).values_list("tag_id", "name")) == [("etA", "高")]
    assert CustomerTag.objects.filter(customer=person).count() == 1
    vendor["corp_tag_list"]["tag_group"][0]["tag"].append({"id": "etC", "name": "中"})
    assert handlers.sync_tags(app.tenant_id, Progress(tenant_id=app.tenant_id, what="tags")) == 1
    assert LostChange.objects.values_list("what", "title", "kind").get() == ("tags", "中", "tags")


def test_full_read_finds_what_callbacks_lost(app: App, vendor: dict[str, Any]) -> None:
    staff = make_staff(tenant=app.tenant, app=app, userid="he")
    make_staff(tenant=app.tenant, app=app, userid="gone", is_active=False)
    left = make_customer(tenant=app.tenant, app=app, external_userid="wmLeft")
    make_follow(tenant=app.tenant, customer=left, staff=staff)
    vendor["customer_batch"] = {
        "he": [
            {
                "external_contact": contact("wmNew", "新朋友"),
                "follow_info": {"userid": "he", "tag_id": ["etA"], "createtime": 1772413200},
            }
        ]
    }
    assert compare(app) == 2
    states = dict(Follow.objects.values_list("customer__external_userid", "state"))
    assert states == {"wmLeft": "staff_deleted", "wmNew": "full"}
    assert compare(app) == 0
    assert Customer.objects.get(external_userid="wmNew").name == "新朋友"


def tie(external: str, userid: str = "he", name: str = "周敏", **info: Any) -> dict[str, Any]:
    return {
        "external_contact": contact(external, name),
        "follow_info": {"userid": userid, "tag_id": ["etA"], "createtime": 1772413200, **info},
    }


def compare(app: App, **given: Any) -> int:
    return handlers.sync_customers(
        app.tenant_id, Progress(tenant_id=app.tenant_id, what="customers", **given)
    )


def test_a_comparison_that_finds_nothing_writes_nothing(app: App, vendor: dict[str, Any]) -> None:
    make_staff(tenant=app.tenant, app=app, userid="he")
    vendor["customer_batch"] = {"he": [tie(f"wm{number}", remark="妈妈") for number in range(150)]}
    assert compare(app) == 150
    with CaptureQueriesContext(connection) as queries:
        assert compare(app) == 0
    written = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "\nwith held"))]
    assert written == []
    assert len([one for one in queries if "jsonb_to_recordset" in one["sql"]]) == 2  # one statement a page


def test_a_changed_remark_and_tag_are_repaired_and_only_theirs(app: App, vendor: dict[str, Any]) -> None:
    make_staff(tenant=app.tenant, app=app, userid="he")
    vendor["customer_batch"] = {"he": [tie("wm1"), tie("wm2")]}
    compare(app)
    Customer.objects.update(synced_at=clock.now() - timedelta(days=1))
    vendor["customer_batch"] = {
        "he": [tie("wm1"), tie("wm2", remark="已付款", tag_id=["etB"], name="周敏敏")]
    }
    assert compare(app) == 0  # nobody came or left
    rows = Follow.objects.order_by("customer__external_userid").values_list("remark", "customer__synced_at")
    assert [remark for remark, _ in rows] == ["", "已付款"]
    assert [at == clock.now() for _, at in rows] == [False, True]
    held = CustomerTag.objects.order_by("customer__external_userid").values_list("tag__tag_id", flat=True)
    assert list(held) == ["etA", "etB"]


def test_what_an_event_told_after_the_page_was_asked_for_stays(app: App, vendor: dict[str, Any]) -> None:
    staff = make_staff(tenant=app.tenant, app=app, userid="he")
    vendor["customer_batch"] = {"he": [tie("wm1", remark="旧")]}
    compare(app)
    Follow.objects.update(remark="新", event_at=clock.now() + timedelta(seconds=2))
    vendor["customer_list"] = {"external_userid": []}
    assert compare(app) == 0
    assert Follow.objects.values_list("remark", "state", "staff").get() == ("新", "full", staff.pk)


def test_a_killed_reading_goes_on_at_its_page(
    app: App, vendor: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for userid in ("he", "lu"):
        make_staff(tenant=app.tenant, app=app, userid=userid)
    everybody = [tie(f"wm{number}") for number in range(250)]
    vendor["customer_batch"] = {"he": everybody, "lu": [tie("wmLu", "lu")]}
    calls: list[tuple[str, Any]] = []
    answer = FakeClient.call

    def counted(self: FakeClient, name: str, **values: Any) -> dict[str, Any]:
        calls.append((name, values.get("cursor")))
        if calls.count(("customer_batch", "100")) == 1 and values.get("cursor") == "200":
            raise KeyboardInterrupt
        return answer(self, name, **values)

    monkeypatch.setattr(FakeClient, "call", counted)
    progress = Progress(tenant_id=app.tenant_id, what="customers")
    with pytest.raises(KeyboardInterrupt):
        handlers.sync_customers(app.tenant_id, progress)
    assert Follow.objects.count() == 200
    calls.clear()
    compare(app, position=progress.position)
    assert calls == [("customer_batch", "200")]
    assert Follow.objects.count() == 251


def test_one_refused_member_hides_nobody_elses_customers(app: App, vendor: dict[str, Any]) -> None:
    for userid in ("he", "lu"):
        make_staff(tenant=app.tenant, app=app, userid=userid)
    vendor["customer_list"] = {"external_userid": ["wm1"]}
    vendor["customer_batch"] = {"he": [tie("wm1")], "lu": [Permanent("no such user", code=60111)]}
    assert compare(app) == 1


def test_customers_of_somebody_new_were_not_lost(app: App, vendor: dict[str, Any]) -> None:
    make_staff(tenant=app.tenant, app=app, userid="he")
    vendor["customer_batch"] = {"he": [tie("wm1")]}
    assert compare(app, compared_at=clock.now() - timedelta(days=1)) == 0
    assert Follow.objects.count() == 1


def test_member_without_customers_is_no_error(app: App, vendor: dict[str, Any]) -> None:
    make_staff(tenant=app.tenant, app=app, userid="he")
    vendor["customer_batch"] = Permanent("nobody", code=84061)
    assert handlers.sync_customers(app.tenant_id, Progress(tenant_id=app.tenant_id, what="customers")) == 0


def test_api_items_reach_the_stream_by_union_id(app: App) -> None:
    person = make_customer(tenant=app.tenant, app=app, unionid="oU")
    items = [
        {
            "id": "e1",
            "kind": "lesson",
            "occurred_at": clock.now(),
            "unionid": "oU",
            "source": "school",
            "data": {},
        }
    ]
    inbound = make_inbound(app=app, event="api.behaviours", fields={"items": items})
    handlers.on_api_behaviours(inbound)
    handlers.on_api_behaviours(inbound)
    row = Behaviour.objects.get()
    assert (row.source, row.customer_id, row.kind) == ("school", person.pk, "lesson")
