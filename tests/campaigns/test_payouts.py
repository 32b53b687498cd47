"""Red packets are paid once, whatever dies in between, and what has no answer is asked about."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from campaigns.enums import AccountKind, AwardState, PayoutState, PrizeKind, Unit
from campaigns.errors import AwardPaid, AwardSettled, PaymentRefused, PaymentUnknown, ReasonMissing
from campaigns.models import Account, Award, Entry, Payout, SandboxPayment
from campaigns.selectors.ledger import unbalanced
from campaigns.services import paying
from campaigns.services.awards import award_by_hand, award_take_back
from campaigns.services.payouts import payout_again, payout_by_hand, payouts_run, reconcile
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.parallel import PATIENCE_S, in_parallel
from tests.reliability import killing
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PACKET = [("小红包", PrizeKind.RED_PACKET.value, 10_000, 20)]


@pytest.fixture
def played(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Iterator[Played]:
    with tenant_scope(tenant):
        yield make_campaign(tenant=tenant, actor=owner, prizes=PACKET)


def _give(tenant: Tenant, played: Played, owner: Actor, key: str = "1") -> Award:
    return award_by_hand(
        tenant=tenant, campaign_id=played.campaign.pk, prize_id=played.prizes[0].pk,
        customer_id=played.people[0].pk, key=key, note="群满 50", actor=owner,
    )  # fmt: skip


def _spent() -> int:
    return Account.objects.get(kind=AccountKind.SPENT, unit=Unit.FEN).balance


def test_a_red_packet_is_set_aside_then_paid_and_stands_in_the_ledger(
    tenant: Tenant, owner: Actor, played: Played
) -> None:
    award = _give(tenant, played, owner)
    assert (award.state, _spent()) == (AwardState.PAYING, 0)
    assert payouts_run(tenant=tenant) == 1
    assert payouts_run(tenant=tenant) == 0
    award.refresh_from_db()
    payout = Payout.objects.get()
    assert (award.state, payout.state, _spent()) == (AwardState.GIVEN, PayoutState.PAID, 10_000)
    assert SandboxPayment.objects.get().number == payout.number
    reasons = list(Entry.objects.filter(award_id=award.pk).order_by("pk").values_list("unit", "reason"))
    assert reasons == [("pieces", "held"), ("fen", "held"), ("pieces", "spent"), ("fen", "spent")]
    done = reconcile(tenant=tenant, campaign_id=played.campaign.pk)
    assert (done.compared, done.paid_fen, done.differences) == (1, 10_000, [])


def test_a_service_without_an_answer_is_asked_about_later_and_pays_once(
    tenant: Tenant, owner: Actor, played: Played, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    award = _give(tenant, played, owner)
    real = paying.Sandbox.pay

    def pays_and_says_nothing(self: paying.Sandbox, **named: Any) -> paying.Receipt:
        real(self, **named)
        raise PaymentUnknown

    with monkeypatch.context() as patch:
        patch.setattr(paying.Sandbox, "pay", pays_and_says_nothing)
        assert payouts_run(tenant=tenant) == 0
        with pytest.raises(AwardPaid):
            award_take_back(tenant=tenant, award_id=award.pk, reason="算了", actor=owner)
        with pytest.raises(AwardSettled):
            payout_by_hand(tenant=tenant, award_id=award.pk, reference="T1", actor=owner)
        assert reconcile(tenant=tenant, campaign_id=played.campaign.pk).differences[0].theirs == 10_000
        assert payouts_run(tenant=tenant) == 0, "too early to ask again"
    frozen.move(seconds=61)
    assert payouts_run(tenant=tenant) == 1
    assert (SandboxPayment.objects.count(), _spent()) == (1, 10_000)


def test_a_refused_payment_says_why_and_is_asked_again_or_paid_outside_or_taken_back(
    tenant: Tenant, owner: Actor, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    awards = [_give(tenant, played, owner, key) for key in "abc"]

    def refuses(self: paying.Sandbox, **named: Any) -> paying.Receipt:
        raise PaymentRefused("账户未实名")

    with monkeypatch.context() as patch:
        patch.setattr(paying.Sandbox, "pay", refuses)
        payouts_run(tenant=tenant)
    assert list(Payout.objects.values_list("state", "error")) == [(PayoutState.REFUSED, "账户未实名")] * 3
    assert _spent() == 0
    payout_again(tenant=tenant, award_id=awards[0].pk, actor=owner)
    assert payouts_run(tenant=tenant) == 1
    with pytest.raises(ReasonMissing):
        payout_by_hand(tenant=tenant, award_id=awards[1].pk, reference="  ", actor=owner)
    for _twice in range(2):
        payout_by_hand(tenant=tenant, award_id=awards[1].pk, reference="WX-88", actor=owner)
    with pytest.raises(AwardSettled):
        payout_by_hand(tenant=tenant, award_id=awards[1].pk, reference="other", actor=owner)
    award_take_back(tenant=tenant, award_id=awards[2].pk, reason="退群", actor=owner)
    assert _spent() == 20_000
    states = list(Award.objects.order_by("pk").values_list("state", flat=True))
    assert states == [AwardState.GIVEN, AwardState.GIVEN, AwardState.RETURNED]
    assert payouts_run(tenant=tenant) == 0
    assert unbalanced(tenant_id=tenant.pk) == []


def test_without_a_service_nothing_is_paid_until_a_person_says_so(
    tenant: Tenant, owner: Actor, played: Played, settings: Any
) -> None:
    settings.PAYMENTS = "hand"
    award = _give(tenant, played, owner)
    assert payouts_run(tenant=tenant) == 0
    assert (Payout.objects.get().state, SandboxPayment.objects.count()) == (PayoutState.DUE, 0)
    payout_by_hand(tenant=tenant, award_id=award.pk, reference="WX-1", actor=owner)
    assert (_spent(), Payout.objects.get().reference) == (10_000, "WX-1")


def test_an_installation_pays_by_hand_unless_it_is_told_otherwise() -> None:
    from scrm import env  # noqa: PLC0415 - what the settings read

    assert django_settings.PAYMENTS == "sandbox"
    assert env.text("QUNCE_PAYMENTS_NOT_SET", "hand") == "hand"


def test_a_difference_from_the_services_book_is_found(tenant: Tenant, owner: Actor, played: Played) -> None:
    award = _give(tenant, played, owner)
    payout = Payout.objects.get(award=award)
    SandboxPayment.objects.create(tenant=tenant, number=payout.number, amount_fen=9_999, reference="X")
    payouts_run(tenant=tenant)
    payout.refresh_from_db()
    assert payout.state == PayoutState.REFUSED
    found = reconcile(tenant=tenant, campaign_id=played.campaign.pk).differences
    assert [(one.ours, one.theirs) for one in found] == [(None, 9_999)]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_payers_at_once_pay_each_packet_once(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=PACKET)
        for number in range(12):
            _give(tenant, played, owner, str(number))

    def work(_number: int) -> None:
        with tenant_scope(tenant):
            payouts_run(tenant=tenant)

    in_parallel(8, work)
    with tenant_scope(tenant):
        assert SandboxPayment.objects.count() == 12
        assert Award.objects.filter(state=AwardState.GIVEN).count() == 12
        assert _spent() == 120_000


@pytest.mark.django_db(transaction=True)
def test_a_prize_given_while_another_is_written_down_as_paid_waits_for_it_in_no_circle(
    tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=PACKET)
        _give(tenant, played, owner, "paid")
    is_given = threading.Event()

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number:
                assert is_given.wait(PATIENCE_S)
                payouts_run(tenant=tenant)
                return
            with transaction.atomic():
                _give(tenant, played, owner, "given")
                is_given.set()
                wait_until(_somebody_waits, "the payer waits for the books")

    in_parallel(2, work)
    with tenant_scope(tenant):
        paid, given = Award.objects.order_by("pk")
        assert (paid.state, given.state, _spent()) == (AwardState.GIVEN, AwardState.PAYING, 10_000)


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_locks join pg_stat_activity using (pid)"
            " where not granted and datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("stand_at", "after"),
    [
        ("campaigns.services.payouts:_paid", False),  # claimed, not yet paid
        ("campaigns.services.payouts:_paid", True),  # paid, nothing recorded
        ("campaigns.services.payouts:award_move", True),  # in the middle of the record
        ("campaigns.services.payouts:payout_record", True),  # recorded
    ],
)
def test_a_payer_that_is_killed_anywhere_pays_once(
    tenant: Tenant, owner: Actor, stand_at: str, after: bool
) -> None:
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=PACKET)
        _give(tenant, played, owner)
        job = {"tenant_id": tenant.pk, "job": "campaigns.tasks:pay_tenant"}
        assert killing.kill_at(stand_at, after=after, **job)
        asked_at = Payout.objects.get().asked_at
        assert asked_at is not None
        Payout.objects.update(asked_at=asked_at - timedelta(minutes=2))
        killing.run(**job)
        killing.run(**job)
        assert (SandboxPayment.objects.count(), _spent()) == (1, 10_000)
        assert Payout.objects.get().state == PayoutState.PAID
        assert Award.objects.get().state == AwardState.GIVEN
        assert unbalanced(tenant_id=tenant.pk) == []
        assert reconcile(tenant=tenant, campaign_id=played.campaign.pk).differences == []
