"""The door of every member's page: tokens, who visits, what is said when there is nothing to see, weight."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import CampaignState, PageColour, Phase, PlayKind, PrizeKind, Visitor
from campaigns.models import Award, Campaign
from campaigns.policies.doors import phase_of, why_not
from campaigns.policies.page_tokens import PageToken, hour_after, token_pack, token_unpack
from campaigns.policies.pictures import COLOURS, poster_png, poster_svg
from campaigns.selectors.pages import KEPT, home_token, page_path
from campaigns.services.awards import award_by_hand, award_hand_over, award_take_back
from campaigns.services.life import campaign_end, campaign_pause
from campaigns.services.payouts import payouts_run
from content.policies.radar import token_make
from content.views import visitors
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie, phone_of
from tests.codes.qr import text_in_picture
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer
from tests.factories.tenants import make_tenant
from wecom.models import App
from wecom.selectors import Identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PRIZES = [("点读笔", PrizeKind.GOODS, 9_600, 5), ("小红包", PrizeKind.RED_PACKET, 288, 9)]


@pytest.fixture
def played(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Iterator[Played]:
    with tenant_scope(tenant):
        yield make_campaign(tenant=tenant, actor=owner, prizes=PRIZES)


def _app(played: Played) -> App:
    app = played.group.app
    assert app is not None
    return app


def _member(played: Played, number: int = 0) -> Client:
    return phone_of(_app(played), external=played.people[number].external_userid)


def _home(played: Played, part: str = "") -> str:
    return page_path(home_token(Campaign.objects.get(pk=played.campaign.pk)), part)


# --- Tokens


@given(
    tenant_id=st.integers(1, 36**9),
    row_id=st.integers(0, 2**40 - 1),
    kind=st.sampled_from("abckl"),
    hours=st.integers(0, 2**24 - 1),
    place=st.integers(0, 23),
)
def test_a_token_says_its_page_and_no_other(
    tenant_id: int, row_id: int, kind: str, hours: int, place: int
) -> None:
    page = PageToken(tenant_id, kind, row_id, datetime.fromtimestamp(hours * 3600, UTC))
    token = token_pack(page, secret="s")
    assert token_unpack(token, secrets=["other", "s"]) == page
    assert token_unpack(token, secrets=["other"]) is None
    head, tail = token.split("-", 1)
    other = "A" if tail[place] != "A" else "B"
    assert token_unpack(f"{head}-{tail[:place]}{other}{tail[place + 1 :]}", secrets=["s"]) is None
    assert token_unpack(f"1{head}-{tail}", secrets=["s"]) is None
    assert len(visitors.state_make(f"c/{token}", "n" * 16)) <= 128


@pytest.mark.parametrize(
    "raw", ["", "1-", "1-short", "1-" + "A" * 24, "1-" + "_" * 23, "😀-" + "A" * 24, "-" * 30]
)
def test_nonsense_is_no_token(raw: str) -> None:
    assert token_unpack(raw, secrets=["s"]) is None


@given(at=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_page_ends_on_the_next_whole_hour(at: datetime) -> None:
    found = hour_after(at)
    assert (found.minute, found.second, found.microsecond) == (0, 0, 0)
    assert timedelta() <= found - at < timedelta(hours=1)


# --- Who may do what, when


def test_phases_follow_state_and_clock_and_the_end_is_over() -> None:
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    end = begin + timedelta(days=1)

    def at(now: datetime, state: str = CampaignState.RUNNING, paused: datetime | None = None) -> Phase:
        return phase_of(state=state, starts_at=begin, ends_at=end, paused_at=paused, now=now)

    second = timedelta(seconds=1)
    assert [at(begin - second), at(begin), at(end - second), at(end)] == ["soon", "open", "open", "ended"]
    assert [at(begin, paused=begin), at(end, paused=begin)] == ["paused", "ended"]
    assert [at(begin, state) for state in ("draft", "ended", "reviewed")] == ["draft", "ended", "ended"]


def test_only_a_member_of_an_open_campaign_takes_part_and_everybody_else_is_told_why() -> None:
    free = [(phase, who) for phase in Phase for who in Visitor if why_not(phase, who) is None]
    assert free == [(Phase.OPEN, Visitor.MEMBER)]


# --- The door


def test_a_member_sees_the_page_the_rules_and_where_each_prize_stands(
    tenant: Tenant, owner: Actor, played: Played
) -> None:
    phone = _member(played)
    page = phone.get(_home(played))
    assert page.status_code == 200
    said = page.content.decode()
    assert "点读笔" in said
    assert "不收费" in said
    assert "q-h5-say" not in said
    assert page["Cache-Control"] == "no-store"
    assert "没有奖品" in phone.get(_home(played, "prizes")).content.decode()
    who = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    mine = played.people[0].pk
    made = [
        award_by_hand(**who, prize_id=prize.pk, customer_id=mine, key=f"{prize.pk}{number}", note="内部的话")
        for prize in played.prizes
        for number in range(2)
    ]
    award_hand_over(tenant=tenant, award_id=made[0].pk, proof="SF1", actor=owner)
    award_take_back(tenant=tenant, award_id=made[1].pk, reason="地址不对", actor=owner)
    prizes = phone.get(_home(played, "prizes")).content.decode()
    for words in ("已交付", "已收回", "正在发给你", "¥2.88"):
        assert words in prizes
    assert "地址不对" not in prizes
    assert "内部的话" not in prizes
    payouts_run(tenant=tenant)
    assert "已到账" in phone.get(_home(played, "prizes")).content.decode()
    assert "点读笔" not in _member(played, 1).get(_home(played, "prizes")).content.decode()
    assert "林晓" in phone.get(_home(played, "rules")).content.decode()


def test_query_parameters_and_anothers_cookie_name_nobody(
    tenant: Tenant, owner: Actor, played: Played
) -> None:
    first, second = played.people[0], played.people[1]
    award_by_hand(
        tenant=tenant, campaign_id=played.campaign.pk, actor=owner, prize_id=played.prizes[0].pk,
        customer_id=first.pk, key="1", note="好",
    )  # fmt: skip
    asked = f"?customer={first.pk}&external_userid={first.external_userid}"
    assert (
        "点读笔"
        not in phone_of(_app(played), external=second.external_userid)
        .get(_home(played, "prizes") + asked)
        .content.decode()
    )
    forged = Client(headers={"user-agent": "Mozilla/5.0"})
    app = _app(played)
    for value in ("x", identity_cookie(app, external=first.external_userid, salt="other")):
        forged.cookies[f"qr_{app.pk}"] = value
        assert "点读笔" not in forged.get(_home(played, "prizes")).content.decode()


def test_wecom_says_who_it_is_and_leads_back_to_the_page(
    played: Played, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "oauth_identity", lambda app, code: Identity(external_userid=code))
    client.defaults["HTTP_USER_AGENT"] = WECHAT
    home = _home(played)
    asked = client.get(home)
    assert asked.status_code == 302
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    back = client.get("/r/oauth", {"code": played.people[0].external_userid, "state": state})
    assert back["Location"] == home
    assert client.get(home).status_code == 200
    replayed = Client(headers={"user-agent": WECHAT})
    replayed.get("/r/oauth", {"code": played.people[0].external_userid, "state": state})
    assert "我们还不认识你" in replayed.get(home).content.decode()


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"external": "wm-unknown"}, "我们还不认识你"),
        ({"external": ""}, "我们还不认识你"),
        ({"external": "", "agent": "Mozilla/5.0"}, "请在微信里打开"),
        ({"staff": "linxiao"}, "你是员工"),
    ],
)
def test_whoever_is_no_member_is_told_what_to_do(played: Played, who: dict[str, str], words: str) -> None:
    assert words in phone_of(_app(played), **who).get(_home(played)).content.decode()


def test_a_customer_outside_the_groups_is_told_so(tenant: Tenant, played: Played) -> None:
    outside = make_customer(tenant=tenant, name="群外", app=_app(played))
    page = phone_of(_app(played), external=outside.external_userid).get(_home(played))
    assert "只对群成员开放" in page.content.decode()


def test_before_the_start_in_a_break_and_after_the_end_the_page_says_so(
    tenant: Tenant, owner: Actor, played: Played, frozen: MovableClock
) -> None:
    phone, home = _member(played), _home(played)
    who = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    campaign_pause(**who, is_paused=True)
    assert "暂停" in phone.get(home).content.decode()
    frozen.move(hours=-2)
    soon = phone.get(home).content.decode()
    assert "还没开始" in soon
    assert "08:00" in soon, soon
    frozen.move(hours=3)
    campaign_end(**who, reason="提前")
    ended = phone.get(home)
    assert ended.status_code == 200
    assert "已经结束" in ended.content.decode()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_page_that_cannot_be_shown_says_why_in_both_languages(
    tenant: Tenant, owner: Actor, played: Played, frozen: MovableClock, language: str
) -> None:
    phone = _member(played)
    headers = {"accept-language": language}
    is_zh = language == "zh-CN"
    home = _home(played)

    def said(path: str) -> tuple[int, bool]:
        page = phone.get(path, headers=headers)
        text = page.content.decode()
        return page.status_code, ("页面" in text or "活动" in text) == is_zh

    token = home.split("/")[3]
    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "1-" + "A" * 24, "nothing"):
        assert said(page_path(forged)) == (404, True)
    draft = make_campaign(tenant=tenant, actor=owner, is_started=False)
    assert said(page_path(home_token(Campaign.objects.get(pk=draft.campaign.pk)))) == (404, True)
    tenant.suspended_at = clock.now()
    tenant.save()
    assert said(home) == (403, True)
    tenant.suspended_at = None
    tenant.save()
    frozen.move(days=KEPT.days + 8)
    assert said(home) == (410, True)


def test_a_token_of_another_company_leads_nowhere(tenant: Tenant, owner: Actor) -> None:
    stranger = make_tenant(name="别家")
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=PRIZES)
        own = _home(played).split("/")[3]
        phone = _member(played)
    moved = f"{token_make(stranger.pk, 'x').split('-')[0]}-{own.split('-', 1)[1]}"
    until = hour_after(clock.now() + KEPT)
    ours_of_their_row = PageToken(stranger.pk, PlayKind.CAMPAIGN.value, played.campaign.pk, until)
    for token in (moved, token_pack(ours_of_their_row, secret=settings.SECRET_KEY)):
        page = phone.get(page_path(token))
        assert page.status_code == 404
        assert "点读笔" not in page.content.decode()
    assert phone.get(page_path(own)).status_code == 200


def test_nothing_can_be_posted_where_nothing_is_asked(played: Played) -> None:
    phone = _member(played)
    assert phone.post(_home(played), {"x": "1"}).status_code == 404
    assert phone.post(_home(played, "prizes"), {"x": "1"}).status_code == 409
    assert phone.post(_home(played), {"x": "😀" * 20_000}).status_code == 413
    assert phone.get(_home(played, "nothing")).status_code == 404
    assert not Award.objects.exists()


def test_the_poster_and_the_code_lead_to_the_page_and_ask_nobody_who_they_are(played: Played) -> None:
    stranger = Client(headers={"user-agent": WECHAT})
    picture, code = stranger.get(_home(played, "picture")), stranger.get(_home(played, "code"))
    assert (picture["Content-Type"], code["Content-Type"]) == ("image/png", "image/png")
    assert code.content.startswith(b"\x89PNG")
    assert text_in_picture(picture.content) == settings.PUBLIC_URL + _home(played)


def test_a_poster_is_written_in_chinese_and_leaves_out_what_it_cannot_draw() -> None:
    words = {"url": f"https://example.com/r/c/{'k' * 60}/", "brand": "小鱼", "colour": "green"}

    def drawn(title: str) -> bytes:
        return poster_png(poster_svg(title=title, about="", **words))

    assert drawn("进群领绘本") != drawn("进群领书本"), (
        "no font here draws Chinese: install one (docs/operations)"
    )
    assert drawn("进群领绘本🎁") == drawn("进群领绘本")
    assert text_in_picture(drawn("<b>&\"'</b>" * 20)) == words["url"]


def test_a_page_weighs_little_and_asks_for_few_statements(
    played: Played, django_assert_max_num_queries: Any
) -> None:
    phone = _member(played)
    phone.get(_home(played))
    with django_assert_max_num_queries(13):
        page = phone.get(_home(played))
    root = Path(settings.BASE_DIR) / "static"
    loaded = [root / name for name in ("css/h5.css", "js/h5.js", "img/h5-icons.svg", "img/favicon.svg")]
    assert all(f"/static/{one.relative_to(root)}" in page.content.decode() for one in loaded)
    assert page.content.decode().count("/static/css/") == 1
    assert len(page.content) + sum(one.stat().st_size for one in loaded) < 150_000


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", PageColour.values)
def test_every_colour_can_be_read_in_white_and_on_its_own_pale(colour: str) -> None:
    strong, pale = COLOURS[colour]
    assert 1.05 / (_luminance(strong) + 0.05) >= 4.5
    assert (_luminance(pale) + 0.05) / (_luminance(strong) + 0.05) >= 4.5
    sheet = (Path(settings.BASE_DIR) / "static/css/h5.css").read_text()
    assert f"--h-brand: {strong};" in sheet
