"""Bad input at the page of every play: tokens that are not ours, forms that no page made, words as people write them.

Each gets a clear answer, and nothing is written.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from campaigns.policies.page_tokens import PageToken, hour_after, token_pack
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import KEPT, page_path, page_read
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import identity_cookie, phone_of
from tests.conftest import MovableClock
from tests.factories.plays import PLAYS, UNTIL_FLASH, PlayPage, make_play
from tests.factories.tenants import make_tenant

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ASKING = [one for one in PLAYS if one not in ("join", "home")]  # members send something there
RAW_TEXT = re.compile(r"\{\{|\{%|%\(\w+\)[sd]")
FAMILY = "👨‍👩‍👧‍👦"
HOSTILE = [
    "", "-1", "-9223372036854775809", "0", "9" * 40, "1e9", "NaN", "１２", "٣", "1.5", " 1 ", "\x00", "null",
    f"{FAMILY}𠮷🎁" * 60, "长" * 3_000, "<script>alert(1)</script>", "'; drop table campaigns_award; --", "{{ 7 }}",
    "../..",
]  # fmt: skip


@pytest.fixture
def stranger(db: None) -> Tenant:
    """Another company."""
    return make_tenant(name="别家")


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _written() -> dict[str, int]:
    """How many rows of campaigns there are of each kind, but for who took a look."""
    models = apps.get_app_config("campaigns").get_models()
    return {
        one.__name__: one.objects.count() for one in models if one.__name__ not in ("Entrant", "DrawGrant")
    }


def _phone(play: PlayPage, number: int = 0) -> Client:
    return phone_of(play.played.group.app, external=play.people[number].external_userid)


def _open(kind: str, scope: Tenant, owner: Actor, frozen: MovableClock, people: int = 3) -> PlayPage:
    play = make_play(kind, tenant=scope, owner=owner, people=people)
    if kind == "flash":
        frozen.move(seconds=UNTIL_FLASH.total_seconds())
    return play


def _sent(play: PlayPage, phone: Client) -> dict[str, str]:
    return play.form(phone.get(play.path).text)


@pytest.mark.parametrize("kind", PLAYS)
def test_a_token_that_is_forged_foreign_or_over_opens_nothing_and_takes_nothing(
    stranger: Tenant, tenant: Tenant, owner: Actor, frozen: MovableClock, kind: str
) -> None:
    with tenant_scope(tenant):
        play = _open(kind, tenant, owner, frozen)
        phone = _phone(play)
        before = _written()
    form = _sent(play, phone)
    token = play.path.split("/")[3]
    own = page_read(token)
    assert own is not None
    middle = len(token) // 2
    flipped = token[:middle] + ("a" if token[middle] != "a" else "b") + token[middle + 1 :]
    until = hour_after(clock.now() + KEPT)
    bad = {
        "flipped": flipped, "cut": token[:-1], "longer": f"{token}a", "doubled": f"{token}{token}",
        "emoji": FAMILY, "long": "a" * 2_000,
        "self-made": token_pack(own, secret="not-ours"),
        "our row at another company": token_pack(
            PageToken(stranger.pk, own.kind, own.row_id, until), secret=settings.SECRET_KEY
        ),
        "no such row": token_pack(PageToken(tenant.pk, own.kind, 2**39, until), secret=settings.SECRET_KEY),
        "no such kind": token_pack(PageToken(tenant.pk, "z", own.row_id, until), secret=settings.SECRET_KEY),
    }  # fmt: skip
    for why, one in bad.items():
        for answer in (phone.get(page_path(one)), phone.post(page_path(one), form)):
            assert (answer.status_code, why) == (404, why)
            assert play.played.campaign.name not in answer.text, why
            assert "没有这个页面" in answer.text or why == "long", why
    frozen.move(days=KEPT.days + 9)
    with tenant_scope(tenant):
        late = _phone(play)
    for answer in (late.get(play.path), late.post(play.path, form)):
        assert (answer.status_code, "这个页面已经过期" in answer.text) == (410, True)
    with tenant_scope(tenant):
        assert _written() == before


@pytest.mark.parametrize("kind", ASKING)
def test_who_is_somebody_else_by_a_cookie_that_is_forged_over_or_of_another_app_takes_nothing(
    scope: Tenant, owner: Actor, frozen: MovableClock, kind: str
) -> None:
    play = _open(kind, scope, owner, frozen)
    phone, person = _phone(play), play.people[0].external_userid
    form = _sent(play, phone)
    app = play.played.group.app
    assert app is not None
    name = f"qr_{app.pk}"
    good = phone.cookies[name].value
    before = _written()
    for bad in (good[:-2], f"{good}x", identity_cookie(app, external=person, salt="other"), "", "e30:1:x"):
        phone.cookies[name] = bad
        answer = phone.post(play.path, form)
        assert answer.status_code == 409, bad
        assert RAW_TEXT.findall(answer.text) == []
    phone.cookies[name] = good
    frozen.move(days=1, seconds=1)
    assert phone.post(play.path, form).status_code == 409
    assert _written() == before


@pytest.mark.parametrize("kind", ASKING)
def test_the_same_form_sent_again_later_and_from_another_tab_is_taken_once(
    scope: Tenant, owner: Actor, frozen: MovableClock, kind: str
) -> None:
    play = _open(kind, scope, owner, frozen)
    phone, other_tab = _phone(play), _phone(play)
    form = _sent(play, phone)
    assert phone.post(play.path, form).status_code == 302
    after = _written()
    for again in (phone, other_tab):
        assert again.post(play.path, form).status_code in (302, 409)
    frozen.move(minutes=20)
    assert phone.post(play.path, form).status_code in (302, 409)
    assert _written() == after
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.parametrize("kind", ASKING)
def test_what_no_page_sends_is_refused_clearly_and_nothing_is_written(
    scope: Tenant, owner: Actor, frozen: MovableClock, kind: str
) -> None:
    play = _open(kind, scope, owner, frozen)
    phone = _phone(play)
    form = _sent(play, phone)
    before = _written()
    fields = [one for one in form if one not in play.words]
    for field in fields:
        for value in HOSTILE:
            if value in (form[field], "0") and field.startswith("answer"):
                continue  # that is an answer
            said = f"{field}={value[:20]!r}"
            answer = phone.post(play.path, {**form, field: value})
            assert answer.status_code in (404, 409, 422), said
            assert RAW_TEXT.findall(answer.text.replace("{{ 7 }}", "")) == [], said
            assert "<script>alert" not in answer.text, said
            assert _written() == before, said
    assert phone.post(play.path, {"x": "长" * 6_000}).status_code == 413
    assert _written() == before
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.parametrize("kind", ["checkin", "lottery", "coupon", "deals"])
def test_words_as_people_write_them_are_kept_clean_or_refused(
    scope: Tenant, owner: Actor, frozen: MovableClock, kind: str
) -> None:
    play = _open(kind, scope, owner, frozen, people=len(HOSTILE))
    for number, value in enumerate(HOSTILE):
        phone = _phone(play, number)
        form = _sent(play, phone)
        before = _written()
        answer = phone.post(play.path, {**form, **dict.fromkeys(play.words, value)})
        assert answer.status_code in (302, 409, 422), value[:20]
        if answer.status_code != 302:
            assert _written() == before, value[:20]
        shown = phone.get(play.path).text
        assert "<script>alert" not in shown
        assert "\x00" not in shown
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_person_with_a_name_of_any_kind_plays_and_is_shown_masked(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    for kind in PLAYS:
        play = make_play(kind, tenant=scope, owner=owner)
        for number, name in enumerate((f"{FAMILY}𠮷" * 8, "名" * 64, "<b>x</b>")):
            play.people[number].name = name
            play.people[number].save(update_fields=["name"])
        for number in range(3):
            phone = _phone(play, number)
            phone.post(play.path, _sent(play, phone))
            answer = phone.get(play.path)
            assert (kind, answer.status_code) == (kind, 200)
            assert "<b>x</b>" not in answer.text
            assert phone.get(f"{play.path}prizes/").status_code == 200
    frozen.move(seconds=timedelta(hours=1).total_seconds())
