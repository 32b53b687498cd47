"""Scripts: found by what a customer asked, filled in for the right person, counted, and missed out loud."""

from typing import Any

import pytest
from django.test import Client

from content.errors import ProofUnpublished, WordsRefused
from content.models import Script, ScriptMiss
from content.policies.search import Entry, grams, rank
from content.services import script_archive, script_save, script_used
from content.services.proofs import ProofWish, proof_save, proof_withdraw
from content.services.sensitive import words_put
from team.models import Staff
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_follow, make_order
from tests.factories.team import make_staff
from tests.phone import hold_phone

ENTRIES = [
    Entry(1, "年课可以退款吗", "退费 退钱", "开课七天内可以全额退，之后按未上课时退。", uses=3),
    Entry(2, "课有回放吗", "回看 录播", "有，一年内都能看。", uses=9),
    Entry(3, "Which ages is it for?", "age", "For children from 3 to 6.", uses=0),
]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("年课不想上了能退钱吗", [1]),
        ("错过了有没有回放", [2]),
        ("AGE 3", [3]),
        ("怎么开发票", []),
        ("", [2, 1, 3]),
        ("？？？", []),
    ],
)
def test_script_is_found_by_the_customers_own_words(question: str, found: list[int]) -> None:
    assert rank(question, ENTRIES) == found


@pytest.mark.unit
def test_filler_words_do_not_decide_a_search() -> None:
    assert grams("有回放的吗") == {"回放"}


pytestmark = [pytest.mark.django_db]


@pytest.fixture
def staff(tenant: Tenant, frozen: MovableClock) -> Staff:
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓")


def write(tenant: Tenant, actor: Actor, **changed: Any) -> Script:
    told = {
        "title": "课有回放吗",
        "text": "{客户称呼}，有的，一年内都能看。{老师称呼}",
        "kind": "product",
        **changed,
    }
    with tenant_scope(tenant):
        return script_save(tenant=tenant, script_id=told.pop("script_id", None), actor=actor, **told)


def test_answer_names_the_customer_and_goes_to_that_chat(tenant: Tenant, owner: Actor, staff: Staff) -> None:
    script = write(tenant, owner)
    with tenant_scope(tenant):
        friend = make_customer(tenant=tenant, name="刘女士")
        make_follow(tenant=tenant, customer=friend, staff=staff, remark="果果妈妈")
        stranger = make_customer(tenant=tenant, name="陈先生")
    phone = hold_phone(tenant, staff)
    base = f"/m/{tenant.slug}/customer/"
    page = phone.get(f"{base}{friend.external_userid}/scripts/", {"q": "有没有回放"}).content.decode()
    assert "果果妈妈，有的，一年内都能看。林晓" in page
    assert f'data-external="{friend.external_userid}"' in page
    assert phone.get(f"{base}{stranger.external_userid}/scripts/").status_code == 404
    assert phone.post(f"/m/{tenant.slug}/scripts/{script.pk}/used/").status_code == 204
    with tenant_scope(tenant):
        row = Script.objects.get()
        assert (row.uses, row.used_at) == (1, clock.now())


def test_words_that_nothing_fills_are_copied_never_sent(tenant: Tenant, owner: Actor, staff: Staff) -> None:
    write(tenant, owner, text="欢迎来到{群名}")
    page = hold_phone(tenant, staff).get(f"/m/{tenant.slug}/scripts/").content.decode()
    assert ("欢迎来到{群名}" in page, "data-ww=" in page) == (True, False)


def test_question_without_an_answer_is_written_down_and_answered(
    tenant: Tenant, owner: Actor, staff: Staff
) -> None:
    phone = hold_phone(tenant, staff)
    url = f"/m/{tenant.slug}/scripts/"
    assert "No script answers" in phone.get(url, {"q": "怎么开发票"}).content.decode()
    htmx = {"HX-Request": "true"}
    for _time in range(2):
        sent = phone.post(f"{url}missing/", {"words": " 怎么开发票 "}, headers=htmx)
        assert sent.status_code == 204
    assert phone.post(f"{url}missing/", {"words": ""}, headers=htmx).status_code == 409
    boss = Client(headers={"accept-language": "en"})
    boss.force_login(User.objects.get(email="lin@example.com"))
    home = f"/t/{tenant.slug}/scripts/"
    with tenant_scope(tenant):
        miss = ScriptMiss.objects.get()
        assert (miss.words, miss.times, miss.asked_by) == ("怎么开发票", 2, "林晓")
    assert "怎么开发票" in boss.get(home).content.decode()
    drawer = boss.get(f"{home}new/", {"miss": miss.pk}).content.decode()
    assert 'value="怎么开发票"' in drawer
    told = {"title": "怎么开发票", "kind": "after_sales", "text": "把抬头发我。", "miss": miss.pk}
    assert boss.post(f"{home}new/", told, headers=htmx).status_code == 204
    with tenant_scope(tenant):
        assert (Script.objects.count(), ScriptMiss.objects.count()) == (1, 0)
    assert "把抬头发我。" in phone.get(url, {"q": "开发票"}).content.decode()


def test_variable_that_the_sidebar_cannot_fill_is_refused_with_its_name(tenant: Tenant, staff: Staff) -> None:
    User.objects.update(language="en")
    boss = Client()
    boss.force_login(User.objects.get(email="lin@example.com"))
    told = {"title": "优惠", "kind": "offer", "text": "{优惠截止}前"}
    answer = boss.post(f"/t/{tenant.slug}/scripts/new/", told)
    assert (answer.status_code, "Nothing fills {优惠截止}" in answer.content.decode()) == (422, True)


def test_archived_script_is_not_found_any_more(tenant: Tenant, owner: Actor, staff: Staff) -> None:
    script = write(tenant, owner)
    with tenant_scope(tenant):
        script_used(tenant=tenant, script_id=script.pk)
        script_archive(tenant=tenant, script_id=script.pk, is_archived=True, actor=owner)
    phone = hold_phone(tenant, staff)
    assert "一年内" not in phone.get(f"/m/{tenant.slug}/scripts/").content.decode()
    with tenant_scope(tenant):
        script_archive(tenant=tenant, script_id=script.pk, is_archived=False, actor=owner)
        assert Script.objects.get().uses == 1
    assert "一年内" in phone.get(f"/m/{tenant.slug}/scripts/").content.decode()


def test_sales_send_scripts_but_do_not_write_them(tenant: Tenant, staff: Staff) -> None:
    actor = Actor.of_staff(staff.pk, str(staff), PERMISSIONS[Role.SALES])
    with pytest.raises(NotPermitted):
        write(tenant, actor)


def test_scripts_of_another_company_are_not_there(
    tenant: Tenant, other_tenant: Tenant, owner: Actor, staff: Staff
) -> None:
    foreign = write(other_tenant, owner)
    phone = hold_phone(tenant, staff)
    assert phone.post(f"/m/{tenant.slug}/scripts/{foreign.pk}/used/").status_code == 404
    boss = Client()
    boss.force_login(User.objects.get(email="lin@example.com"))
    base = f"/t/{tenant.slug}/scripts/{foreign.pk}/"
    assert [boss.get(base).status_code, boss.post(f"{base}archive/").status_code] == [404, 404]


def test_words_that_may_not_be_sent_are_no_script_and_are_not_offered_any_more(
    tenant: Tenant, owner: Actor, staff: Staff
) -> None:
    with pytest.raises(WordsRefused):
        write(tenant, owner, text="全国第一的启蒙课")
    with tenant_scope(tenant):
        assert not Script.objects.exists()
    write(tenant, owner, text="有的，包学会")
    with tenant_scope(tenant):
        words_put(tenant=tenant, words="包学会", does="refuse", hint="", actor=owner)
    answer = hold_phone(tenant, staff).get(f"/m/{tenant.slug}/scripts/?q=课有回放吗").content.decode()
    assert "包学会" in answer
    assert 'data-ww="chat"' not in answer
    assert "data-copy" not in answer
    with tenant_scope(tenant):
        words_put(tenant=tenant, words="包学会", does="warn", hint="", actor=owner)
    answer = hold_phone(tenant, staff).get(f"/m/{tenant.slug}/scripts/?q=课有回放吗").content.decode()
    assert 'data-ww="chat"' in answer


def test_a_script_with_a_testimonial_is_offered_as_long_as_its_permission_holds(
    tenant: Tenant, owner: Actor, staff: Staff
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, name="王小雨")
        wish = ProofWish(
            kind="testimonial", title="三个月", text="三个月，孩子自己会开口读了", scope="private",
            customer_id=person.pk, order_id=make_order(tenant=tenant, customer=person).pk, name_shown="none",
            permitted=True, permitted_until=None, permission_note="截图",
        )  # fmt: skip
        proof = proof_save(tenant=tenant, wish=wish, actor=owner)
    write(tenant, owner, text=f"一位妈妈说：{proof.text}。")
    url = f"/m/{tenant.slug}/scripts/?q=课有回放吗"
    assert 'data-ww="chat"' in hold_phone(tenant, staff).get(url).content.decode()
    with tenant_scope(tenant):
        proof_withdraw(tenant=tenant, proof_id=proof.pk, reason="不想展示", actor=owner)
    answer = hold_phone(tenant, staff).get(url).content.decode()
    assert proof.text in answer
    assert 'data-ww="chat"' not in answer
    with pytest.raises(ProofUnpublished):
        write(tenant, owner, title="别人怎么说", text=f"听听：{proof.text}")
