"""Files of customers, orders and tags: every line judged first, written once, taken back."""

import csv
import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from contacts.errors import ImportDone, ImportRefused, SheetStays
from contacts.models import Behaviour, Customer, CustomerTag, Order, ProfileFact, Sheet, SheetRow
from contacts.policies.files import Unreadable
from contacts.policies.sheets import sheet_header, sheet_lines, template_lines
from contacts.policies.spreadsheets import UNPACKED_BYTES, text_of
from contacts.services import sheets as service
from contacts.services.profile import profile_edit
from contacts.services.sheets import (
    sheet_check,
    sheet_start,
    sheet_take_back,
    sheet_undo,
    sheet_upload,
    sheet_write,
)
from contacts.tasks import sweep
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_customer_tag, make_follow, make_order, make_tag
from tests.factories.team import make_staff
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def upload(tenant: Tenant, actor: Actor, kind: str, text: str | bytes, **more: Any) -> Sheet:
    """A file, looked at to the end."""
    raw = text if isinstance(text, bytes) else text.encode()
    sheet = sheet_upload(tenant=tenant, kind=kind, name="一月.csv", raw=raw, actor=actor, **more)
    sheet_check(tenant=tenant, sheet_id=sheet.pk)
    sheet.refresh_from_db()
    return sheet


def write(tenant: Tenant, actor: Actor, sheet: Sheet) -> Sheet:
    sheet_start(tenant=tenant, sheet_id=sheet.pk, actor=actor)
    sheet_write(tenant=tenant, sheet_id=sheet.pk)
    sheet.refresh_from_db()
    return sheet


def verdicts(sheet: Sheet) -> list[tuple[int, str, str]]:
    return list(
        SheetRow.objects.filter(sheet=sheet).order_by("line").values_list("line", "verdict", "column")
    )


@pytest.fixture
def open_tenant(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def test_customer_lines_say_what_changes_from_what_and_write_nothing_before(
    open_tenant: Tenant, owner: Actor
) -> None:
    known = make_customer(
        tenant=open_tenant, external_userid="wmknown001", phone="13800138000", name="刘女士"
    )
    by_phone = make_customer(tenant=open_tenant, phone="13900139000")
    sheet = upload(
        open_tenant,
        owner,
        "customers",
        "客户ID,手机号,姓名,性别,出生年份,城市\n"
        "wmknown001,13700137000,别名,女,1992,杭州\n"
        ",139 0013 9000,,,,成都\n"
        "wmfresh001,,😀新人,,,\n"
        "wmknown001,,,,,上海\n"
        ",13000000000,,,,北京\n"
        "wmknown002,,,女人,,\n",
    )
    assert verdicts(sheet) == [
        (2, "change", ""),
        (3, "change", ""),
        (4, "new", ""),
        (5, "fault", ""),
        (6, "fault", "phone"),
        (7, "fault", "gender"),
    ]
    first = SheetRow.objects.get(sheet=sheet, line=2)
    assert first.changes == [
        ["phone", "13800138000", "13700137000"],
        ["gender", None, "female"],
        ["birth_year", None, "1992"],
        ["city", None, "杭州"],
    ]
    assert SheetRow.objects.get(sheet=sheet, line=3).customer_id == by_phone.pk
    known.refresh_from_db()
    assert known.phone == "13800138000"
    assert not ProfileFact.objects.exists()
    assert Customer.objects.count() == 2


def test_customers_are_written_once_and_the_same_file_again_changes_nothing(
    open_tenant: Tenant, owner: Actor
) -> None:
    known = make_customer(tenant=open_tenant, external_userid="wmknown001")
    text = "external_userid,phone,city,name\nwmknown001,13700137000,杭州,\nwmfresh001,,成都,😀新人\n"
    sheet = write(open_tenant, owner, upload(open_tenant, owner, "customers", text))
    known.refresh_from_db()
    fresh = Customer.objects.get(external_userid="wmfresh001")
    facts = set(ProfileFact.objects.values_list("customer_id", "field", "source", "value", "said_by"))
    assert (known.phone, fresh.name, sheet.written) == ("13700137000", "😀新人", 2)
    assert facts == {
        (known.pk, "city", "import", "杭州", "一月.csv"),
        (fresh.pk, "city", "import", "成都", "一月.csv"),
    }
    again = upload(open_tenant, owner, "customers", text)
    assert again.counts == {"same": 2}
    assert write(open_tenant, owner, again).written == 0
    with pytest.raises(ImportDone):
        sheet_start(tenant=open_tenant, sheet_id=again.pk, actor=owner)


def test_a_word_of_staff_holds_beside_the_file(open_tenant: Tenant, owner: Actor) -> None:
    person = make_customer(tenant=open_tenant, external_userid="wmknown001")
    profile_edit(tenant=open_tenant, customer_id=person.pk, values={"city": "杭州"}, actor=owner)
    sheet = upload(open_tenant, owner, "customers", "external_userid,city\nwmknown001,成都\n")
    row = SheetRow.objects.get(sheet=sheet)
    assert (row.verdict, row.changes) == ("change", [["city", "杭州", "成都"]])
    assert row.message
    write(open_tenant, owner, sheet)
    assert set(ProfileFact.objects.values_list("source", "value")) == {("staff", "杭州"), ("import", "成都")}


def test_customers_are_taken_back_but_not_what_somebody_changed_since(
    open_tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person = make_customer(tenant=open_tenant, external_userid="wmknown001", phone="13800138000")
    text = "external_userid,phone,city,occupation\nwmknown001,13700137000,{city},教师\n"
    write(open_tenant, owner, upload(open_tenant, owner, "customers", text.format(city="杭州")))
    frozen.move(seconds=60)
    Customer.objects.filter(pk=person.pk).update(phone="13600136000")
    second = write(open_tenant, owner, upload(open_tenant, owner, "customers", text.format(city="成都")))
    Customer.objects.filter(pk=person.pk).update(phone="13500135000")
    sheet_undo(tenant=open_tenant, sheet_id=second.pk, actor=owner)
    sheet_take_back(tenant=open_tenant, sheet_id=second.pk)
    person.refresh_from_db()
    assert person.phone == "13500135000"
    assert dict(ProfileFact.objects.values_list("field", "value")) == {"city": "杭州", "occupation": "教师"}


def test_orders_with_sku_and_refund_become_orders_and_the_same_file_nothing(
    open_tenant: Tenant, owner: Actor
) -> None:
    person = make_customer(tenant=open_tenant, external_userid="wmknown001")
    text = (
        "订单号,客户ID,下单时间,金额,SKU,商品,订单类型,退款金额,退款时间\n"
        "NO-1,wmknown001,2026年2月20日 20:31,1980.00,YEAR,年课,首单,,\n"
        "NO-2,wmknown001,2026/2/21,99,CAMP,训练营,复购,99,2026-02-22 10:00\n"
        "NO-3,wmstranger1,2026-02-22 10:00,5,,,,,\n"
        "NO-4,wmknown001,2026-02-22 10:00,-5,,,,,\n"
        "NO-5,wmknown001,昨天,5,,,,,\n"
        "NO-6,wmknown001,2026-02-22,5,,,,6,\n"
        "NO-1,wmknown001,2026-02-20 20:31,1980,,,,,\n"
    )
    sheet = upload(open_tenant, owner, "orders", text, source="shop")
    assert verdicts(sheet) == [
        (2, "new", ""),
        (3, "new", ""),
        (4, "new", ""),
        (5, "fault", "amount"),
        (6, "fault", "ordered_at"),
        (7, "fault", "refund_amount"),
        (8, "fault", ""),
    ]
    assert not Behaviour.objects.exists()
    write(open_tenant, owner, sheet)
    rows = Order.objects.order_by("order_no").values_list(
        "order_no", "source", "customer_id", "amount_fen", "refund_fen", "state", "sku_id", "title"
    )
    assert list(rows) == [
        ("NO-1", "shop", person.pk, 198000, None, "paid", "YEAR", "年课"),
        ("NO-2", "shop", person.pk, 9900, 9900, "refunded", "CAMP", "训练营"),
        ("NO-3", "shop", None, 500, None, "paid", "", ""),
    ]
    # Tenant zone is Shanghai: midnight of the 21st there.
    assert Order.objects.get(order_no="NO-2").ordered_at.isoformat() == "2026-02-20T16:00:00+00:00"
    again = upload(open_tenant, owner, "orders", text, source="shop")
    assert again.counts == {"same": 3, "fault": 4}
    with pytest.raises(SheetStays):
        sheet_undo(tenant=open_tenant, sheet_id=sheet.pk, actor=owner)


def test_an_order_known_from_elsewhere_or_with_another_amount_is_a_fault(
    open_tenant: Tenant, owner: Actor
) -> None:
    person = make_customer(tenant=open_tenant, external_userid="wmknown001")
    make_order(tenant=open_tenant, customer=person, source="api", order_no="NO-1", amount_fen=100)
    text = "order_no,external_userid,ordered_at,amount\nNO-1,wmknown001,2026-02-20,{}\n"
    assert verdicts(upload(open_tenant, owner, "orders", text.format(1), source="shop")) == [
        (2, "fault", "order_no")
    ]
    assert verdicts(upload(open_tenant, owner, "orders", text.format(2), source="api")) == [
        (2, "fault", "amount")
    ]
    assert verdicts(upload(open_tenant, owner, "orders", text.format(1), source="api")) == [(2, "same", "")]


def test_tags_are_put_on_and_taken_off_and_back(open_tenant: Tenant, owner: Actor) -> None:
    one = make_customer(tenant=open_tenant, external_userid="wmknown001")
    two = make_customer(tenant=open_tenant, external_userid="wmknown002")
    keen, quiet = make_tag(tenant=open_tenant, name="高意向"), make_tag(tenant=open_tenant, name="沉默")
    make_customer_tag(tenant=open_tenant, customer=two, tag=quiet)
    make_customer_tag(tenant=open_tenant, customer=one, tag=quiet, source="rule")
    text = (
        "客户ID,标签,操作\nwmknown001,高意向,\nwmknown002,沉默,移除\nwmknown002,没有的,add\nwmknown001,沉默,remove\n"
        "wmknown002,高意向,remove\nwmknown001,高意向,remove\n"
    )
    sheet = upload(open_tenant, owner, "tags", text)
    assert [one[1:] for one in verdicts(sheet)] == [
        ("new", ""),
        ("change", ""),
        ("fault", "tag"),
        ("fault", "tag"),
        ("same", ""),
        ("fault", ""),
    ]

    def held() -> set[tuple[int, int]]:
        return set(CustomerTag.objects.filter(source="manual").values_list("customer_id", "tag_id"))

    write(open_tenant, owner, sheet)
    assert held() == {(one.pk, keen.pk)}
    sheet_undo(tenant=open_tenant, sheet_id=sheet.pk, actor=owner)
    sheet_take_back(tenant=open_tenant, sheet_id=sheet.pk)
    assert held() == {(two.pk, quiet.pk)}


def test_a_tag_that_only_wecom_has_is_taken_off_there_and_put_back_there(
    open_tenant: Tenant, owner: Actor
) -> None:
    person = make_customer(tenant=open_tenant, external_userid="wmknown001")
    staff = make_staff(tenant=open_tenant, app=person.app)
    make_follow(tenant=open_tenant, customer=person, staff=staff)
    keen = make_tag(tenant=open_tenant, name="高意向", app=person.app)
    make_customer_tag(tenant=open_tenant, customer=person, tag=keen, source="wecom", staff=staff)
    sheet = upload(open_tenant, owner, "tags", "external_userid,tag,action\nwmknown001,高意向,remove\n")
    row = SheetRow.objects.get(sheet=sheet)
    assert (row.verdict, row.changes) == ("change", [["tag_at_wecom", "高意向", None]])
    write(open_tenant, owner, sheet)
    asked = OutboundSend.objects.filter(kind="mark_tag")
    assert asked.get(state="queued").payload["remove_tag"] == [keen.tag_id]
    assert CustomerTag.objects.get().source == "wecom"  # until WeCom has answered
    sheet_undo(tenant=open_tenant, sheet_id=sheet.pk, actor=owner)
    sheet_take_back(tenant=open_tenant, sheet_id=sheet.pk)
    assert not asked.filter(state="queued").exists()
    assert CustomerTag.objects.get().source == "wecom"


def test_work_cut_off_after_any_slice_goes_on_and_doubles_nothing(
    open_tenant: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SLICE", 2)
    lines = "".join(f"wmfresh{number:03d},城{number}\n" for number in range(7))
    raw = f"external_userid,city\n{lines}".encode()
    make_customer(tenant=open_tenant)  # so that an app is connected
    sheet = sheet_upload(tenant=open_tenant, kind="customers", name="a.csv", raw=raw, actor=owner)
    real = service.SheetRow.objects.bulk_create
    calls = {"n": 0}

    def dies(*args: Any, **kwargs: Any) -> Any:
        calls["n"] += 1
        made = real(*args, **kwargs)
        if calls["n"] == 2:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(service.SheetRow.objects, "bulk_create", dies, raising=False)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        sheet_check(tenant=open_tenant, sheet_id=sheet.pk)
    monkeypatch.undo()
    monkeypatch.setattr(service, "SLICE", 2)
    sheet_check(tenant=open_tenant, sheet_id=sheet.pk)
    assert SheetRow.objects.filter(sheet=sheet).count() == 7
    sheet_start(tenant=open_tenant, sheet_id=sheet.pk, actor=owner)
    assert service._write_slice(open_tenant, sheet.pk)
    assert ProfileFact.objects.count() == 2
    sheet_write(tenant=open_tenant, sheet_id=sheet.pk)
    sheet.refresh_from_db()
    assert (sheet.done, sheet.written, ProfileFact.objects.count()) == (7, 7, 7)
    assert sheet.written_at is not None


def test_the_tick_hands_a_file_whose_work_stopped_to_a_worker(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[tuple[str, int]] = []
    monkeypatch.setattr(
        "contacts.tasks.enqueue", lambda task, **ids: handed.append((task, ids.get("sheet_id", 0)))
    )
    with tenant_scope(tenant):
        make_customer(tenant=tenant)
        raw = b"external_userid,city\nwmfresh001,A\n"
        sheet = sheet_upload(tenant=tenant, kind="customers", name="a.csv", raw=raw, actor=owner)
    sweep()
    assert ("contacts.check_sheet", sheet.pk) not in handed
    frozen.move(seconds=180)
    sweep()
    assert ("contacts.check_sheet", sheet.pk) in handed


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\x01\x02",
        "客户ID,城市\n".encode(),
        b"city\nA\n",
        b"external_userid\nwm1\n",
        "客户ID,客户ID,城市\nwm,wm,A\n".encode(),
        b"PK\x03\x04broken",
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(
    open_tenant: Tenant, owner: Actor, raw: bytes
) -> None:
    with pytest.raises(ImportRefused):
        sheet_upload(tenant=open_tenant, kind="customers", name="a.csv", raw=raw, actor=owner)
    assert not Sheet.objects.exists()


def book(rows: list[list[Any]]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_gbk_and_a_mark_and_a_workbook_say_the_same(open_tenant: Tenant, owner: Actor) -> None:
    make_customer(tenant=open_tenant, phone="13800138000")
    text = "手机号,城市\n13800138000,杭州\n"
    for raw in (
        text.encode("gbk"),
        b"\xef\xbb\xbf" + text.encode(),
        book([["手机号", "城市"], [13800138000, "杭州"], [None, None]]),
        book([["手机号", "城市"], [13800138000.0, "杭州"]]),
    ):
        assert upload(open_tenant, owner, "customers", raw).counts == {"change": 1}


def test_a_packed_file_that_says_it_becomes_huge_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (UNPACKED_BYTES + 1))
    with pytest.raises(Unreadable):
        text_of(out.getvalue())


def test_one_cell_far_to_the_right_does_not_make_the_rows_wide() -> None:
    made = Workbook()
    made.active["A1"], made.active["XFD2"] = "phone", "x"
    out = io.BytesIO()
    made.save(out)
    assert max(len(line) for line in text_of(out.getvalue()).splitlines()) < 1000


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=12), max_size=8))
def test_any_cells_give_a_line_or_a_fault_and_never_an_error(rows: list[list[str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([["order_no", "phone", "ordered_at", "amount", "refund_amount", "refunded_at"], *rows])
    text = out.getvalue().replace("\x00", "")
    try:
        found = list(sheet_lines(text, kind="orders", zone="Asia/Shanghai", now=clock.now()))
    except Unreadable:
        return
    assert all(bool(one.told) != bool(one.fault) for one in found)


@pytest.mark.parametrize("kind", ["customers", "orders", "tags"])
def test_the_template_can_be_read_again(kind: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(template_lines(kind))
    assert sheet_header(out.getvalue(), kind)[1] == 2
    lines = sheet_lines(out.getvalue(), kind=kind, zone="Asia/Shanghai", now=clock.now())
    assert [one.fault for one in lines] == [None, None]


def test_the_pages_show_every_verdict_and_hand_back_the_faults(
    tenant: Tenant, frozen: MovableClock, django_capture_on_commit_callbacks: Any
) -> None:
    with tenant_scope(tenant):
        make_customer(tenant=tenant, external_userid="wmknown001", name="刘女士", phone="13800138000")
    client = sign_in(tenant)
    home = f"/t/{tenant.slug}/customers/files/"
    assert "external_userid" in body(client.get(home))
    raw = "external_userid,phone,city\nwmknown001,13700137000,=杭州\nwmknown001,,=cmd\n".encode()
    sent = client.post(home, {"kind": "customers", "file": SimpleUploadedFile("a.csv", raw)})
    assert sent.status_code == 302
    with tenant_scope(tenant):
        sheet = Sheet.objects.get()
        assert "0 of 2" in body(client.get(sent.url))
        sheet_check(tenant=tenant, sheet_id=sheet.pk)
    page = body(client.get(sent.url))
    assert all(
        word in page for word in ("刘女士", "13700137000", "=杭州", "Import 1 line", "Line 2 is about")
    )
    assert "刘女士" not in body(client.get(f"{sent.url}?verdict=fault"))
    faults = list(csv.reader(io.StringIO(body(client.get(f"{sent.url}faults.csv")).removeprefix("\ufeff"))))
    assert faults[0][3:] == ["external_userid", "phone", "city"]
    assert faults[1][0] == "3"
    assert faults[1][5] == "'=cmd"
    assert client.post(f"{sent.url}write/").status_code == 302
    with tenant_scope(tenant):
        sheet_write(tenant=tenant, sheet_id=sheet.pk)
        verbs = set(AuditEntry.objects.filter(tenant=tenant).values_list("verb", flat=True))
    assert "contacts.sheet.started" in verbs
    assert "Take it back" in body(client.get(sent.url))


def test_who_may_not_run_groups_may_not_upload(tenant: Tenant, frozen: MovableClock) -> None:
    clerk = Actor("user", 1, "文员", PERMISSIONS[Role.SALES])
    with tenant_scope(tenant), pytest.raises(NotPermitted):
        sheet_upload(tenant=tenant, kind="tags", name="a", raw=b"phone,tag\n1,2\n", actor=clerk)
    assert sign_in(tenant, Role.SALES).get(f"/t/{tenant.slug}/customers/files/").status_code == 403
