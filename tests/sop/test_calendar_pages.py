"""The calendar in the console: its page, drag, ledger, file, re-planning (R50)."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from sop.enums import TouchState
from sop.models import Touch
from sop.selectors.lanes import Bar, lanes_of, register_lane
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import fill_group, make_group
from tests.sop.boards import MONDAY, Make, at, beside, blocked, planned, rows, sharing_group
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def ask(client: Client, frozen: MovableClock) -> Callable[..., Any]:
    """ask(made, "/sop/calendar/") as the owner, in English; outside the tenant's scope."""
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))

    def send(made: Camp, path: str, post: dict[str, Any] | None = None, htmx: bool = False) -> Any:
        url, headers = f"/t/{made.tenant.slug}{path}", {"HX-Request": "true"} if htmx else {}
        return client.get(url, headers=headers) if post is None else client.post(url, post, headers=headers)

    return send


@pytest.mark.parametrize("limit", ["sop.selectors.board_away.MOST", "groups.selectors.sharing.MOST_PAIRS"])
def test_the_page_says_that_not_every_clash_is_shown(
    camp: Make, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    made = planned(camp, {"at": time(10, 0)})
    for name in ("拼读01群", "拼读02群"):
        other = sharing_group(made, made.people[0][0], name=name)
        beside(made, other, {"at": time(10, 30)})
    word, page = (
        "share people with very many others",
        f"/sop/calendar/?week={MONDAY}&only={made.groups[0].pk}",
    )
    for most, is_told in ((2, False), (1, True)):
        monkeypatch.setattr(limit, most)
        assert (word in ask(made, page).content.decode()) is is_told
        (row,) = rows(made, group_id=made.groups[0].pk)
        assert len(row.cells[0].clashes) == most


def test_a_crowded_lane_shows_what_began_last_and_opens_whole(
    camp: Make, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planned(camp, {"at": time(10, 0)})
    monkeypatch.setattr("sop.selectors.lanes._lanes", {})
    bars = [
        Bar(MONDAY - timedelta(days=40 - n), MONDAY + timedelta(days=9), f"暴雷{n}", "snowflake")
        for n in range(40)
    ]
    register_lane(key="bad", label="暴雷处置", source=lambda *, tenant, first, last: bars)
    short = [
        Bar(MONDAY + timedelta(days=n % 7), MONDAY + timedelta(days=n % 7), f"拼团{n}", "gift")
        for n in range(42)
    ]
    register_lane(key="plays", label="拼团", source=lambda *, tenant, first, last: short)
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    bad, plays = lanes_of(tenant=made.tenant, days=days)
    assert [bar.label for bar in bad.bars] == [f"暴雷{n}" for n in range(34, 40)]
    assert (len(bad.lines), bad.more, len(plays.lines), plays.more) == (6, 34, 6, 0)
    page = ask(made, f"/sop/calendar/?week={MONDAY}").content.decode()
    assert "暴雷39" in page
    assert "暴雷0<" not in page
    assert f'href="?week={MONDAY}&amp;lane=bad"' in page
    assert ">34 more<" in page
    whole = ask(made, f"/sop/calendar/?week={MONDAY}&lane=bad").content.decode()
    assert "暴雷0<" in whole
    assert "lane=bad" not in whole.split("<tbody>")[1].split("data-group")[0]


def test_the_page_says_all_of_it_and_its_queries_do_not_grow(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "早安"}, {"at": time(23, 0)}, groups=3)
    counts = []
    for groups in (3, 30):
        while Group.objects.filter(tenant=made.tenant).count() < groups:
            number = Group.objects.count()
            more = make_group(
                tenant=made.tenant, app=made.groups[0].app, owner=made.staff, state="active",
                name=f"启蒙{number + 1:02d}群", kind="new_user",
            )  # fmt: skip
            fill_group(group=more, customers=made.people[0], staff=[made.staff])
            beside(made, more, {"at": time(10, 0)})
        cache.clear()  # what is remembered, the session too, may be forgotten at any moment
        with CaptureQueriesContext(connection) as asked:
            page = ask(made, "/sop/calendar/")
        assert page.status_code == 200
        assert page.content.decode().count('<tr data-group="') == groups
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert counts[1] <= 25
    text = page.content.decode()
    assert "早安" in text
    assert "Quiet hours 22:00–08:00" in text
    assert "Women&#x27;s Day" in text


def test_an_empty_week_teaches(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(10, 0)})
    text = ask(made, "/sop/calendar/?week=2027-03-01").content.decode()
    assert "Nothing is planned for this week" in text
    assert "No group fits" in ask(made, "/sop/calendar/?q=zzz").content.decode()


def test_drag_keys_form_and_undo_by_the_page(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "早安"})
    touch = Touch.objects.get()
    path = f"/sop/calendar/touches/{touch.pk}/"
    dragged = ask(made, path, post={"day": "2026-03-04"}, htmx=True)
    assert dragged.status_code == 204
    assert "q:calendar-changed" in dragged.headers["HX-Trigger"]
    touch.refresh_from_db()
    assert touch.due_at == at(2, 10)
    undo = dragged.headers["HX-Trigger"].split('"undo": "')[1].split('"')[0]
    assert ask(made, undo.removeprefix(f"/t/{made.tenant.slug}"), post={}).status_code == 302
    touch.refresh_from_db()
    assert touch.due_at == at(0, 10)
    assert ask(made, path, post={"shift": "later"}, htmx=True).status_code == 204
    assert ask(made, path, post={"shift": "day_after"}, htmx=True).status_code == 204
    touch.refresh_from_db()
    assert touch.due_at == at(1, 10, 30)
    assert ask(made, path, post={"due_at": "2026-03-05T18:00"}, htmx=True).status_code == 204
    touch.refresh_from_db()
    assert touch.due_at == at(3, 18)
    refused = ask(made, path, post={"due_at": "2026-03-05T23:00"}, htmx=True)
    assert (refused.status_code, "QUIET-01" in refused.content.decode()) == (409, True)
    assert ask(made, "/sop/calendar/back/?what=forged", post={}).status_code == 404


def test_the_ledger_of_a_cell_and_the_file_of_the_week(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "早安"}, {"at": time(12, 0), "day": 2, "title": "干货"})
    beside(made, made.groups[0], {"at": time(10, 20), "title": "加播"})
    ledger = ask(
        made, f"/sop/calendar/groups/{made.groups[0].pk}/?day=2026-03-02", htmx=True
    ).content.decode()
    assert ("早安" in ledger, "加播" in ledger, "干货" in ledger) == (True, True, False)
    docked = ask(made, f"/sop/calendar/?group={made.groups[0].pk}&day=2026-03-03").content.decode()
    assert 'id="ledger"' in docked
    lines = b"".join(ask(made, "/sop/calendar/?export=csv").streaming_content).decode().splitlines()
    assert len(lines) == 4
    assert "CLASH-01" in lines[1]
    assert "干货" in lines[3]


def test_the_ledger_reminds_of_what_somebody_has_not_done_yet(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(10, 0), "title": "早安"}, {"at": time(18, 0), "title": "晚安"})
    with tenant_scope(made.tenant):
        waits, coming = Touch.objects.filter(group=made.groups[0]).order_by("due_at")
        staff = made.groups[0].owner
        Touch.objects.filter(pk=waits.pk).update(state=TouchState.HANDED, handed_at=waits.due_at, staff=staff)
    ledger = ask(
        made, f"/sop/calendar/groups/{made.groups[0].pk}/?day=2026-03-02", htmx=True
    ).content.decode()
    assert f"/sop/touches/{waits.pk}/remind/" in ledger
    assert f"/sop/touches/{coming.pk}/remind/" not in ledger


def test_the_blocked_are_offered_in_the_drawer_and_put_in_force(camp: Make, ask: Callable[..., Any]) -> None:
    made = planned(camp, {"at": time(22, 30), "title": "加播"})
    touch = blocked(made, "QUIET-01")[0]
    assert "Re-plan the blocked one" in ask(made, "/sop/calendar/").content.decode()
    drawer = ask(made, "/sop/calendar/replan/", htmx=True).content.decode()
    mark = drawer.split('name="mark" value="')[1].split('"')[0]
    assert "21:30" in drawer
    assert ask(made, "/sop/calendar/replan/", post={"mark": "old"}).status_code == 409
    assert ask(made, "/sop/calendar/replan/", post={"mark": mark}).status_code == 302
    with tenant_scope(made.tenant):
        touch.refresh_from_db()
        assert (touch.state, touch.due_at) == (TouchState.PLANNED, at(0, 21, 30))
