"""Notices on their pages: the bell, one opened, the choices of a person."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from team.enums import NoticeChannel
from team.models import Notice, NoticeChoice, Staff, Telling
from team.policies.notices import CHOSEN_KINDS, default_when
from team.services import work_item_close
from team.services.mailings import mailings_make, mailings_send
from team.services.notices import messages_hand, work_tell
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.team.noticing import cards, put, say

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ZONE = "Asia/Shanghai"

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def client(lin: Staff) -> Client:
    made = Client(headers={"accept-language": "en"})
    user = lin.membership.user  # type: ignore[union-attr]
    user.language = "en"
    user.save()
    made.force_login(user)
    return made


def test_the_bell_shows_what_is_unread_and_opening_reads_it(
    tenant: Tenant, lin: Staff, client: Client
) -> None:
    with tenant_scope(tenant):
        for number in range(8):
            say(lin, key=f"k{number}", title=f"王女士{number}", kind="alert")
        pk = Notice.objects.order_by("-pk").first().pk  # type: ignore[union-attr]
    page = client.get(f"/t/{tenant.slug}/notices/").text
    assert "Notices, 8 unread" in page
    bell = client.get(f"/t/{tenant.slug}/bell/", headers={"HX-Request": "true"}).text
    assert [f"王女士{number}" in bell for number in range(8)] == [False, False, *[True] * 6]
    assert "2 more unread" in bell
    answer = client.get(f"/t/{tenant.slug}/notices/{pk}/")
    assert (answer.status_code, answer["Location"]) == (302, "/t/x/leads/1/")
    assert "Notices, 7 unread" in client.get(f"/t/{tenant.slug}/notices/").text
    assert f"王女士{7}" not in client.get(f"/t/{tenant.slug}/bell/").text
    client.post(f"/t/{tenant.slug}/notices/read/")
    page = client.get(f"/t/{tenant.slug}/notices/").text
    assert ("Notices, 0 unread" in page, "Nothing unread" in page) == (True, True)
    assert "Nothing needs you now." in client.get(f"/t/{tenant.slug}/bell/").text


def test_the_bell_is_counted_with_the_menu_and_its_lines_wait_until_it_is_opened(
    tenant: Tenant, lin: Staff, client: Client
) -> None:
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, membership=make_member(tenant=tenant))
        for number in range(3):
            say(lin, key=f"k{number}", title=f"王女士{number}", kind="alert")
        say(other, key="theirs")
    with CaptureQueriesContext(connection) as asked:
        page = client.get(f"/t/{tenant.slug}/settings/").text
    assert "Notices, 3 unread" in page
    assert "王女士" not in page
    told = [one["sql"] for one in asked.captured_queries if "team_notice" in one["sql"]]
    assert len(told) == 1
    assert "team_workitem" in told[0].split("team_notice", 1)[0]  # the menu's figures, in the same statement


def test_settled_work_leaves_the_bell_by_itself(tenant: Tenant, lin: Staff, client: Client) -> None:
    with tenant_scope(tenant):
        put(tenant, lin, 1)
        work_tell(tenant_id=tenant.pk)
    assert "警报1" in client.get(f"/t/{tenant.slug}/notices/").text
    with tenant_scope(tenant):
        work_item_close(tenant_id=tenant.pk, source_kind="groups.violation", source_id=1, state="done")
    assert "警报1" not in client.get(f"/t/{tenant.slug}/notices/").text
    assert "警报1" in client.get(f"/t/{tenant.slug}/notices/?show=all").text


def test_another_persons_notice_is_not_found(tenant: Tenant, lin: Staff, client: Client) -> None:
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, membership=make_member(tenant=tenant))
        say(other)
        pk = Notice.objects.get().pk
    assert client.get(f"/t/{tenant.slug}/notices/{pk}/").status_code == 404


def matrix(**changed: str) -> dict[str, str]:
    cells = {
        f"{kind.value}__{channel.value}": default_when(kind, channel, Role.OPERATOR)
        for kind in CHOSEN_KINDS
        for channel in NoticeChannel
    }
    return {**cells, "quiet_from": "22:00", "quiet_until": "08:00", **changed}


def test_a_choice_of_one_cell_is_kept_and_obeyed(tenant: Tenant, lin: Staff, client: Client) -> None:
    url = f"/t/{tenant.slug}/notices/settings/"
    assert (
        client.post(url, matrix(lead__app="off", lead__mail="now", alert__console="off")).status_code == 302
    )
    with tenant_scope(tenant):
        say(lin)
        say(lin, kind="alert", key="a")
        assert told_kinds() == {("lead", "mail"), ("alert", "mail")}
        assert Notice.objects.get(kind="alert").is_shown is False
    assert client.post(url, matrix(lead__app="sometimes")).status_code == 422
    assert client.post(url, matrix(has_own_quiet="on", quiet_from="")).status_code == 422


def told_kinds() -> set[tuple[str, str]]:
    return set(Telling.objects.values_list("notice__kind", "channel"))


def test_own_quiet_hours_replace_the_companys(
    tenant: Tenant, lin: Staff, client: Client, noon: MovableClock
) -> None:
    own = matrix(has_own_quiet="on", quiet_from="11:30", quiet_until="13:00")
    client.post(f"/t/{tenant.slug}/notices/settings/", own)
    with tenant_scope(tenant):
        say(lin)
        assert messages_hand(tenant_id=tenant.pk) == 0
        noon.moment = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
        assert messages_hand(tenant_id=tenant.pk) == 1


def test_mute_and_ring_again_from_the_page(tenant: Tenant, lin: Staff, client: Client) -> None:
    base = f"/t/{tenant.slug}/notices/settings/"
    client.post(f"{base}mute/tomorrow/")
    with tenant_scope(tenant):
        assert NoticeChoice.objects.get().muted_until == datetime(2026, 3, 5, 0, 0, tzinfo=UTC)
    assert "Let them ring again" in client.get(base).text
    client.post(f"{base}mute/off/")
    with tenant_scope(tenant):
        assert NoticeChoice.objects.get().muted_until is None
    assert client.post(f"{base}mute/forever/").status_code == 404


def test_the_test_button_sends_both_ways(tenant: Tenant, lin: Staff, client: Client) -> None:
    client.post(f"/t/{tenant.slug}/notices/settings/test/")
    with tenant_scope(tenant):
        assert told_kinds() == {("test", "app"), ("test", "mail")}
        messages_hand(tenant_id=tenant.pk)
        mailings_make(tenant_id=tenant.pk)
        mailings_send(tenant_id=tenant.pk)
        assert (len(cards()), len(mail.outbox)) == (1, 1)
    assert client.get(f"/t/{tenant.slug}/notices/settings/").text.count("This is a test of your notices") >= 2
