"""Real processes race on the same people: no cap and no quota is passed, and the second count agrees."""

import contextlib
import multiprocessing
import threading
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from django.db import connections, transaction

from contacts.models import Exposure, ExposureDay
from contacts.services.identity import customers_merge
from groups.services.own_sends import own_sends_count
from sop.models import Touch, TouchProof, TouchRecipient
from sop.services import dispatch
from sop.services.certificate import certificate_make
from sop.services.dispatch import claim, decide
from sop.services.own_planned import own_sends_early_look
from sop.services.planning import plan_apply
from sop.services.proving import messages_prove
from tenants.audit import SYSTEM
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import make_member
from tests.parallel import in_parallel
from tests.sop.conftest import Camp
from tests.sop.test_proofs import say
from tests.sop.test_services_dispatch import AT_10
from wecom.models import OwnReach, PersonalSend, QuotaEntry, QuotaRuleChange
from wecom.sending.own_reach import Told, reach_note

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
WORKERS, CAP = 4, 2
STEPS = [
    {"channel": "group_forward", "priority": 50},
    {"channel": "group_mass", "priority": 30},
    {"channel": "group_mass", "priority": 40},
    {"channel": "private_mass", "text": "早安", "priority": 10},
    {"channel": "staff_task", "text": "在吗", "priority": 60},
]


def _work(tenant_id: int, pairs: list[tuple[int, int]]) -> None:
    """Three rows at a time, as long as there are any; in between somebody finds out that two are one person."""
    connections.close_all()
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_scope(tenant):
        while token := claim(tenant_id=tenant_id, size=3):
            decide(tenant_id=tenant_id, token=token)
            if pairs:
                one, two = pairs.pop()
                customers_merge(tenant=tenant, goes_on_id=one, other_id=two, actor=SYSTEM, reason="同一个人")
    connections.close_all()


def test_processes_that_race_pass_no_cap_and_no_quota_and_the_certificate_agrees(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    made = camp(steps=STEPS, groups=6, people=4)
    for number, group in enumerate(made.groups):  # everybody sits in two groups
        for person in made.people[number - 1]:
            make_member(group=group, customer=person)
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=CAP)
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=date(2026, 1, 1))
    frozen.set(AT_10)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
    people = [one.pk for crowd in made.people for one in crowd]
    merges = list(zip(people[:12:2], people[12::2], strict=True))
    fork = multiprocessing.get_context("fork")
    connections.close_all()
    racers = [
        fork.Process(target=_work, args=(made.tenant.pk, merges[number::WORKERS]))
        for number in range(WORKERS)
    ]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert [one.exitcode for one in racers] == [0] * WORKERS
    assert not Touch.objects.filter(state__in=["planned", "claimed"]).exists()
    row = certificate_make(tenant=made.tenant, day=AT_10.date())
    assert (row.fault_count, row.faults) == (0, [])
    assert row.exposures
    days = list(ExposureDay.objects.values_list("count", flat=True))
    joined = {one for pair in merges for one in pair}
    alone = ExposureDay.objects.exclude(customer__in=joined).values_list("count", flat=True)
    assert max(alone) == CAP
    assert max(days) <= 2 * CAP  # two who were found to be one while it went on had a cap each until then
    sent = QuotaEntry.objects.values_list("receiver_id", flat=True)
    assert len(sent) == len(set(sent))


def test_what_colleagues_send_meanwhile_is_counted_once_beside_the_gate(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    made = camp(steps=[{"channel": "group_forward"}, {"channel": "group_mass"}], groups=4, people=3)
    for number, group in enumerate(made.groups):  # everybody sits in two groups
        for person in made.people[number - 1]:
            make_member(group=group, customer=person)
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=4)
    frozen.set(AT_10)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
        for number, group in enumerate(made.groups):
            reach_note(
                tenant_id=made.tenant.pk, kind="group", msgid=f"m{number}", sender="linxiao",
                told=[Told(group.chat_id, AT_10)],
            )  # fmt: skip
    heard = list(OwnReach.objects.order_by("pk").values_list("pk", flat=True))

    def work(number: int) -> None:
        with tenant_scope(made.tenant):
            if number < 2:
                while token := claim(tenant_id=made.tenant.pk, size=1):
                    decide(tenant_id=made.tenant.pk, token=token)
            else:  # told in two orders at once
                for one in heard if number == 2 else reversed(heard):
                    own_sends_count(tenant_id=made.tenant.pk, reach_ids=[one])

    in_parallel(4, work)
    row = certificate_make(tenant=made.tenant, day=AT_10.date())
    assert (row.fault_count, {one["kind"] for one in row.faults} - {"own_over"}) == (0, set())
    own = Exposure.objects.filter(touch_key__startswith="wecom.own:")
    assert own.count() == len(made.groups) * 6
    assert min(ExposureDay.objects.values_list("count", flat=True)) >= 2


def test_a_planned_message_sent_by_hand_is_matched_once_whoever_hears_of_it_first(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    words = "今晚八点直播，讲孩子怎样背单词不费劲，妈妈们记得来。"
    made = camp(steps=[{"channel": "staff_task", "text": words, "window_minutes": 60}], people=6)
    frozen.set(AT_10)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
        people = [one.external_userid for one in made.people[0]]
        app = made.groups[0].app
        PersonalSend.objects.create(
            tenant=made.tenant,
            app=app,
            msgid="m1",
            chat_type="single",
            creator="linxiao",
            words=words,
            made_at=AT_10,
        )
        reach_note(
            tenant_id=made.tenant.pk, kind="single", msgid="m1", sender="linxiao",
            told=[Told(one, AT_10) for one in people],
        )  # fmt: skip
        spoken = [
            say(made, "linxiao", words, to=(one,), number=number)
            for number, one in enumerate(people, start=1)
        ]
    heard = list(OwnReach.objects.order_by("pk").values_list("pk", flat=True))

    def work(number: int) -> None:
        with tenant_scope(made.tenant):
            if number < 2:
                while token := claim(tenant_id=made.tenant.pk, size=1):
                    decide(tenant_id=made.tenant.pk, token=token)
                own_sends_early_look(tenant_id=made.tenant.pk)
            elif number < 4:  # told in two orders at once
                for one in heard if number == 2 else reversed(heard):
                    own_sends_count(tenant_id=made.tenant.pk, reach_ids=[one])
            else:
                for one in spoken:
                    messages_prove(tenant_id=made.tenant.pk, app_id=app.pk, message_ids=[one])

    in_parallel(5, work)
    with tenant_scope(made.tenant):
        own_sends_early_look(tenant_id=made.tenant.pk)
    assert Touch.objects.get().state == "confirmed"
    assert list(ExposureDay.objects.values_list("count", flat=True)) == [1] * 6
    own = TouchProof.objects.filter(kind="own_send")
    assert (own.count(), own.values("customer").distinct().count()) == (6, 6)
    row = certificate_make(tenant=made.tenant, day=AT_10.date())
    assert (row.fault_count, row.faults) == (0, [])


def test_two_dispatchers_with_a_group_each_reach_who_sits_in_both_once(
    camp: Callable[..., Camp], frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = camp(steps=[{"channel": "private_mass", "text": "早安", "at": time(10, 0)}], groups=2, people=1)
    both = made.people[0][0]
    make_member(group=made.groups[1], customer=both)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    tokens = [claim(tenant_id=made.tenant.pk, size=1) for _number in range(2)]
    meet, ask = threading.Barrier(2), dispatch.gate_decide

    def at_the_gate(**asked: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(1)  # who is kept waiting before does not come in time
        return ask(**asked)

    monkeypatch.setattr(dispatch, "gate_decide", at_the_gate)

    def work(number: int) -> None:
        with tenant_scope(made.tenant):
            decide(tenant_id=made.tenant.pk, token=tokens[number] or "")

    in_parallel(2, work)
    assert TouchRecipient.objects.filter(customer=both, state="planned").count() == 1
    assert Exposure.objects.filter(customer=both).count() == 1
