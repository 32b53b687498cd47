"""Check-ins on a member's phone and in the console (R86)."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from campaigns.models import Campaign, CheckIn, CheckInPlan, Entry
from campaigns.selectors.checkins import checkin_token
from campaigns.selectors.pages import page_path
from campaigns.services.life import campaign_end, campaign_start
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.checkins import check_in, make_checkin, today_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _phone(played: Played, number: int = 0) -> Client:
    return phone_of(played.group.app, external=played.people[number].external_userid)


def _home(played: Played) -> str:
    return page_path(checkin_token(Campaign.objects.get(pk=played.campaign.pk)))


def test_a_member_checks_in_with_a_tap_and_sees_what_it_gave_and_what_comes_next(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    phone, home = _phone(played), _home(played)
    text = phone.get(home).text
    assert "跟读第 1 页" in text
    assert "再打 5 天" in text
    assert "不收费，不要求转发。" in text
    today = today_of(scope).isoformat()
    sent = phone.post(home, {"day": today})
    assert (sent.status_code, sent["Location"]) == (302, f"{home}?done=1")
    after = phone.get(sent["Location"]).text
    assert "连续 1 天" in after
    assert "再打 4 天" in after
    assert 'name="day" value="' + today not in after
    assert phone.post(home, {"day": today}).status_code == 302
    assert CheckIn.objects.count() == 1
    frozen.move(days=1)
    phone = _phone(played)  # WeCom's sign-in lasts a day
    tomorrow = phone.get(home).text
    assert "跟读第 2 页" in tomorrow
    assert phone.post(home, {"day": today}).status_code == 302  # yesterday's form again: it is that day's
    assert phone.post(home, {"day": (today_of(scope) - timedelta(days=9)).isoformat()}).status_code == 409
    assert CheckIn.objects.count() == 1


def test_a_missed_day_is_made_up_with_a_tap_and_the_calendar_says_so(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    home = _home(played)
    check_in(scope, played, played.people[0].pk)
    frozen.move(days=2)
    phone = _phone(played)
    missed = (today_of(scope) - timedelta(days=1)).isoformat()
    assert f'value="{missed}"' in phone.get(home).text
    sent = phone.post(home, {"act": "make-up", "day": missed})
    assert sent["Location"] == f"{home}?made=1"
    after = phone.get(home).text
    assert after.count('class="is-made"') == 1
    assert f'value="{missed}"' not in after
    refused = phone.post(home, {"act": "make-up", "day": today_of(scope).isoformat()})
    assert (refused.status_code, "补签卡" in refused.text) == (409, True)


@pytest.mark.parametrize("bad", ["", "2026-13-01", "../etc", "9" * 40, "2026-11-2<", "0001-01-01"])
def test_a_day_that_is_none_is_refused_and_nothing_is_written(scope: Tenant, owner: Actor, bad: str) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    phone, home = _phone(played), _home(played)
    for act in ("", "make-up"):
        assert phone.post(home, {"day": bad, "act": act}).status_code in (409, 422)
    assert phone.get(f"{home}?month={bad}").status_code == 200
    assert not CheckIn.objects.exists()


def test_words_are_asked_for_and_what_was_typed_stays_when_they_are_refused(
    scope: Tenant, owner: Actor
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": "link"})
    phone, home = _phone(played), _home(played)
    today = today_of(scope).isoformat()
    refused = phone.post(home, {"day": today, "proof": "javascript:alert(1)"})
    assert refused.status_code == 422
    assert "javascript:alert(1)" in refused.text
    assert phone.post(home, {"day": today, "proof": "https://example.com/读书.jpg"}).status_code == 302
    assert CheckIn.objects.get().proof == "https://example.com/读书.jpg"


def test_strangers_staff_and_outsiders_check_nothing_in(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    home, today = _home(played), today_of(scope).isoformat()
    for who in (
        {"external": ""},
        {"staff": "linxiao"},
        {"external": "wm-unknown"},
        {"external": "", "agent": "curl"},
    ):
        assert phone_of(played.group.app, **who).post(home, {"day": today}).status_code == 409
    assert not CheckIn.objects.exists()


def test_the_statement_says_what_each_point_was_for(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"streak_days": 2})
    phone, home = _phone(played), _home(played)
    assert "还没有积分" in phone.get(f"{home}points/").text
    check_in(scope, played, played.people[0].pk)
    frozen.move(days=1)
    check_in(scope, played, played.people[0].pk)
    text = _phone(played).get(f"{home}points/").text
    assert "20 积分" in text
    assert text.count("+5") == 2
    assert "+10" in text
    assert "连续打卡" in text
    assert "20 积分" not in _phone(played, 1).get(f"{home}points/").text


def test_after_the_end_the_days_stand_and_nobody_adds_one(scope: Tenant, owner: Actor) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    phone, home = _phone(played), _home(played)
    check_in(scope, played, played.people[0].pk)
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, reason="完", actor=owner)
    text = phone.get(home).text
    assert 'class="is-done"' in text
    assert 'name="day"' not in text
    assert phone.post(home, {"day": today_of(scope).isoformat()}).status_code == 409


def test_pages_and_a_check_in_take_few_statements(
    scope: Tenant, owner: Actor, frozen: MovableClock, django_assert_max_num_queries: Any
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, has_gift=True)
    phone, home = _phone(played), _home(played)
    for _number in range(3):
        check_in(scope, played, played.people[0].pk)
        frozen.move(days=1)
    with django_assert_max_num_queries(24):
        phone.get(home)
    with django_assert_max_num_queries(45):
        phone.post(home, {"day": today_of(scope).isoformat()})


def _url(scope: Tenant, played: Played, name: str, **kwargs: Any) -> str:
    return reverse(
        f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
    )


def test_an_operator_sets_it_up_and_what_asks_for_sharing_is_refused(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    there = _url(scope, played, "checkin")
    assert there in client.get(_url(scope, played, "step", step="play")).text
    given = {
        "tasks": "跟读第 1 页", "hint": "", "proof": "text", "period": "week", "goal_days": "5", "day_points": "5",
        "streak_days": "0", "streak_points": "0", "goal_points": "0", "goal_draws": "0",
        "gift": str(played.prizes[0].pk), "cards_start": "1", "card_days": "0", "reach_days": "7",
    }  # fmt: skip
    for bad in (
        {"tasks": "转发到朋友圈"}, {"goal_days": "9"}, {"streak_days": "3"}, {"day_points": "-5"}, {"gift": "999999"},
        {"tasks": ""},
    ):  # fmt: skip
        assert client.post(there, {**given, **bad}).status_code == 422
    assert not CheckInPlan.objects.exists()
    assert client.post(there, given).status_code == 302
    assert CheckInPlan.objects.get().gift_id == played.prizes[0].pk
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    assert client.post(there, given).status_code == 409


def test_an_operator_sees_who_came_looks_at_proof_and_rejects_with_a_reason(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": "text"}, people=4)
    for one in played.people[:2]:
        check_in(scope, played, one.pk, proof=f"{one.name}读完了")
    page = client.get(_url(scope, played, "checkin")).text
    assert "50%" in page
    assert "豆豆妈妈读完了" in page
    assert _home(played) in page
    row = CheckIn.objects.get(customer=played.people[0])
    drawer = _url(scope, played, "checkin_reject", checkin_pk=row.pk)
    assert "豆豆妈妈读完了" in client.get(drawer).text
    assert client.post(drawer, {"reason": ""}).status_code == 422
    client.post(drawer, {"reason": "声音没录上"})
    assert client.post(drawer, {"reason": "再来"}).status_code == 409
    assert Entry.objects.filter(reason="voided").count() == 1
    listed = _url(scope, played, "checkins")
    assert "声音没录上" in client.get(f"{listed}?state=rejected").text
    assert "豆豆妈妈" not in client.get(f"{listed}?state=done").text
    file = client.get(f"{listed}?export=csv")
    assert isinstance(file, StreamingHttpResponse)
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"))))
    assert len(rows) == 3
    assert any("豆豆妈妈读完了 · 声音没录上" in cell for line in rows for cell in line)
    phone = _phone(played)
    assert "声音没录上" in phone.get(_home(played)).text


def test_a_check_in_of_another_campaign_is_not_there(scope: Tenant, owner: Actor, client: Client) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    other, _other_plan = make_checkin(tenant=scope, owner=owner)
    row = check_in(scope, other, other.people[0].pk)
    there = _url(scope, played, "checkin_reject", checkin_pk=row.pk)
    assert client.get(there).status_code == 404
    assert client.post(there, {"reason": "x"}).status_code == 404
    assert CheckIn.objects.get().rejected_at is None
