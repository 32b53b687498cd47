"""Join plays (R80): who gets something for joining, who does not and why, and what leaving takes back."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import AwardState, PrizeKind
from campaigns.enums.joining import JoinReason
from campaigns.errors import CampaignFixed, CampaignInvalid
from campaigns.handlers import on_join_left, on_join_members, on_join_tasks
from campaigns.models import Award, DrawGrant, Entrant, Joiner, JoinPlay, Payout
from campaigns.policies.joining import Joined, is_in_time, leaves_early, refusal
from campaigns.selectors.joining import join_of, token_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone, campaign_set_place
from campaigns.services.joiners import joiners_settle, tenants_with_joiners_due
from campaigns.services.joining import JoinWish, join_remove, join_set
from campaigns.services.life import campaign_pause, campaign_start
from campaigns.services.lottery import LotteryWish, lottery_set
from campaigns.services.payouts import payouts_run
from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.personal import erasure_ask, erasure_run
from groups.events import MemberJoined
from groups.models import Member
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope, unscoped
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customer_tag, make_customers, make_tag
from tests.factories.groups import make_group, make_member
from tests.factories.joins import BOOK, PACKET, joins, leaves, make_join
from tests.factories.team import make_staff
from tests.parallel import in_parallel

WORKERS = 40
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _does(tenant: Tenant, person: Any, kind: str = "form", **fields: Any) -> None:
    """The person does something, and the others are told."""
    item = BehaviourItem(
        event_id=f"{kind}:{person.pk}", kind=kind, occurred_at=clock.now(), customer_id=person.pk, **fields
    )
    behaviour_record_many(tenant_id=tenant.pk, source="test", items=[item])
    on_join_tasks(
        tenant_id=tenant.pk,
        events=[
            BehavioursRecorded(
                tenant_id=tenant.pk, occurred_at=clock.now(), customer_ids=[person.pk], behaviour_ids=[], kinds=[kind],
                first_at=clock.now(), last_at=clock.now(),
            )
        ],
    )  # fmt: skip


def _reasons() -> dict[str, str]:
    return {str(one.customer or one.staff): one.reason for one in Joiner.objects.filter(state="missed")}


def test_whoever_joins_gets_a_red_packet_at_once_and_is_paid_once(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(tenant=scope, owner=owner)
    new = make_customer(tenant=scope, name="朵朵妈妈")
    event = joins(tenant=scope, group=played.group, people=[new])
    on_join_members(tenant_id=scope.pk, events=[event, event])
    payouts_run(tenant=scope)
    award = Award.objects.get()
    assert (award.customer_id, award.state, award.source, award.amount_fen) == (new.pk, "given", "join", 288)
    assert Payout.objects.get().state == "paid"
    assert Joiner.objects.get().state == "got"
    assert unbalanced(tenant_id=scope.pk) == []


def test_each_who_gets_nothing_is_listed_with_the_reason(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _play = make_join(tenant=scope, owner=owner, prizes=[("进群红包", PrizeKind.RED_PACKET, 288, 3)])
    other = make_group(tenant=scope, app=played.group.app)
    before = played.people[0]
    Member.objects.filter(customer=before).update(left_at=clock.now())
    first = make_customer(tenant=scope, name="第一")
    second = make_customer(tenant=scope, name="第二", person=first)
    tagged = make_customer(tenant=scope, name="羊毛")
    make_customer_tag(tenant=scope, customer=tagged, tag=make_tag(tenant=scope, name="羊毛党"))
    gone = make_customer(tenant=scope, name="走了")
    staff = make_staff(tenant=scope, name="小陈")
    for person in (before, first, second, tagged):
        joins(tenant=scope, group=played.group, people=[person], staff=[staff])
    joins(tenant=scope, group=other, people=[make_customer(tenant=scope, name="别的群")])
    make_member(group=played.group, customer=gone, joined_at=clock.now(), left_at=clock.now())
    event = MemberJoined(
        tenant_id=scope.pk, occurred_at=clock.now(), group_id=played.group.pk, customer_ids=[gone.pk], staff_ids=[],
        joined_at=clock.now(),
    )  # fmt: skip
    on_join_members(tenant_id=scope.pk, events=[event])
    crowd = make_customers(tenant=scope, count=3)
    joins(tenant=scope, group=played.group, people=crowd)
    told = _reasons()
    assert {told.pop(str(one)) for one in crowd if str(one) in told} == {"stock"}
    assert told == {
        "豆豆妈妈": "before", "第二": "same", "羊毛": "barred", "走了": "left", "小陈": "staff",
    }  # fmt: skip
    assert Award.objects.count() == 3
    assert Award.objects.filter(customer=first).exists()


def test_joining_before_the_start_or_after_the_end_gives_nothing(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _play = make_join(tenant=scope, owner=owner)
    frozen.move(days=8)
    joins(tenant=scope, group=played.group, people=[make_customer(tenant=scope)])
    assert not Joiner.objects.exists()
    assert not Award.objects.exists()


def test_the_task_done_in_time_gives_the_prize_and_done_too_late_nothing(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task")
    quick, late, other = make_customers(tenant=scope, count=3)
    joins(tenant=scope, group=played.group, people=[quick, late, other])
    assert Counter(Joiner.objects.values_list("state", flat=True)) == {"waiting": 3}
    _does(scope, quick, "checkin")
    assert not Award.objects.exists()
    frozen.move(hours=5)
    _does(scope, quick)
    _does(scope, quick)
    assert Award.objects.get().customer == quick
    frozen.move(days=3)
    with unscoped("the tick"):
        assert tenants_with_joiners_due() == [scope.pk]
    joiners_settle(tenant=scope)
    assert set(Joiner.objects.filter(state="missed").values_list("reason", flat=True)) == {"late"}
    _does(scope, late)
    assert Award.objects.count() == 1
    with unscoped("the tick"):
        assert tenants_with_joiners_due() == []


def test_a_message_counts_in_the_campaigns_groups_only_and_by_any_record(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task", wish={"task": "message"})
    here, elsewhere = make_customers(tenant=scope, count=2)
    joins(tenant=scope, group=played.group, people=[here, elsewhere])
    again = make_customer(tenant=scope, person=here)
    _does(scope, elsewhere, "message", group_id=make_group(tenant=scope).pk)
    _does(scope, again, "message", group_id=played.group.pk)
    assert [one.customer_id for one in Award.objects.all()] == [here.pk]


def test_leaving_before_the_stay_is_over_takes_back_what_was_not_handed_over(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task")
    early, late, idle = make_customers(tenant=scope, count=3)
    joins(tenant=scope, group=played.group, people=[early, late, idle])
    _does(scope, early)
    _does(scope, late)
    event = leaves(tenant=scope, group=played.group, people=[early, idle], days=1)
    on_join_left(tenant_id=scope.pk, events=[event])
    leaves(tenant=scope, group=played.group, people=[late], days=3)
    told = {one.customer_id: (one.state, one.reason) for one in Joiner.objects.all()}
    assert told == {early.pk: ("back", "left"), late.pk: ("got", ""), idle.pk: ("missed", "left")}
    assert Award.objects.get(customer=early).state == AwardState.RETURNED
    assert Award.objects.get(customer=late).state == AwardState.HELD
    assert unbalanced(tenant_id=scope.pk) == []


def test_what_is_paid_stays_paid_and_moving_to_another_group_is_no_leaving(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _play = make_join(tenant=scope, owner=owner)
    paid, unpaid = make_customers(tenant=scope, count=2)
    joins(tenant=scope, group=played.group, people=[paid])
    payouts_run(tenant=scope)
    joins(tenant=scope, group=played.group, people=[unpaid])
    make_member(group=played.group, customer=make_customer(tenant=scope, person=unpaid))
    leaves(tenant=scope, group=played.group, people=[paid, unpaid])
    assert Joiner.objects.get(customer=paid).reason == JoinReason.LEFT_PAID
    assert Award.objects.get(customer=paid).state == AwardState.GIVEN
    assert Joiner.objects.get(customer=unpaid).left_at is None
    assert Award.objects.get(customer=unpaid).state == AwardState.PAYING


def test_joining_gives_draws_and_leaving_takes_back_those_not_drawn(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(
        tenant=scope,
        owner=owner,
        kind="draws",
        prizes=BOOK,
        is_started=False,
        wish={"prize_id": None, "draws": 2},
    )
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    lottery_set(
        **who, wish=LotteryWish(kind="grid", free_draws=0, draws_most=5, odds={played.prizes[0].pk: 10_000})
    )
    campaign_start(**who)
    stays, goes = make_customers(tenant=scope, count=2)
    event = joins(tenant=scope, group=played.group, people=[stays, goes])
    on_join_members(tenant_id=scope.pk, events=[event])
    assert dict(Entrant.objects.values_list("customer_id", "granted")) == {stays.pk: 2, goes.pk: 2}
    leaves(tenant=scope, group=played.group, people=[goes])
    assert dict(Entrant.objects.values_list("customer_id", "granted")) == {stays.pk: 2, goes.pk: 0}
    assert set(DrawGrant.objects.values_list("reason", flat=True)) == {"join"}
    assert Joiner.objects.get(customer=goes).state == "back"


def test_in_a_break_nothing_is_given_and_it_is_made_up_for_after_it(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(tenant=scope, owner=owner)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    campaign_pause(**who, is_paused=True)
    joins(tenant=scope, group=played.group, people=[make_customer(tenant=scope)])
    joiners_settle(tenant=scope)
    assert (Joiner.objects.get().state, Award.objects.count()) == ("waiting", 0)
    with unscoped("the tick"):
        assert tenants_with_joiners_due() == []
    campaign_pause(**who, is_paused=False)
    joiners_settle(tenant=scope)
    assert (Joiner.objects.get().state, Award.objects.count()) == ("got", 1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_joins_at_once_told_twice_stay_within_the_budget_and_one_a_person(
    tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        played, _play = make_join(
            tenant=tenant,
            owner=owner,
            prizes=[("进群红包", PrizeKind.RED_PACKET, 300, 500)],
            budget_fen=30_000,
        )
        people = make_customers(tenant=tenant, count=100)
        doubles = [make_customer(tenant=tenant, person=one) for one in people]
        now = clock.now()
        events = []
        for one in [*people, *doubles]:
            make_member(group=played.group, customer=one, joined_at=now)
            events.append(
                MemberJoined(
                    tenant_id=tenant.pk, occurred_at=now, group_id=played.group.pk, customer_ids=[one.pk], staff_ids=[],
                    joined_at=now,
                )
            )  # fmt: skip
        extra = make_customers(tenant=tenant, count=40)
        for one in extra:
            make_member(group=played.group, customer=one, joined_at=now)
        events.append(
            MemberJoined(
                tenant_id=tenant.pk, occurred_at=now, group_id=played.group.pk,
                customer_ids=[one.pk for one in extra], staff_ids=[], joined_at=now,
            )
        )  # fmt: skip

    told_twice = [*events, *reversed(events)]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            for event in told_twice[number::WORKERS]:
                with transaction.atomic():
                    on_join_members(tenant_id=tenant.pk, events=[event])

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        assert Award.objects.count() == 100  # 30,000 fen hold exactly a hundred
        given = Counter(
            (one.customer.person_id or one.customer_id) for one in Award.objects.select_related("customer")
        )
        assert set(given.values()) == {1}
        told = Counter(Joiner.objects.values_list("state", "reason"))
        assert told == {("got", ""): 100, ("missed", "same"): 100, ("missed", "budget"): 40}
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"kind": "packet"}, {"kind": "draws", "draws": 0}, {"kind": "draws", "draws": 21}, {"task": "x"},
        {"stay_days": -1}, {"stay_days": 31}, {"task_days": 0}, {"prize_id": 0},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, wish: dict[str, Any]) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task", is_started=False)
    whole = {"kind": "task", "task": "form", "prize_id": played.prizes[0].pk, **wish}
    with pytest.raises(CampaignInvalid):
        join_set(tenant=scope, campaign_id=played.campaign.pk, wish=JoinWish(**whole), actor=owner)
    assert JoinPlay.objects.get().stay_days == 3


def test_a_started_one_is_fixed_in_the_database_too_and_a_copy_takes_it_along(
    scope: Tenant, owner: Actor
) -> None:
    played, play = make_join(tenant=scope, owner=owner)
    wish = JoinWish(kind="packet", prize_id=played.prizes[0].pk, stay_days=30)
    for act in (lambda who: join_set(**who, wish=wish), lambda who: join_remove(**who)):
        with pytest.raises(CampaignFixed):
            act({"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner})
    for statement in ("update campaigns_joinplay set stay_days = 30", "delete from campaigns_joinplay"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    copy = join_of(campaign=campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner))
    assert copy is not None
    assert copy.prize is not None
    assert (copy.pk == play.pk, copy.kind, copy.prize.campaign_id == played.campaign.pk) == (
        False,
        "packet",
        False,
    )


def test_the_list_names_nobody_who_was_erased(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(tenant=scope, owner=owner)
    new = make_customer(tenant=scope, name="朵朵妈妈")
    joins(tenant=scope, group=played.group, people=[new])
    asked = erasure_ask(tenant=scope, customer_id=new.pk, typed="朵朵妈妈", reason="本人要求", actor=owner)
    erasure_run(tenant=scope, erasure_id=asked.pk)
    assert "朵朵妈妈" not in str(Joiner.objects.get().customer)
    assert unbalanced(tenant_id=scope.pk) == []


def test_the_phone_page_says_what_is_left_to_do_and_why_not(scope: Tenant, owner: Actor) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task")
    home = page_path(token_of(played.campaign))
    new = make_customer(tenant=scope, name="朵朵妈妈")

    def said(person: Any) -> str:
        return phone_of(played.group.app, external=person.external_userid).get(home).content.decode()

    assert "面向活动群成员" in said(new) or "群成员" in said(new)
    joins(tenant=scope, group=played.group, people=[new])
    page = said(new)
    assert "填写入营问卷" in page
    assert "https://form.example.com/1" in page
    _does(scope, new)
    assert "归你了：分级绘本一本" in said(new)
    assert "你之前就在" in said(played.people[0])
    leaves(tenant=scope, group=played.group, people=[new])
    make_member(group=played.group, customer=new)
    assert "已收回" in said(new)
    assert phone_of(played.group.app, external=new.external_userid).post(home).status_code == 404


def test_an_operator_sets_it_up_and_sees_who_got_nothing_and_why(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, _play = make_join(tenant=scope, owner=owner, is_started=False, prizes=[*PACKET, *BOOK])

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("join") in client.get(url("step", step="play")).text
    packet, book = played.prizes
    refused = client.post(url("join"), {"kind": "packet", "prize": book.pk, "stay_days": 3})
    assert (refused.status_code, "必须是红包" in refused.text) == (422, True)
    assert client.post(url("join"), {"kind": "draws", "draws": 2, "stay_days": 3}).status_code == 302
    assert "CAMP-20" in client.get(url("detail")).text
    assert client.post(url("join"), {"kind": "packet", "prize": packet.pk, "stay_days": 5}).status_code == 302
    assert JoinPlay.objects.get().stay_days == 5
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    joins(tenant=scope, group=played.group, people=[make_customer(tenant=scope, name="朵朵妈妈")],
          staff=[make_staff(tenant=scope, name="小陈")])  # fmt: skip
    page = client.get(url("join")).text
    assert "朵朵妈妈" in page
    assert "是同事" in page
    rows = client.get(url("joiners"), {"reason": "staff"}).text
    assert "小陈" in rows
    assert "朵朵妈妈" not in rows
    assert client.post(url("join"), {"kind": "packet", "prize": packet.pk, "stay_days": 9}).status_code == 409


def test_many_joins_into_many_plays_take_a_constant_number_of_statements_beside_the_prizes(
    scope: Tenant, owner: Actor, django_assert_max_num_queries: Any
) -> None:
    played, _play = make_join(tenant=scope, owner=owner, kind="task")
    alone, people = make_customers(tenant=scope, count=1), make_customers(tenant=scope, count=30)
    with django_assert_max_num_queries(1 + 22) as few:  # one statement seats a person
        joins(tenant=scope, group=played.group, people=alone)
    for _number in range(3):
        more, _play = make_join(tenant=scope, owner=owner, kind="task", is_started=False)
        campaign_set_place(
            tenant=scope, campaign_id=more.campaign.pk, group_ids=[more.group.pk, played.group.pk],
            starts_at=more.campaign.starts_at, ends_at=more.campaign.ends_at, actor=owner,
        )  # fmt: skip
        campaign_start(tenant=scope, campaign_id=more.campaign.pk, actor=owner)
    with django_assert_max_num_queries(len(few.captured_queries) - 1 + len(people)):
        joins(tenant=scope, group=played.group, people=people)
    assert Joiner.objects.filter(state="waiting").count() == 1 + 4 * 30
    for one in people[:2]:
        _does(scope, one)
    assert Joiner.objects.filter(state="got").count() == 4 * 2
    phone = phone_of(played.group.app, external=people[0].external_userid)
    home = page_path(token_of(played.campaign))
    phone.get(home)
    with django_assert_max_num_queries(18):
        phone.get(home)


@given(
    staff=st.booleans(), tagged=st.booleans(), part=st.booleans(), before=st.booleans(), inside=st.booleans()
)
def test_only_a_newcomer_who_stays_gets_something(
    staff: bool, tagged: bool, part: bool, before: bool, inside: bool
) -> None:
    found = refusal(Joined(is_staff=staff, is_barred=tagged, has_part=part, before=before, is_inside=inside))
    assert (found is None) == (inside and not (staff or tagged or part or before))


@given(days=st.integers(0, 30), hours=st.integers(0, 24 * 40), until=st.integers(0, 24 * 40))
def test_who_leaves_on_the_last_second_of_the_stay_keeps_it(days: int, hours: int, until: int) -> None:
    joined = datetime(2026, 11, 1, tzinfo=UTC)
    at, end = joined + timedelta(hours=hours), joined + timedelta(hours=until)
    assert leaves_early(joined, at, days) == (hours < 24 * days)
    assert not leaves_early(joined, joined + timedelta(days=days), days)
    assert is_in_time(at, joined, end) == (hours < until)
    assert not is_in_time(joined - timedelta(seconds=1), joined, end)
    assert BehaviourKind.FORM
