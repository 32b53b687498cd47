"""Whatever the pages of groups and customers list can be taken out as a file (issue 4), and says what the page says."""

import csv
import io
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from console.pages import tenant_url
from contacts.policies.tag_rules import Condition
from groups.enums import IntroState, State
from groups.models import CircleSpell, Introduction, Koc, MemberPass, Norm, NormVoice, Promise
from groups.services.intros import intro_rule_set
from groups.services.invitations import invite
from groups.services.screening import screening_publish, screening_save
from groups.services.thanks import thanks_write
from groups.services.violations import violation_record
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_follow, make_order
from tests.factories.groups import make_member, make_ready_group
from tests.factories.team import make_staff
from tests.groups.test_member_file import signed_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

FIGURES = "figures of one thing; the people behind them open as a list with its file"
STEPS = "the few steps of one thing, not a list"
# Tables of the pages of groups and customers that need no file of their own, with the reason.
NO_FILE = {
    "contacts/_holdings.html": FIGURES,
    "contacts/_import_batch.html": "the first faults of a file that the person holds",
    "contacts/_service.html": "figures; the questions below them are a list with its file",
    "contacts/_transfers.html": "where each customer of one hand-over stands; the hand-over has its workbook",
    "contacts/sku_anchor.html": "prices that were paid; the orders behind them are a list with its file",
    "contacts/survey.html": "its people are a list with its file; above it the same counted by group",
    "groups/_ending.html": STEPS,
    "groups/_names.html": "names that are being made and are nowhere yet",
    "groups/_overlap.html": FIGURES,
    "groups/_results.html": FIGURES,
    "groups/_setup.html": STEPS,
    "groups/_silent.html": "the first rows of the review, which is a list with its file",
    "groups/_six.html": FIGURES,
    "groups/_sizes.html": FIGURES,
    "groups/_week_plan.html": "the week's plan has its file at the weekly table",
    "groups/code.html": FIGURES,
    "groups/matrix.html": "a map of the groups, which are a list with its file",
    "groups/way.html": FIGURES,
}
OFFERS = re.compile(
    r"groups:faq_file|console/_as_file\.html|export='csv'|console/list\.html|console/_filters\.html"
)


def test_every_table_of_groups_and_customers_has_its_file_or_a_reason() -> None:
    root = Path(settings.BASE_DIR) / "templates"
    pages = [one for app in ("groups", "contacts") for one in (root / app).glob("*.html")]
    tables = {
        str(one.relative_to(root)): one.read_text()
        for one in pages
        if '<table class="table q-table' in one.read_text()
    }
    without = {name for name, source in tables.items() if not OFFERS.search(source)}
    assert len(tables) > 15
    assert without - set(NO_FILE) == set()
    assert set(NO_FILE) - set(tables) == set()  # no reason outlives its table


def lines_of(client: Client, url: str, **asked: str) -> list[dict[str, str]]:
    answer = client.get(url, {"export": "csv", **asked})
    assert answer.status_code == 200, url
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def group(tenant):
    """A running super-user group with a breach, a helper, a circle, an introduction, a promise and an invitation."""
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant, name="周岚")
        made = make_ready_group(
            tenant=tenant, kind="super_user", payment_basis="paid", purpose="maintenance", ends_on=None,
            state=State.ACTIVE, owner=owner,
        )  # fmt: skip
        liu = make_customer(tenant=tenant, name="刘女士", app=made.app)
        wang = make_customer(tenant=tenant, name="王先生", app=made.app)
        for one in (liu, wang):
            make_member(group=made, customer=one)
        violation_record(
            tenant=tenant, group_id=made.pk, userid=liu.external_userid, actor=SYSTEM, rule="不发无关广告和链接",
            evidence="加我微信领红包", evidence_url="https://example.com/shot.png",
        )  # fmt: skip
        Koc.objects.create(
            tenant=tenant,
            group=made,
            customer=wang,
            state="helper",
            origin="grown",
            privileges="每月一次专属答疑",
        )
        thanks_write(
            tenant=tenant, group_id=made.pk, customer_id=liu.pk, reason="help", words="谢谢", actor=SYSTEM
        )
        norm = Norm.objects.create(
            tenant=tenant, group=made, customer=wang, text="先说结论", said="链接太多了", state="agreed"
        )
        NormVoice.objects.create(tenant=tenant, norm=norm, customer=liu, is_yes=True, said_at=clock.now())
        intro_rule_set(
            tenant=tenant, group_id=made.pk, template="城市：", pattern="城市-名字", is_on=True, actor=SYSTEM
        )
        Introduction.objects.create(
            tenant=tenant, group=made, userid=liu.external_userid, customer=liu, state=IntroState.DONE,
            said="我在苏州", done_at=clock.now(),
        )  # fmt: skip
        Promise.objects.create(
            tenant=tenant, group=made, text="每晚 20:00 带读", due_at=clock.now(), beneficiary_count=2
        )
    return made


def tab_url(tenant, group, what):
    return tenant_url(tenant, "groups:tab_file", pk=group.pk, what=what)


def offered(client, tenant, group, tab):
    return client.get(tenant_url(tenant, "groups:detail", pk=group.pk), {"tab": tab}).text


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("violations", {"Name": "刘女士", "Rule": "不发无关广告和链接"}),
        ("koc", {"Name": "王先生", "State": "Helper", "Privileges": "每月一次专属答疑"}),
        ("promises", {"Promise": "每晚 20:00 带读", "For": "2"}),
        (
            "norms",
            {
                "Norm": "先说结论",
                "State": "Agreed",
                "Proposed by": "王先生",
                "Agree": "1",
                "Do not agree": "0",
            },
        ),
        ("thanks", {"Name": "刘女士", "For what": "Helped to run the group", "State": "To be said"}),
    ],
)
def test_a_tab_is_taken_out_whole(tenant, group, what, says):
    client = signed_in(tenant, Role.LEADER)
    rows = lines_of(client, tab_url(tenant, group, what))
    assert len(rows) == 1
    assert says.items() <= rows[0].items()
    with tenant_scope(tenant):
        last = AuditEntry.objects.filter(verb="console.list.exported").latest("pk")
    assert last.changes == {"list": [None, f"groups.{what}"], "rows": [None, 1]}


def test_introductions_are_those_of_the_choice_and_words_only_for_who_may_see_them(tenant, group):
    leader = signed_in(tenant, Role.LEADER)
    url = tab_url(tenant, group, "intros")
    told = {row["Name"]: row for row in lines_of(leader, url)}
    assert set(told) == {"刘女士", "王先生"}
    assert (told["刘女士"]["What they said"], told["王先生"]["Introduced at"]) == ("我在苏州", "")
    assert [row["Name"] for row in lines_of(leader, url, who="missing")] == ["王先生"]


def test_the_circle_asked_for_is_the_circle_in_the_file(tenant, group):
    with tenant_scope(tenant):
        today = clock.local_date(clock.now(), tenant.timezone)
        MemberPass.objects.create(tenant=tenant, kind="circles", day=today, finished_at=clock.now())
        for person, circle, days in zip(
            group.members.filter(is_staff=False), ("periphery", "core"), (1, 9), strict=True
        ):
            CircleSpell.objects.create(
                tenant=tenant, group=group, customer=person.customer, circle=circle, from_day=today, active_days=days,
                gave={"answer": 2} if circle == "core" else {},
            )  # fmt: skip
    client = signed_in(tenant, Role.LEADER)
    rows = lines_of(client, tab_url(tenant, group, "circles"))
    assert [(row["Circle"], row["Active days"]) for row in rows] == [("Core circle", "9"), ("Periphery", "1")]
    assert rows[0]["Gave"] == "answered members on 2 days"
    core = lines_of(client, tab_url(tenant, group, "circles"), circle="core")
    assert [row["Name"] for row in core] == [rows[0]["Name"]]


def test_who_qualifies_and_who_was_invited_are_two_files(tenant, group):
    with tenant_scope(tenant):
        asked, waits = (make_customer(tenant=tenant, name=name, app=group.app) for name in ("何静", "陈姐"))
        for one in (asked, waits):
            make_order(tenant=tenant, customer=one)
            make_follow(tenant=tenant, customer=one, staff=group.owner)
        screening_save(
            tenant=tenant, group_id=group.pk, conditions=(Condition("bought", 1),), needs_all=True, words="买过一次",
            benefits="新课先听", actor=SYSTEM,
        )  # fmt: skip
        screening_publish(tenant=tenant, group_id=group.pk, is_public=True, actor=SYSTEM)
        invite(tenant=tenant, group_id=group.pk, customer_ids=[asked.pk], actor=SYSTEM, reason="先请一位")
    client = signed_in(tenant, Role.LEADER)
    invited = lines_of(client, tab_url(tenant, group, "invitations"))
    assert [(row["Customer"], row["Asked by"]) for row in invited] == [("何静", "周岚")]
    qualifies = lines_of(client, tab_url(tenant, group, "candidates"))
    assert [(row["Customer"], row["Friends of"]) for row in qualifies] == [("陈姐", "周岚")]
    assert lines_of(client, tab_url(tenant, group, "candidates"), which="super") == []


@pytest.mark.parametrize("tab", ["violations", "koc", "intros"])
def test_the_tab_offers_its_file_to_who_may_take_it_and_to_nobody_else(tenant, group, tab):
    file = tab_url(tenant, group, tab)
    assert f'{file}?export=xlsx"' in offered(signed_in(tenant, Role.LEADER), tenant, group, tab)
    sales = signed_in(tenant, Role.SALES)
    assert file not in offered(sales, tenant, group, tab)
    assert sales.get(file, {"export": "csv"}).status_code == 403


def test_an_unknown_form_of_a_file_is_not_found(tenant, group):
    client = signed_in(tenant, Role.LEADER)
    assert client.get(tab_url(tenant, group, "koc"), {"export": "exe"}).status_code == 404
    assert client.get(tenant_url(tenant, "contacts:stages"), {"export": "exe"}).status_code == 404


def test_pairs_stages_and_fields_are_files_too(tenant, group):
    with tenant_scope(tenant):
        for name in ("刘悠悠", "刘女士的小号"):
            make_customer(tenant=tenant, name=name, app=group.app, unionid="un-1")
    client = signed_in(tenant, Role.LEADER)
    pair = lines_of(client, tenant_url(tenant, "contacts:same"))
    assert [{row["First record"], row["The other record"]} for row in pair] == [{"刘悠悠", "刘女士的小号"}]
    assert pair[0]["Union id"] == "un-1"
    stages = lines_of(client, tenant_url(tenant, "contacts:stages"))
    assert len(stages) == 7
    assert sum(int(row["People"]) for row in stages) == 4
    of_group = lines_of(client, tenant_url(tenant, "contacts:stages"), group=str(group.pk))
    assert sum(int(row["People"]) for row in of_group) == 2
    page = client.get(tenant_url(tenant, "contacts:stages")).text
    assert 'href="?export=csv"' in page
