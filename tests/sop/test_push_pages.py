"""The pages of the weekly push table and the topic bank; who is told of weeks that lack something (R61, R65)."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.services.stars import StarWish, star_set
from contacts.models import Behaviour
from content.services.library import About, Said, material_ask, material_decide, material_save
from content.services.proofs import ProofWish, proof_material, proof_save, proof_withdraw
from groups.models import Group
from groups.services.week_alerts import next_week_due, week_alerts_bring_up
from groups.services.week_exempt import week_exempt_set
from sop.enums import TouchState
from sop.models import PushSlot, Run, Topic, TopicUse, Touch
from sop.policies.push import PLACES
from sop.selectors.topics import builtin_topics, openers, topics_ranked
from sop.services.push import SlotWish, default_save, slot_put
from sop.services.push_confirm import week_confirm
from sop.services.push_pick import material_put_in_slot, topic_put_in_slot
from sop.services.topics import opener_mark, topic_archive, topic_save, topics_take
from team.models import Staff, WorkItem
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.models import Preference, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customers, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from wecom.models import ArchiveCursor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
NEXT = date(2026, 3, 9)


@pytest.fixture
def group(tenant: Tenant, frozen: MovableClock) -> Group:
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        made = make_group(tenant=tenant, app=app, owner=lin, state="active", kind="new_user", name="启蒙01群")
        return fill_group(group=made, customers=make_customers(tenant=tenant, count=3, app=app), staff=[lin])


@pytest.fixture
def page(client: Client, tenant: Tenant, frozen: MovableClock) -> Callable[..., Any]:
    """page("/library/week/") signed in as the owner; page(..., post={...}) to send a form."""
    client.force_login(User.objects.get(email="lin@example.com"))

    def ask(path: str, post: dict[str, Any] | None = None, htmx: bool = False) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        url = f"/t/{tenant.slug}{path}"
        return (
            client.post(url, post, headers=headers) if post is not None else client.get(url, headers=headers)
        )

    return ask


def put(group: Group, place: tuple[int, str], title: str, monday: date = NEXT, kind: str = "value") -> None:
    slot_put(
        tenant=group.tenant, group_id=group.pk, monday=monday, place=place, actor=SYSTEM,
        wish=SlotWish(content_type=kind, title=title, text="今晚见。"),
    )  # fmt: skip


def test_the_page_asks_little_of_the_database_whatever_stands_in_the_week(
    page: Callable[..., Any], group: Group, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        for place in PLACES:
            put(group, place, "甲")
        week_confirm(tenant=tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
    page("/library/week/")
    with CaptureQueriesContext(connection) as asked:
        answer = page(f"/library/week/?group={group.pk}")
    assert answer.status_code == 200
    assert len(asked) <= 25


def test_a_week_says_how_it_serves_the_north_star_when_it_is_first_confirmed(
    page: Callable[..., Any], group: Group, tenant: Tenant, owner: Actor
) -> None:
    confirm = f"/library/week/{group.pk}/confirm/"
    with tenant_scope(tenant):
        for place in PLACES:
            put(group, place, "甲")
        wish = StarWish(
            scope="company", place=0, metric="day_active", target=100, starts_on=date(2026, 3, 1),
            ends_on=date(2026, 3, 31),
        )  # fmt: skip
        star_set(tenant=tenant, wish=wish, actor=owner)
    assert 'name="serves"' in page(f"/library/week/?group={group.pk}").text

    refused = page(confirm, {"week": NEXT.isoformat(), "serves": " "})
    page(confirm, {"week": NEXT.isoformat(), "serves": "每天一件小事，让人回来看"})

    assert "STAR-04" in refused.text
    shown = page(f"/library/week/?group={group.pk}").text
    assert "每天一件小事，让人回来看" in shown
    with tenant_scope(tenant):
        put(group, PLACES[0], "乙")
    page(confirm, {"week": NEXT.isoformat()})  # an edit of a confirmed week is not asked again
    with tenant_scope(tenant):
        assert Run.objects.get().version.steps.filter(title="乙").exists()


@pytest.mark.parametrize("count", [1, 12])
def test_a_filled_library_costs_the_page_of_a_week_no_statements(
    page: Callable[..., Any], group: Group, tenant: Tenant, count: int
) -> None:
    """Texts, and testimonials of which one may not be shown any more; the week shows both; another group recurs."""
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, name="王小雨")
        proofs = []
        for number in range(count):
            said = Said(kind="value", title=f"素材{number}", text="今天 {群名} 打卡")
            row = material_save(tenant=tenant, said=said, about=About(), actor=SYSTEM)
            material_ask(tenant=tenant, material_id=row.pk, actor=SYSTEM)
            material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=SYSTEM)
            wish = ProofWish(
                kind="testimonial", title=f"三个月{number}", text=f"第{number}位妈妈：孩子自己会开口读了",
                scope="groups", customer_id=person.pk,
                order_id=make_order(tenant=tenant, customer=person).pk, name_shown="none", permitted=True,
                permitted_until=None, permission_note="截图",
            )  # fmt: skip
            proofs.append(proof_save(tenant=tenant, wish=wish, actor=SYSTEM))
            made = proof_material(tenant=tenant, proof_id=proofs[-1].pk, actor=SYSTEM)
            if made.edition == 0:
                material_ask(tenant=tenant, material_id=made.pk, actor=SYSTEM)
                material_decide(
                    tenant=tenant, material_id=made.pk, revision=1, is_approved=True, actor=SYSTEM
                )
        for place in PLACES:
            put(group, place, "甲")
        default_save(tenant=tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
        slot_put(
            tenant=tenant, group_id=group.pk, monday=NEXT, place=(2, "noon"), actor=SYSTEM,
            wish=SlotWish(content_type="value", title="听听", text=proofs[0].text),
        )  # fmt: skip
        material_put_in_slot(
            tenant=tenant, group_id=group.pk, monday=NEXT, place=(3, "noon"), material_id=row.pk, actor=SYSTEM
        )
        week_confirm(tenant=tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
        proof_withdraw(tenant=tenant, proof_id=proofs[0].pk, reason="不想展示", actor=SYSTEM)
    page("/library/week/")
    with CaptureQueriesContext(connection) as asked:
        answer = page(f"/library/week/?group={group.pk}")
    offered = answer.context["materials"]
    assert len(offered) == min(12, 2 * count - 1)
    assert {one.last for one in offered} == ({NEXT} if count == 1 else {None})
    assert "三个月0" not in {one.material.title for one in offered}
    assert any(one.code == "PROOF-06" for one in answer.context["grid"].judged.findings)
    assert answer.context["grid"].has_default
    assert len(asked) <= 21, "\n".join(one["sql"][:90] for one in asked.captured_queries)
    with CaptureQueriesContext(connection) as asked:
        page("/library/week/?week=2026-03-16")
    assert len(asked) <= 21


def test_a_group_with_a_past_has_a_page_too(page: Callable[..., Any], group: Group, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        for place in PLACES:
            put(group, place, "甲")
        week_confirm(tenant=tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
        Touch.objects.update(state="confirmed", planned_at=clock.now())
    answer = page(f"/library/week/?group={group.pk}")
    assert answer.status_code == 200
    assert answer.context["grid"].before


@pytest.mark.parametrize("count", [3, 70])
def test_many_groups_stand_beside_each_other_in_the_same_statements(
    page: Callable[..., Any], group: Group, tenant: Tenant, count: int
) -> None:
    with tenant_scope(tenant):
        for number in range(count):
            other = make_group(tenant=tenant, app=group.app, owner=group.owner, name=f"启蒙{number + 2:02}群")
            put(other, (2, "noon"), "甲")
    page("/library/week/")
    with CaptureQueriesContext(connection) as asked:
        answer = page(f"/library/week/?group={group.pk}")
    assert len(asked) <= 25
    beside = answer.context["across"]
    assert len(beside) == min(count + 1, 60)
    assert [row.filled for row in beside[:2]] == [0, 1]
    assert beside[1].days[1][1][0] == "value"
    assert {one.name: filled for one, filled in answer.context["every"]}["启蒙02群"] == 1


def test_a_drag_answers_with_the_grid_and_a_way_back(
    page: Callable[..., Any], group: Group, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        put(group, (1, "noon"), "甲")
    url = f"/library/week/{group.pk}/move/"
    answer = page(url, {"week": NEXT.isoformat(), "source": "1-noon", "target": "2-evening"}, htmx=True)
    assert answer.status_code == 200
    assert "undo" in answer["HX-Trigger"]
    with tenant_scope(tenant):
        assert PushSlot.objects.get().number == 2


def test_an_exported_title_never_becomes_a_formula(
    page: Callable[..., Any], group: Group, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        put(group, (1, "noon"), "=HYPERLINK(1)")
    answer = page(f"/library/week/?group={group.pk}&week={NEXT.isoformat()}&export=csv")
    text = b"".join(answer.streaming_content).decode()
    assert ",'=HYPERLINK(1)," in text
    assert len(text.strip().splitlines()) == 1 + len(PLACES)
    book = page(f"/library/week/?group={group.pk}&week={NEXT.isoformat()}&export=xlsx")
    assert book["Content-Type"].startswith("application/vnd.openxmlformats")


def test_another_companys_group_is_not_found(
    page: Callable[..., Any], group: Group, other_tenant: Tenant
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant, app=make_app(tenant=other_tenant), state="active")
    assert page(f"/library/week/?group={foreign.pk}").status_code == 404
    url = f"/library/week/{foreign.pk}/clear/"
    assert page(url, {"week": NEXT.isoformat(), "place": "1-noon"}).status_code == 404


def asked(group: Group) -> list[tuple[int | None, str, str]]:
    rows = WorkItem.objects.filter(source_kind="groups.week", group_id=group.pk)
    return list(rows.values_list("staff_id", "state", "bucket"))


def test_an_incomplete_week_is_told_to_the_owner_then_to_everybody_and_closes_by_itself(
    group: Group, tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        due = clock.at_local(date(2026, 3, 6), time(18), tenant.timezone)
        frozen.set(due + timedelta(minutes=1))
        assert next_week_due(tenant=tenant) == (NEXT, due)
        week_alerts_bring_up(tenant=tenant)
        assert asked(group) == [(group.owner_id, "open", "remind")]
        assert f"group={group.pk}" in WorkItem.objects.get(source_kind="groups.week").url
        frozen.set(due + timedelta(hours=15))
        week_alerts_bring_up(tenant=tenant)
        assert asked(group) == [(None, "open", "must")]
        for place in PLACES:
            put(group, place, "甲")
        week_confirm(tenant=tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
        week_alerts_bring_up(tenant=tenant)
        assert [state for _who, state, _bucket in asked(group)] == ["done"]


@pytest.mark.parametrize(
    ("setting", "at", "asks"),
    [
        ({}, (6, 17, 59), False),
        ({}, (6, 18, 0), True),
        ({"groups.week_due_day": 4, "groups.week_due_at": "12:30"}, (5, 12, 29), False),
        ({"groups.week_due_day": 4, "groups.week_due_at": "12:30"}, (5, 12, 30), True),
    ],
)
def test_the_next_week_is_asked_for_on_friday_at_six_or_when_the_company_says_and_no_minute_before(
    group: Group,
    tenant: Tenant,
    frozen: MovableClock,
    setting: dict[str, Any],
    at: tuple[int, int, int],
    asks: bool,
) -> None:
    day, hour, minute = at
    with tenant_scope(tenant):
        for key, value in setting.items():
            Preference.objects.create(tenant=tenant, key=key, value=value)
        frozen.set(clock.at_local(date(2026, 3, day), time(hour, minute), tenant.timezone))
        week_alerts_bring_up(tenant=tenant)
        assert asked(group) == ([(group.owner_id, "open", "remind")] if asks else [])


def test_a_group_freed_with_a_reason_is_not_asked_for_a_week(
    group: Group, tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        frozen.set(clock.at_local(date(2026, 3, 7), time(9), tenant.timezone))
        week_alerts_bring_up(tenant=tenant)
        week_exempt_set(tenant=tenant, group_id=group.pk, reason="结营只留答疑", actor=SYSTEM)
        assert [state for _who, state, _bucket in asked(group)] == ["done"]
        week_exempt_set(tenant=tenant, group_id=group.pk, reason="", actor=SYSTEM)
        assert [state for _who, state, _bucket in asked(group)] == ["open"]


def used(group: Group, topic: Topic, place: tuple[int, str]) -> Touch:
    put(group, (place[0], "morning"), "甲")
    topic_put_in_slot(
        tenant=group.tenant, group_id=group.pk, monday=NEXT, place=place, topic_id=topic.pk, actor=SYSTEM
    )
    for number in range(1, 8):
        put(group, (number, "morning"), "甲")
    week_confirm(tenant=group.tenant, group_id=group.pk, monday=NEXT, actor=SYSTEM)
    touch = TopicUse.objects.get(topic=topic).touch
    touch.state, touch.done_at, touch.recipients_count = TouchState.CONFIRMED, touch.planned_at, 3
    touch.save()
    return touch


def say(group: Group, customer: Any, at: Any, number: int) -> None:
    Behaviour.objects.create(
        tenant=group.tenant, source="test", event_id=f"m{number}", kind="message", customer=customer, group=group,
        occurred_at=at,
    )  # fmt: skip


def test_a_topic_counts_customers_who_answer_in_time_not_their_messages(
    group: Group, tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        topics_take(tenant=tenant, actor=SYSTEM)
        topic = Topic.objects.order_by("pk").first()
        assert topic is not None
        touch = used(group, topic, (1, "noon"))
        first, second, third = [one.customer for one in group.members.filter(is_staff=False).order_by("pk")]
        for number, (who, hours) in enumerate(
            [(first, 1), (first, 2), (second, 0), (third, 24), (third, 25)]
        ):
            say(group, who, touch.done_at + timedelta(hours=hours), number)
        beside = make_group(tenant=tenant, app=group.app, owner=group.owner)
        say(beside, third, touch.done_at + timedelta(hours=1), 9)
        frozen.set(touch.done_at + timedelta(hours=23))
        (open_one,) = [one.result for one in topics_ranked(tenant=tenant) if one.result.waiting]
        assert (open_one.uses, open_one.groups, open_one.waiting) == (0, 0, 1)
        frozen.set(touch.done_at + timedelta(hours=26))
        best = topics_ranked(tenant=tenant)[0]
        assert (best.result.uses, best.result.asked, best.result.answered) == (
            1,
            3,
            None,
        )  # nobody sees messages
        ArchiveCursor.objects.create(tenant=tenant, app=group.app, state="running")
        best = topics_ranked(tenant=tenant)[0]
        assert (best.topic.pk, best.result.answered, best.result.share) == (topic.pk, 2, 2 / 3)


def test_topics_for_any_group_are_offered_to_each_kind_and_who_left_opens_none(
    group: Group, tenant: Tenant
) -> None:
    with tenant_scope(tenant):
        for title, kind in (("都行", ""), ("新人", "new_user"), ("交付", "delivery")):
            topic_save(
                tenant=tenant,
                topic_id=None,
                title=title,
                text="聊聊",
                group_kind=kind,
                opener_id=None,
                actor=SYSTEM,
            )
        assert {one.topic.title for one in topics_ranked(tenant=tenant, kind="new_user")} == {"都行", "新人"}
        stays, goes = [
            make_staff(tenant=tenant, app=group.app, userid=name, name=name) for name in ("a1", "a2")
        ]
        for one in (stays, goes):
            opener_mark(tenant=tenant, staff_id=one.pk, is_opener=True, actor=SYSTEM)
        Staff.objects.filter(pk=goes.pk).update(is_active=False)
        assert openers(tenant_id=tenant.pk) == [stays]


def test_the_ready_topics_are_taken_once_and_one_taken_out_stays_out(
    page: Callable[..., Any], tenant: Tenant, frozen: MovableClock
) -> None:
    assert "topics/take/" in page("/library/topics/").content.decode()
    assert page("/library/topics/take/", {}).status_code == 302
    assert "topics/take/" not in page("/library/topics/").content.decode()
    with tenant_scope(tenant):
        assert Topic.objects.count() == len(builtin_topics()) >= 36
        gone = Topic.objects.order_by("pk").first()
        assert gone is not None
        topic_archive(tenant=tenant, topic_id=gone.pk, is_archived=True, actor=SYSTEM)
        assert topics_take(tenant=tenant, actor=SYSTEM) == 0
    assert gone.title not in page("/library/topics/").content.decode()
