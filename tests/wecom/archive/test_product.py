"""What archived messages do to the product: behaviours, consent, pages. The simulator is the vendor."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Behaviour, Customer
from contacts.selectors.timeline import customer_timeline
from groups.selectors import group_facts
from groups.selectors.chat import chat_lines
from outbox.relay import relay_tenant
from tenants import clock
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.factories.wecom import make_inbound
from tests.wecom.archive.conftest import World
from wecom.archive import handlers, services
from wecom.enums import AppState
from wecom.models import App, ArchiveConsent, ArchivedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def known(world: World) -> World:
    """The group, two of its customers and a member of staff are known to the product."""
    group = make_group(
        tenant=world.tenant, app=world.app, chat_id=world.chat_id, name="英语打卡3班", state="active"
    )
    staff = make_staff(tenant=world.tenant, app=world.app, userid=world.staff, name="周岚")
    make_member(group=group, userid=world.staff, staff=staff, is_staff=True)
    for number, external in enumerate(world.customers[:2]):
        one = make_customer(
            tenant=world.tenant, app=world.app, external_userid=external, name=f"林妈妈{number}"
        )
        make_member(group=group, userid=external, customer=one)
    world.row, world.customer = group, Customer.objects.get(external_userid=world.customers[0])  # type: ignore[attr-defined]
    return world


def _settle(world: World) -> None:
    world.fetch()
    for _ in range(5):
        if not relay_tenant(tenant_id=world.tenant.pk):
            break


def _pages(world: World) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def test_a_customers_message_is_a_behaviour_without_its_words(known: Any) -> None:
    known.say(known.customers[0], "今天几点上课？")
    known.say(known.staff, "八点")
    _settle(known)

    row = Behaviour.objects.get(kind="message")
    assert (row.customer, row.group, row.source, row.text) == (known.customer, known.row, "archive", "")
    assert row.data["is_question"] is True
    entry = next(
        one
        for one in customer_timeline(tenant_id=known.tenant.pk, customer_id=known.customer.pk)
        if one.facet == "message"
    )
    assert "英语打卡3班" in entry.text
    assert "上课" not in entry.text


def test_a_question_after_the_price_brings_its_words_as_evidence(known: Any) -> None:
    known.say(known.customers[0], "老师你好，我想问一下年课多少钱")
    _settle(known)

    assert Behaviour.objects.get(kind="message").text == "老师你好，我想问一下年课多少钱"


def test_the_groups_silence_counts_once_the_archive_hears_it(known: Any) -> None:
    before = group_facts(tenant=known.tenant, group=known.row)
    known.say(known.staff, "大家好")
    _settle(known)
    after = group_facts(tenant=known.tenant, group=known.row)

    assert (before.sees_messages, after.sees_messages, after.last_message_at) == (False, True, None)


def test_what_a_person_writes_after_refusing_is_not_kept(known: Any) -> None:
    """WeCom itself keeps such messages out; a list read late or a second app may still bring one."""
    person = known.customers[0]
    known.say(person, "之前")
    _settle(known)
    customer = Customer.objects.get(pk=known.customer.pk)
    assert (customer.archive_consent, customer.archive_consent_source) == ("agree", "archive")

    services.consent_record(
        tenant=known.tenant,
        app_id=known.app.pk,
        person_id=person,
        agreed=False,
        ground="电话里说",
        actor=known.owner,
    )
    known.say(person, "之后")
    _settle(known)

    texts = [row.content["content"] for row in ArchivedMessage.objects.filter(msgtype="text")]
    assert texts == ["之前"]
    assert known.cursor().withheld == 1
    assert Behaviour.objects.filter(kind="message").count() == 1
    assert Customer.objects.get(pk=customer.pk).archive_consent == "disagree"


def test_consent_withdrawn_at_wecom_reaches_the_customers_page(known: Any) -> None:
    known.act("consent", external_userid=known.customers[0], agree=True)
    _settle(known)
    known.simulator.set_time(clock.now())
    known.act("consent", external_userid=known.customers[0], agree=False)
    _settle(known)

    assert ArchiveConsent.objects.get(person_id=known.customers[0]).state == "disagree"
    assert Customer.objects.get(pk=known.customer.pk).archive_consent == "disagree"
    page = _pages(known).get(
        reverse("contacts:detail", kwargs={"tenant_slug": known.tenant.slug, "pk": known.customer.pk})
    )
    assert page.status_code == 200


def test_the_event_that_wecom_sends_on_approval_is_consent_too(known: Any) -> None:
    event = make_inbound(
        app=known.app,
        event="change_external_contact",
        change_type="msg_audit_approved",
        fields={"ExternalUserID": known.customers[0], "UserID": known.staff},
    )
    handlers.on_external_contact(event)
    handlers.on_external_contact(event)

    row = ArchiveConsent.objects.get()
    assert (row.person_id, row.state, row.source) == (known.customers[0], "agree", "callback")


def test_a_notice_from_wecom_wakes_the_reader(known: Any, queued: list) -> None:
    known.cursor_set(next_at=None)
    queued.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda run, **_: run())
        handlers.on_notify(make_inbound(app=known.app, event="msgaudit_notify"))

    assert [task for task, _ in queued] == ["wecom.fetch_archive"]
    assert known.cursor().next_at is not None


def test_the_chat_tab_shows_messages_and_records_who_read_them(known: Any) -> None:
    known.say(known.customers[0], "今天的作业交了")
    known.say(known.staff, "收到，真棒")
    _settle(known)
    client = _pages(known)
    url = reverse("groups:detail", kwargs={"tenant_slug": known.tenant.slug, "pk": known.row.pk})

    page = client.get(url, {"tab": "chat"})
    client.get(url, {"tab": "chat"})

    assert page.status_code == 200
    assert "今天的作业交了" in page.text
    assert AuditEntry.objects.filter(verb="groups.chat.read").count() == 1


def test_a_role_that_sees_no_personal_data_sees_neither_words_nor_names(known: Any) -> None:
    known.say(known.customers[0], "今天的作业交了")
    _settle(known)

    line = chat_lines(group=known.row, before_id=0, may_see=False)[0]

    assert (line.text, line.chars, line.who) == ("", 7, "林••")


def test_without_an_archive_the_pages_say_unknown(tenant: Any, owner: Any) -> None:
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, chat_id="wrX", name="没有存档", state="active")
        client = Client()
        client.force_login(User.objects.get(email="lin@example.com"))
        url = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": group.pk})
        pages = [client.get(url, {"tab": tab}).text for tab in ("chat", "overview")]
        settings_page = client.get(reverse("wecom:archive", kwargs={"tenant_slug": tenant.slug}))

    assert all("没有存档" in page for page in pages)
    assert settings_page.status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_archives_page_shows_what_is_closed_and_unknown(known: Any, language: str) -> None:
    User.objects.update(language=language)
    known.say(known.staff, msgtype="hologram")
    known.switch_on(version=2)
    known.say(known.staff, "打不开")
    _settle(known)
    client = _pages(known)
    url = reverse("wecom:archive", kwargs={"tenant_slug": known.tenant.slug})

    page = client.get(url)

    assert page.status_code == 200
    assert "hologram" in page.text
    assert language != "en" or "No private key of this version" in page.text
    assert "PRIVATE KEY" not in page.text
    assert known.cursor().secret not in page.text


def test_a_second_key_is_made_pasted_and_renumbered_but_never_replaced(known: Any) -> None:
    client = _pages(known)
    act = reverse("wecom:archive_act", kwargs={"tenant_slug": known.tenant.slug, "verb": "key"})
    client.post(act)
    paste = reverse("wecom:archive_key", kwargs={"tenant_slug": known.tenant.slug})
    taken = client.post(paste, {"version": 2, "private_key": known.pairs[1].private_key})
    wrong = client.post(paste, {"version": 9, "private_key": "not a key"})

    assert (taken.status_code, wrong.status_code) == (409, 409)
    assert "ARCHIVE-02" in taken.text
    assert "ARCHIVE-01" in wrong.text


def test_an_app_that_is_paused_pauses_its_archive(known: Any) -> None:
    known.say(known.staff, "等")
    App.objects.filter(pk=known.app.pk).update(state=AppState.PAUSED)
    known.fetch()

    assert ArchivedMessage.objects.count() == 0
