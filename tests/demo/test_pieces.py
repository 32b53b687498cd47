"""Pieces of the demo's story at the simulator: what a visitor finds of channels, codes, welcomes and messages."""

from datetime import date

import pytest

from contacts.models import Channel, ContactWay, CustomerTransfer, Exposure, Follow
from demo.company import Company, Plan
from demo.culture import PROPOSED, culture_grows, norm_answers, norms_propose
from demo.handing import ask_once_more, post_changes, some_refuse
from demo.messages import TALK, TALKING_GROUPS, archive_begin, day_of_talk, talk_answer
from demo.reach import SOURCES, codes_make, owners_ask
from demo.sending import FRIENDS, OWN_DAYS, day_of_own_sends
from demo.vendor import Vendor
from groups.models import Group, JoinWay, Koc, Member, Norm, NormVoice, Thanks, Violation, WelcomeTemplate
from sop.selectors.board import board_of
from sop.selectors.board_groups import Wanted
from team.models import Staff, WorkItem
from tenants import clock
from tenants.scoping import tenant_scope
from tests.codes.conftest import World, world  # noqa: F401
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.conftest import _clean_door, live, product_url, queued  # noqa: F401
from wecom.enums import KeptState
from wecom.models import App, ArchiveConsent, ArchivedMessage, OutboundSend, OwnReach
from wecom.sending import personal

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def company(world, tenant, owner):  # noqa: F811
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 4, 2, 30, 1)
    return Company(plan=plan, tenant=tenant, owner=owner, corp_id=world.app.corp_id, corp=world.corp())


@pytest.fixture
def vendor(world):  # noqa: F811
    made = Vendor(world.vendor.url)
    yield made
    made.http.close()


def test_channels_have_costs_and_live_codes_and_who_comes_by_them_is_theirs(world, company):  # noqa: F811
    codes_make(company)
    world.settle()
    with tenant_scope(world.tenant):
        channels = list(Channel.objects.exclude(kind="partner").order_by("pk"))
        partner = Channel.objects.get(kind="partner")
        groups = {one.pk for one in Group.objects.all()}
        group_codes, codes = list(JoinWay.objects.order_by("pk")), list(ContactWay.objects.order_by("pk"))
    made = SOURCES[: len(world.groups_in_scope())]
    assert [(one.name, one.cost_fen) for one in channels] == [(one.name, one.cost_fen) for one in made]
    assert all(one.target and one.group_id in groups and one.persona for one in channels)
    assert (channels[0].place, bool(partner.partner), bool(partner.partner_fit)) == (
        "xhs", True, True,
    )  # fmt: skip
    assert [one.status for one in [*group_codes, *codes]] == [KeptState.LIVE] * 2 * len(made)
    assert all(one.qr_picture for one in [*group_codes, *codes])

    one, other = world.strangers(2)
    world.act("customer/scan-join-way", config_id=group_codes[0].vendor_id, external_userid=one)
    world.act("customer/scan-contact-way", config_id=codes[-1].vendor_id, external_userid=other)
    world.settle()
    with tenant_scope(world.tenant):
        assert Member.objects.get(userid=one).channel_id == channels[0].pk
        assert Follow.objects.get(customer__external_userid=other).channel_id == channels[-1].pk


def test_who_adds_a_teacher_is_welcomed_with_the_timetable(world, company):  # noqa: F811
    codes_make(company)
    world.settle()
    with tenant_scope(world.tenant):
        way = ContactWay.objects.order_by("pk").last()
        app = App.objects.get()
    assert [part["kind"] for part in app.greeting_parts] == ["image", "link"]
    world.act("customer/scan-contact-way", config_id=way.vendor_id, external_userid=world.strangers(1)[0])
    world.settle()
    with tenant_scope(world.tenant):
        sent = OutboundSend.objects.get(kind="welcome")
    assert (sent.state, [one["msgtype"] for one in sent.payload["attachments"]]) == ("done", ["image"])
    assert "left_out" not in sent.answer
    assert "课表" in sent.payload["text"]


def test_a_group_welcome_is_kept_at_wecom_and_owners_are_asked_to_attach_it(world, company):  # noqa: F811
    template_id = codes_make(company)
    world.settle()
    owners_ask(company, template_id)
    with tenant_scope(world.tenant):
        assert WelcomeTemplate.objects.get(pk=template_id).status == KeptState.LIVE
        items = WorkItem.objects.filter(source_kind="groups.attach_welcome")
        assert {one.group_id for one in items} == {one.pk for one in world.groups}


def test_the_archive_is_on_and_brings_the_talk_of_those_who_agreed(world, company, vendor):  # noqa: F811
    archive_begin(company, vendor)
    people = sorted({who for group in world.ledger()["groups"] for who in group["customers"]})
    refuses, *agree = people
    for who in people:
        world.act("message/consent", external_userid=who, agree=who != refuses)
    said = 0
    for day in (date(2026, 11, number) for number in range(1, 29)):
        said += day_of_talk(company, vendor, day)
        said += sum(talk_answer(company, vendor, day, number) for number in range(TALKING_GROUPS))
    world.settle()
    with tenant_scope(world.tenant):
        consents = dict(ArchiveConsent.objects.values_list("person_id", "state"))
        staff = set(Staff.objects.values_list("userid", flat=True))
        texts = ArchivedMessage.objects.filter(msgtype="text", action="send").exclude(sender_id__in=staff)
        senders = set(texts.values_list("sender_id", flat=True))
        answers = ArchivedMessage.objects.filter(sender_id__in=staff, content__content=TALK[0][2])
        assert answers.exists()
    assert said == 28 * 2 * len(world.groups_in_scope())
    assert consents == {refuses: "disagree"} | dict.fromkeys(agree, "agree")
    assert senders
    assert refuses not in senders


def test_a_colleague_changes_post_and_every_state_of_a_customer_is_there(world, company, vendor):  # noqa: F811
    assert post_changes(company)
    world.settle()
    assert some_refuse(company, vendor) == 3
    world.settle()
    assert ask_once_more(company) == 1
    with tenant_scope(world.tenant):
        states = set(CustomerTransfer.objects.values_list("state", flat=True))
    assert states == {"waiting", "refused", "limit", "queued"}


def test_a_group_agrees_on_a_norm_in_its_chat_and_has_helpers_thanks_and_a_friendly_word(
    world,  # noqa: F811
    company,
    vendor,
):
    archive_begin(company, vendor)
    with tenant_scope(world.tenant):
        Group.objects.update(state="active")
    for who in {one for group in world.ledger()["groups"] for one in group["customers"]}:
        world.act("message/consent", external_userid=who, agree=True)
    assert norms_propose(company) == min(len(PROPOSED), len(world.groups_in_scope()))
    assert norm_answers(company, vendor) > 0
    world.settle()
    with tenant_scope(world.tenant):
        assert NormVoice.objects.filter(told_by="", is_yes=True).exists()  # heard in the chat
    assert culture_grows(company) == 2
    with tenant_scope(world.tenant):
        norm = Norm.objects.get(text=PROPOSED[0][0])
        assert (norm.state, PROPOSED[0][0] in norm.group.welcome) == ("agreed", True)
        assert {one.role for one in Koc.objects.filter(state="helper")} == {"greeter", "answers"}
        assert sorted(Thanks.objects.values_list("state", flat=True)) == ["open", "said"]
        assert set(Violation.objects.filter(group=norm.group).values_list("step", flat=True)) == {
            "kind",
            "warn",
        }


def test_what_colleagues_send_by_themselves_stands_in_the_calendar_and_counts(world, company, vendor):  # noqa: F811
    world.read_all()
    assert day_of_own_sends(company, vendor, OWN_DAYS[0]) == 3
    world.settle()
    with tenant_scope(world.tenant):
        personal.read(tenant_id=world.tenant.pk)
    world.settle()
    with tenant_scope(world.tenant):
        kinds = list(OwnReach.objects.values_list("kind", flat=True))
        assert kinds.count("group") == 1
        assert 0 < kinds.count("single") <= FRIENDS
        assert kinds.count("moment") > 0
        assert {"group_mass", "private_mass", "moments"} == set(
            Exposure.objects.filter(capped=True).values_list("channel", flat=True)
        )
        today = clock.local_date(clock.now(), world.tenant.timezone)
        cells = [
            cell.own_sends
            for band in board_of(tenant=world.tenant, wanted=Wanted(day=today)).bands
            for row in band.rows
            for cell in row.cells
        ]
        assert sum(cells) == 1
