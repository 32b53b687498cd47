"""Where nobody knows who sits in a group, page, list and file say so and why: no zero stands for what is unknown."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from console.pages import tenant_url
from groups.enums import State
from groups.models import Group
from groups.policies.known import NO_CHAT, NO_WECOM, NOT_READ, why_nobody_known
from groups.services.glance import glance_refresh
from groups.services.setup import group_plan
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import fill_group, make_group, make_member, make_ready_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def web(tenant):
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def page_of(web, group, query=""):
    return web.get(f"{tenant_url(group.tenant, 'groups:detail', pk=group.pk)}{query}").text


def panels(page):
    """{panel: its words} of the six."""
    found = page[page.index('class="q-six"') :]
    parts = re.findall(r'aria-labelledby="(p\d)">(.*?)</section>', found, re.DOTALL)
    return {key: " ".join(re.sub(r"<[^>]+>", " ", body).split()) for key, body in parts}


@pytest.mark.parametrize(
    ("has_app", "is_linked", "knows", "why"),
    [
        (False, False, False, NO_WECOM),
        (True, False, False, NO_CHAT),
        (True, True, False, NOT_READ),
        (True, True, True, ""),
        (False, True, True, ""),
    ],
)
def test_why_nobody_is_known(has_app, is_linked, knows, why):
    assert why_nobody_known(has_app=has_app, is_linked=is_linked, knows_members=knows) == why


@pytest.mark.parametrize(
    ("connected", "why"),
    [(True, "No chat in WeCom belongs to this group yet"), (False, "WeCom is not connected")],
)
def test_the_six_panels_of_a_group_that_is_in_wecom_not_yet_are_unknown_and_say_why(
    web, tenant, connected, why
):
    with tenant_scope(tenant):
        app = make_app(tenant=tenant) if connected else None
        group = group_plan(tenant=tenant, name="小芽英语启蒙07群", actor=SYSTEM)
        Group.objects.filter(pk=group.pk).update(state=State.ACTIVE, goes_live_at=clock.now())
        if app:
            make_staff(tenant=tenant, app=app)
    page = page_of(web, group)
    found = panels(page)
    assert sorted(found) == ["p1", "p2", "p3", "p4", "p5", "p6"]
    for key, words in found.items():
        assert "–" in words, key
        assert "Unknown: " in words, key
        counted = words.replace("Staff chosen to run it 0", "")
        assert not re.search(r"\d", counted), (key, words)
    assert why in page
    assert "nobody can write yet: there is no chat" in page
    assert "Healthy" not in page
    assert (tenant_url(tenant, "wecom:setup") in page[page.index('id="why-unknown"') :]) is (not connected)
    tab = re.search(r'<a href="\?tab=members"[^>]*>(.*?)</a>', page)
    assert tab
    assert tab[1].strip() == "Members"
    assert "Not known yet: no chat in WeCom belongs to this group." in page_of(web, group, "?tab=members")


def test_staff_chosen_for_a_group_to_be_stand_where_its_staff_will(web, tenant):
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        lin, he = (make_staff(tenant=tenant, app=app, name=name) for name in ("林晓", "何静"))
        group = group_plan(tenant=tenant, name="小芽英语启蒙07群", actor=SYSTEM, leader_id=he.pk)
        group.answers.filter(question="management").update(answer={"crew": [he.pk, lin.pk]})
    page = page_of(web, group)
    crew = page[page.index('id="r-crew"') :]
    crew = re.sub(r"<[^>]+>", " ", crew[: crew.index("</section>")])
    assert re.search(r"何静\s+owner to be.*林晓\s+chosen", crew, re.DOTALL)
    readiness = tenant_url(tenant, "groups:readiness", pk=group.pk)
    assert f'href="{readiness}#management">2</a>' in page
    assert "?tab=members&amp;which=staff" not in page


def test_a_chat_that_was_never_read_is_unknown_until_it_is(web, tenant):
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, state=State.ACTIVE, synced_at=None, members_as_of=None)
    page = page_of(web, group)
    assert "its member list has not been read yet" in page
    assert not any(re.search(r"\d", words) for words in panels(page).values())
    assert "has not been read from WeCom" in page_of(web, group, "?tab=members")
    with tenant_scope(tenant):
        Group.objects.filter(pk=group.pk).update(synced_at=clock.now())
    read = panels(page_of(web, group))
    assert "Customers · staff 0 · 0" in read["p1"]
    with tenant_scope(tenant):  # an event has told of somebody before anything was read
        Group.objects.filter(pk=group.pk).update(synced_at=None)
        make_member(group=group, customer=make_customers(tenant=tenant, count=1)[0])
    assert "Customers · staff 1 · 0" in panels(page_of(web, group))["p1"]


def test_what_no_system_ever_told_is_a_dash_and_what_one_told_is_a_figure(web, tenant, frozen):
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        group = make_ready_group(tenant=tenant, state=State.ACTIVE)
        fill_group(group=group, customers=people[:2])
    before = panels(page_of(web, group))
    assert "Finished a lesson –" in before["p5"]
    assert "Viewed tracked content 0 people" in before["p5"]  # our own links tell: none is none
    assert before["p5"].startswith("Dynamics tracked links, shop, courses – people joined an activity")
    assert "so it is unknown, not zero" in before["p5"]
    assert re.search(r"Paying – – –", before["p2"])
    assert "no order has ever come in" in before["p2"]
    assert "Participation rate –" in before["p3"]
    with tenant_scope(tenant):  # of somebody in another group: the systems are there
        make_behaviour(
            tenant=tenant, customer=people[2], kind="lesson", occurred_at=frozen.moment - timedelta(days=40)
        )
        make_order(tenant=tenant, customer=people[2], ordered_at=frozen.moment - timedelta(days=40))
    after = panels(page_of(web, group))
    assert "Finished a lesson 0 people" in after["p5"]
    assert "Checked in –" in after["p5"]
    assert "Dynamics tracked links, shop, courses 0 people joined" in after["p5"]
    assert re.search(r"Paying 0 0 0", after["p2"])
    assert "no order has ever come in" not in after["p2"]
    assert "Participation rate 0 / 2" in after["p3"]


def test_list_file_and_size_leave_out_what_nobody_counted(web, tenant):
    with tenant_scope(tenant):
        seated = make_ready_group(tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙01群")
        fill_group(group=seated, customers=make_customers(tenant=tenant, count=2))
        to_be = make_ready_group(tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙02群")
        crew = list(to_be.members.values_list("staff_id", flat=True))
        to_be.members.all().delete()
        to_be.answers.filter(question="management").update(answer={"duties": "林晓审进群", "crew": crew})
        Group.objects.filter(pk=to_be.pk).update(
            chat_id="", planned_name=to_be.name, synced_at=None, staff_count=0
        )
        glance_refresh(tenant=tenant, group_ids=[to_be.pk])
    target = tenant_url(tenant, "groups:list")
    lines = b"".join(web.get(f"{target}?export=csv").streaming_content).decode("utf-8-sig").splitlines()
    place = lines[0].split(",").index("Members / target")
    members = {line.split(",")[0]: line.split(",")[place] for line in lines[1:]}
    assert members == {"小芽英语启蒙01群": "5", "小芽英语启蒙02群": ""}
    small = web.get(f"{target}?size=s", headers={"hx-request": "true"}).text
    assert ("小芽英语启蒙01群" in small, "小芽英语启蒙02群" in small) == (True, False)
    rows = web.get(target, headers={"hx-request": "true"}).text
    row = rows[rows.rindex("小芽英语启蒙02群") :]
    assert row.count("not in WeCom yet") >= 2  # members and activity
    assert "no customers" not in row
    assert "See what is left" in row
    assert "Healthy" not in row
    on_map = web.get(tenant_url(tenant, "groups:matrix")).text
    for name, seats in (("小芽英语启蒙01群", "2"), ("小芽英语启蒙02群", "–")):
        assert f'{name}</a> <span class="q-3rd q-num">{seats}</span>' in on_map


def test_who_can_choose_no_staff_is_led_to_where_they_come_from(web, tenant):
    with tenant_scope(tenant):
        group = group_plan(tenant=tenant, name="小芽英语启蒙07群", actor=SYSTEM)
    page = web.get(tenant_url(tenant, "groups:readiness", pk=group.pk)).text
    asked = page[page.index("Who will be in it") :]
    assert tenant_url(tenant, "wecom:setup") in asked[: asked.index("</fieldset>")]


def test_ids_that_cannot_be_are_nobody_and_break_nothing(web, tenant):
    huge = "9" * 40
    with tenant_scope(tenant):
        group = make_ready_group(tenant=tenant, state=State.ACTIVE)
    asked = {
        web.get(f"{tenant_url(tenant, 'groups:names')}?pick={huge}").status_code,
        web.get(f"{tenant_url(tenant, 'groups:name_check')}?name=x&apart={huge}").status_code,
        web.get(f"{tenant_url(tenant, 'groups:code_new')}?group={huge}&channel={huge}").status_code,
        web.get(f"{tenant_url(tenant, 'groups:detail', pk=group.pk)}?days={'9' * 5000}").status_code,
        web.get(f"{tenant_url(tenant, 'groups:plan')}?after={huge}").status_code,
        web.post(
            tenant_url(tenant, "groups:silent_decide", decision="keep"), {"pick": huge}, follow=True
        ).status_code,
    }
    assert asked == {200}
    bulk = tenant_url(tenant, "groups:bulk", verb="freeze")
    assert web.post(bulk, {"pick": huge, "decided": "1", "reason": "x"}).status_code == 302
    with tenant_scope(tenant):
        assert not Group.objects.filter(frozen_at__isnull=False).exists()
