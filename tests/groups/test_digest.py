"""The digest of a group that says more in a day than anybody scrolls back through (R54)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from groups.enums import DIGEST_FROM
from groups.policies.digest import Sent, digest, quoted
from groups.policies.questions import Said
from groups.selectors.digest import digest_of, digest_words
from groups.services.digests import SOURCE, digests_bring_up
from sop.models import PushSlot, Touch
from sop.services.push import SlotWish, slot_put
from sop.services.push_confirm import week_confirm
from team.models import WorkItem
from team.services import work_items_close
from tenants.audit import SYSTEM
from tenants.models import Preference, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from wecom.archive import heard
from wecom.archive.models import ArchivedMessage, ArchiveRoom

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)  # Sunday 12:00 in Shanghai; the clock stands on Monday 09:00
DAY = date(2026, 3, 1)
SENT = st.lists(
    st.builds(
        Sent,
        st.builds(
            Said, st.datetimes(timezones=st.just(UTC)), st.sampled_from("abc"), st.text(), st.booleans()
        ),
        st.sampled_from(["text", "link", "file", "image"]),
        st.text(max_size=9),
    ),
    max_size=20,
)


@pytest.mark.unit
@given(SENT)
def test_a_digest_counts_what_there_is_and_quotes_nothing_else(sent: list[Sent]) -> None:
    found = digest(DAY, sent)
    texts = {one.said.text for one in sent}
    assert found.messages == len(sent)
    assert found.people == len({one.said.who for one in sent if not one.said.is_staff})
    assert {one.text for one in [*found.questions, *found.announced]} <= texts
    assert digest(DAY, reversed(sent)).messages == found.messages
    assert all(len(quoted(one)) <= 60 for one in texts)


def said(minute: int, text: str, who: str = "a", is_staff: bool = False) -> Said:
    return Said(NOON + timedelta(minutes=minute), who, text, is_staff)


@pytest.mark.unit
def test_fifteen_characters_are_an_announcement_and_sixty_are_quoted_whole() -> None:
    staff = [said(n, "讲" * n, "lin", True) for n in (14, 15, 16)]
    found = digest(DAY, [Sent(one) for one in staff])
    assert [len(one.text) for one in found.announced] == [16, 15]
    assert [found.is_over(limit) for limit in (2, 3)] == [True, False]
    assert [len(quoted("话" * n)) for n in (59, 60, 61)] == [59, 60, 60]
    assert [quoted("话" * n).endswith("…") for n in (60, 61)] == [False, True]


@pytest.mark.unit
def test_a_link_is_named_once_with_who_shared_it_first_in_whatever_order_it_is_heard() -> None:
    sent = [
        Sent(said(1, "看 https://example.com/a", "a")), Sent(said(2, "再看 https://example.com/a", "b")),
        Sent(said(3, "几点上课？", "a")), Sent(said(4, "八点", "lin", True)), Sent(said(5, "带书吗？", "b")),
    ]  # fmt: skip
    for heard_as in (sent, sent[::-1]):
        found = digest(DAY, heard_as)
        assert found.shared == [("https://example.com/a", "a")]
        assert [one.text for one in found.questions] == ["带书吗？"]


@pytest.fixture
def busy(tenant: Tenant, frozen: MovableClock, scoped: Tenant) -> Any:
    """Yesterday 101 messages in one group and 100 in another; the last asks something."""
    app = make_app(tenant=tenant)
    lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
    groups = []
    for number, count in enumerate((101, 100)):
        people = make_customers(tenant=tenant, count=2, app=app)
        group = make_group(
            tenant=tenant, app=app, owner=lin, state="active", kind="new_user", name=f"启蒙{number}群"
        )
        fill_group(group=group, customers=people, staff=[lin])
        for place in range(count):
            last = place == count - 1
            said = (
                "明天几点上课？"
                if last
                else "今晚八点直播，链接 https://example.com/live 记得带书"
                if place == 5
                else "好"
            )
            ArchivedMessage.objects.create(
                tenant=tenant, app=app, seq=1000 * number + place, msgid=f"m{number}-{place}", msgtype="text",
                action="send", sent_at=NOON + timedelta(minutes=place), room_id=group.chat_id,
                sender_id="linxiao" if place == 5 else people[place % 2].external_userid, content={"content": said},
            )  # fmt: skip
        ArchiveRoom.objects.create(
            tenant=tenant,
            app=app,
            room_id=group.chat_id,
            first_at=NOON,
            last_at=NOON + timedelta(minutes=count),
        )
        groups.append(group)
    heard.mark(tenant.pk)
    return groups


@pytest.mark.django_db
def test_the_owner_of_a_busy_group_is_asked_once_and_the_digest_is_ready_to_post(
    busy: Any, tenant: Tenant, frozen: MovableClock
) -> None:
    assert [digests_bring_up(tenant=tenant) for _turn in range(2)] == [1, 1]
    item = WorkItem.objects.get(source_kind=SOURCE)
    assert (item.group_id, item.staff_id) == (busy[0].pk, busy[0].owner_id)
    assert "digest=2026-03-01" in item.url
    found = digest_of(tenant=tenant, group=busy[0], day=DAY)
    assert (found.messages, found.people, found.staff_messages) == (101, 2, 1)
    words = digest_words(found)
    assert "https://example.com/live" in words
    assert "明天几点上课？" in words
    work_items_close(
        tenant_id=tenant.pk, source_kind=SOURCE, source_ids=[busy[0].pk], state="done", by="林晓"
    )
    digests_bring_up(tenant=tenant)
    assert WorkItem.objects.get(source_kind=SOURCE).state == "done"
    frozen.move(days=1)
    digests_bring_up(tenant=tenant)
    assert WorkItem.objects.filter(source_kind=SOURCE, state="open").count() == 0


@pytest.mark.django_db
def test_the_limit_is_the_companys_and_the_page_leads_to_the_next_slot(busy: Any, tenant: Tenant) -> None:
    Preference.objects.create(tenant=tenant, key=DIGEST_FROM.key, value=99)
    assert digests_bring_up(tenant=tenant) == 2
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    page = web.get(f"/t/{tenant.slug}/groups/{busy[0].pk}/?tab=chat&digest=2026-03-01").content.decode()
    assert "https://example.com/live" in page
    slot = f"/t/{tenant.slug}/library/week/{busy[0].pk}/slot/1-evening/?week=2026-03-02&digest=2026-03-01"
    assert slot.replace("&", "&amp;") in page
    assert "明天几点上课？" in web.get(slot, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.django_db
def test_without_an_archive_nobody_is_asked(tenant: Tenant, frozen: MovableClock, scoped: Tenant) -> None:
    lin = make_staff(tenant=tenant, app=make_app(tenant=tenant), userid="linxiao", name="林晓")
    make_group(tenant=tenant, app=lin.app, owner=lin, state="active", name="静群")
    assert digests_bring_up(tenant=tenant) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("confirmed", [True, False])
def test_a_digest_takes_the_next_free_slot_and_goes_out_at_once_where_the_week_is_confirmed(
    busy: Any, tenant: Tenant, confirmed: bool
) -> None:
    web, group, monday = Client(), busy[0], date(2026, 3, 2)
    web.force_login(User.objects.get(email="lin@example.com"))
    common = {"tenant": tenant, "group_id": group.pk, "monday": monday, "actor": SYSTEM}
    with tenant_scope(tenant):
        wish = SlotWish(content_type="value", title="晚上见", text="今晚带读。")
        for number in range(1, 8):
            slot_put(**common, place=(number, "evening"), wish=wish)
        if confirmed:
            week_confirm(**common)
    base = f"/t/{tenant.slug}/library/week/{group.pk}/slot"
    opened = web.get(f"{base}/1-evening/?week=2026-03-02&digest=2026-03-01", follow=True)
    ((where, _status),) = opened.redirect_chain
    assert where == f"{base}/2-morning/?week=2026-03-02&digest=2026-03-01"
    said = {
        name: opened.context["form"].initial.get(name) or ""
        for name in ("content_type", "title", "text", "staff")
    }
    assert "明天几点上课？" in said["text"]
    web.post(where, {**said, "channel": "group_forward"})
    with tenant_scope(tenant):
        assert PushSlot.objects.filter(title=said["title"], number=2, slot="morning").exists()
        planned = set(Touch.objects.filter(state="planned").values_list("step__title", flat=True))
        assert planned == ({"晚上见", said["title"]} if confirmed else set())
