"""Files as offices have them: titles above the header, merged cells, formulas, errors, line breaks, tabs."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from contacts.errors import ImportRefused
from contacts.models import Customer, ImportBatch, Sheet, SheetRow
from contacts.policies.chatlogs import read_lines
from contacts.policies.files import Unreadable, read_rows, table_of
from contacts.policies.sheets import sheet_header
from contacts.policies.spreadsheets import text_of
from contacts.services.sheets import sheet_check, sheet_upload
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_sheets import upload, verdicts
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_tag

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def open_tenant(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_title_and_blank_rows_above_the_header_are_passed_over(open_tenant: Tenant, owner: Actor) -> None:
    make_customer(tenant=open_tenant, phone="13800138000")
    book = Workbook()
    for row in (["三月客户表"], [], ["*手机号", "城市*"], ["13800138000", "杭州"], ["12", "杭州"]):
        book.active.append(row)
    book.active.merge_cells("A1:B1")
    sheet = upload(open_tenant, owner, "customers", saved(book))
    assert verdicts(sheet) == [(4, "change", ""), (5, "fault", "phone")]


def test_cells_merged_over_rows_say_the_same_in_each(open_tenant: Tenant, owner: Actor) -> None:
    person = make_customer(tenant=open_tenant, phone="13800138000")
    for name in ("高意向", "妈妈群"):
        make_tag(tenant=open_tenant, name=name, group="")
    book = Workbook()
    for row in (["手机号", "标签"], ["13800138000", "高意向"], [None, "妈妈群"], [None, "高意向"]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    sheet = upload(open_tenant, owner, "tags", saved(book))
    told = list(
        SheetRow.objects.filter(sheet=sheet).order_by("line").values_list("line", "customer", "verdict")
    )
    assert told == [(2, person.pk, "new"), (3, person.pk, "new"), (4, None, "fault")]


def test_a_formula_that_was_never_shown_is_not_guessed(open_tenant: Tenant, owner: Actor) -> None:
    make_customer(tenant=open_tenant, phone="13800138000")
    book = Workbook()
    for row in (["手机号", "城市"], ["13800138000", '=CONCAT("杭","州")']):
        book.active.append(row)
    with pytest.raises(ImportRefused) as refused:
        sheet_upload(tenant=open_tenant, kind="customers", name="a.xlsx", raw=saved(book), actor=owner)
    assert "B2" in str(refused.value.message)


def test_an_error_of_the_spreadsheet_is_a_fault_and_no_city(open_tenant: Tenant, owner: Actor) -> None:
    make_customer(tenant=open_tenant, phone="13800138000")
    sheet = upload(open_tenant, owner, "customers", "手机号,城市\n13800138000,#N/A\n")
    assert verdicts(sheet) == [(2, "fault", "city")]


def test_a_sum_is_read_as_the_sheet_shows_it() -> None:
    book = Workbook()
    book.active.append([19.99 * 3, 13800138000.0, 0.1 + 0.2])
    assert text_of(saved(book)).strip() == "59.97,13800138000,0.3"


def test_a_line_break_in_a_cell_does_not_move_the_rows_after_it() -> None:
    text = '手机号,兴趣\n"1","阅读\n画画"\n2,\n'
    assert [number for number, _cells in table_of(text)[1]] == [2, 3]
    log = '群,昵称,时间,内容\nA,甲,2026-03-01 10:00,"一\n二"\nA,,2026-03-01 10:01,好\n'
    wrong = list(read_lines(log, zone="Asia/Shanghai", now=clock.now(), most=9))[1]
    assert wrong.line == 3
    acts = 'event_id,kind,occurred_at,external_userid,text\na,message,2026-03-01,wm1,"一\n二"\nb,,,,\n'
    assert list(read_rows(acts, zone="Asia/Shanghai", now=clock.now(), most=9))[1].line == 3


def test_two_columns_that_mean_the_same_are_both_named() -> None:
    with pytest.raises(Unreadable) as refused:
        sheet_header("手机,电话,城市\n1,2,3\n", "customers")
    assert "手机" in str(refused.value)
    assert "电话" in str(refused.value)


def test_cells_divided_by_tabs_are_read_too(open_tenant: Tenant, owner: Actor) -> None:
    make_customer(tenant=open_tenant, phone="13800138000")
    raw = "手机号\t兴趣\r\n13800138000\t阅读,画画\r\n".encode("utf-16")
    assert upload(open_tenant, owner, "customers", raw).counts == {"change": 1}


def test_the_page_names_the_columns_that_nothing_is_read_from(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        make_customer(tenant=tenant, phone="13800138000")
    client = sign_in(tenant)
    raw = "手机号,城市,微信备注\n13800138000,杭州,老客\n12,杭州,\n".encode()
    home = f"/t/{tenant.slug}/customers/files/"
    sent = client.post(home, {"kind": "customers", "file": SimpleUploadedFile("a.csv", raw)})
    with tenant_scope(tenant):
        sheet_check(tenant=tenant, sheet_id=Sheet.objects.get().pk)
    assert "微信备注" in body(client.get(sent.url)).split('id="q-list"')[0]
    faults = body(client.get(f"{sent.url}faults.csv")).encode()
    again = client.post(home, {"kind": "customers", "file": SimpleUploadedFile("b.csv", faults)})
    with tenant_scope(tenant):
        sheet_check(tenant=tenant, sheet_id=Sheet.objects.latest("pk").pk)
    head = body(client.get(again.url)).split('id="q-list"')[0]
    assert "微信备注" in head
    assert '<span class="q-code">reason</span>' not in head


def test_an_empty_file_is_refused_with_a_sentence(tenant: Tenant, frozen: MovableClock) -> None:
    client = sign_in(tenant)
    empty = SimpleUploadedFile("a.xlsx", b"")
    sent = client.post(f"/t/{tenant.slug}/customers/files/", {"kind": "orders", "file": empty})
    assert "empty" in body(sent, 422)


def test_customers_taken_out_as_a_file_can_be_brought_in_again(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        make_customer(tenant=tenant, external_userid="wmknown001", name="刘女士")
    client = sign_in(tenant, Role.LEADER)
    out = body(client.get(f"/t/{tenant.slug}/customers/?export=csv"))
    rows = list(csv.reader(io.StringIO(out.removeprefix("\ufeff"))))
    at = next(n for n, cell in enumerate(rows[0]) if cell == "WeCom id")
    assert rows[1][at] == "wmknown001"
    filled = [[*row, "城市" if not number else "杭州"] for number, row in enumerate(rows)]
    text = io.StringIO()
    csv.writer(text).writerows(filled)
    with tenant_scope(tenant):
        actor = Actor("user", 1, "周岚", frozenset({"operate"}))
        sheet = upload(tenant, actor, "customers", text.getvalue())
        assert sheet.counts == {"change": 1}
        assert SheetRow.objects.get().customer == Customer.objects.get()


def test_behaviours_come_from_a_workbook_too(tenant: Tenant, frozen: MovableClock) -> None:
    book = Workbook()
    for row in (
        ["事件ID", "类型", "时间", "客户ID"],
        ["a1", "checkin", clock.now().replace(tzinfo=None), "wmknown001"],
    ):
        book.active.append(row)
    sent = sign_in(tenant).post(
        f"/t/{tenant.slug}/customers/import/",
        {"source": "shop", "file": SimpleUploadedFile("a.xlsx", saved(book))},
    )
    assert sent.status_code == 302
    with tenant_scope(tenant):
        batch = ImportBatch.objects.get()
    assert (batch.total, batch.error_count) == (1, 0)
