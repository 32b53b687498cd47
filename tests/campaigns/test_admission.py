"""Too many at once on the phone: who is let in, who waits in line, and what the others are told."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.test import Client, RequestFactory

from campaigns.models import Campaign, CheckIn
from campaigns.phone import admission
from campaigns.phone.admission import Turnstile, busy
from campaigns.selectors.checkins import checkin_token
from campaigns.selectors.pages import page_path
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played
from tests.factories.checkins import make_checkin, today_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turnstile]:
    """Every seat is taken, and the line is as long as it may be."""
    made = Turnstile(inside=2, line=0, patience_s=0.05)
    monkeypatch.setattr(admission, "turnstile", lambda: made)
    with ExitStack() as stack:
        assert [stack.enter_context(made.enter()) for _seat in range(2)] == [True, True]
        yield made


def _phone(played: Played) -> Client:
    return phone_of(played.group.app, external=played.people[0].external_userid)


def _home(played: Played) -> str:
    return page_path(checkin_token(Campaign.objects.get(pk=played.campaign.pk)))


def test_so_many_are_let_in_so_many_wait_and_the_next_is_turned_away_at_once() -> None:
    made = Turnstile(inside=2, line=1, patience_s=60)
    leave, came = threading.Event(), []

    def person() -> None:
        with made.enter() as is_inside:
            came.append(is_inside)
            leave.wait(60)

    people = [threading.Thread(target=person, daemon=True) for _who in range(3)]
    for one in people:
        one.start()
    wait_until(lambda: len(came) == 2 and made._present == 3, "two inside, one in line")
    with made.enter() as is_inside:
        assert not is_inside
    assert came == [True, True]
    leave.set()
    for one in people:
        one.join(60)
    assert came == [True, True, True]  # who waited in line had a turn
    with made.enter() as first, made.enter() as second:
        assert (first, second) == (True, True)  # whoever left has left a seat


def test_who_waits_too_long_is_turned_away_and_an_error_inside_frees_the_seat() -> None:
    made = Turnstile(inside=1, line=5, patience_s=0.01)
    with made.enter() as first, made.enter() as late:
        assert (first, late) == (True, False)
    with pytest.raises(ZeroDivisionError), made.enter():
        raise ZeroDivisionError
    with made.enter() as again:
        assert again


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-CN", ("现在人太多", "再试一次")), ("en", ("Many people are here at this moment", "Try again"))],
)
def test_a_check_in_that_finds_no_seat_is_told_so_and_sent_again_by_one_tap(
    scope: Tenant,
    owner: Actor,
    full: Turnstile,
    language: str,
    words: tuple[str, str],
    django_assert_num_queries: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner, wish={"proof": "text"})
    phone, home = _phone(played), _home(played)
    form = {"day": today_of(scope).isoformat(), "proof": '读完 3 页 📖"><script>'}
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = phone.post(home, form, headers={"accept-language": language})
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "3", "no-store")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert all(one in answer.text for one in words)
    assert f'<form method="post" action="{home}" data-again="3">' in answer.text
    assert 'name="proof" value="读完 3 页 📖&quot;&gt;&lt;script&gt;"' in answer.text
    assert not CheckIn.objects.exists()
    assert caplog.messages == []  # thousands of lines a second would take what is left of the machine


def test_a_page_that_finds_no_seat_is_asked_for_again_and_other_pages_have_no_turnstile(
    scope: Tenant, owner: Actor, full: Turnstile
) -> None:
    played, _plan = make_checkin(tenant=scope, owner=owner)
    home = _home(played)
    answer = phone_of(played.group.app).get(f"{home}?month=2026-11")
    assert answer.status_code == 503
    assert f'<form method="get" action="{home}"' in answer.text
    assert 'name="month" value="2026-11"' in answer.text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in answer.text
    assert Client().get("/r/nothing").status_code == 404


def test_a_form_that_is_larger_than_a_page_takes_is_not_given_back() -> None:
    request = RequestFactory().post("/r/c/x/", {"proof": "长" * 20_000})
    assert "name=" not in busy(request).text.split("<form", 1)[1].split("</form>")[0]


def test_who_leaves_the_page_leaves_the_seat(
    scope: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = Turnstile(inside=1, line=0, patience_s=0.01)
    monkeypatch.setattr(admission, "turnstile", lambda: only)
    played, _plan = make_checkin(tenant=scope, owner=owner)
    phone = _phone(played)
    home = _home(played)
    answers = [phone.post(home, {"day": today_of(scope).isoformat()}).status_code for _again in range(3)]
    assert answers == [302, 302, 302]
    assert CheckIn.objects.count() == 1
