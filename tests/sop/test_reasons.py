"""Why a touch stands as it does is read in each reader's language, whoever moved it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from sop.models import Touch
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.staff import touch_skip
from sop.services.state import touches_store
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import Preference
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CHINESE, ENGLISH = "zh-hans", "en"


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override(CHINESE):
        yield


def sent(camp: Make, frozen: MovableClock, **step: object) -> Touch:
    made = camp(steps=[{"at": time(10, 0), "channel": "group_forward", **step}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    dispatch_due(tenant_id=made.tenant.pk)
    return Touch.objects.get()


def read(touch: Touch) -> tuple[str, str]:
    """What a Chinese and an English reader see."""
    with translation.override(CHINESE):
        first = touch.reason
    with translation.override(ENGLISH):
        return first, touch.reason


def held(camp: Make, frozen: MovableClock) -> Touch:
    made = camp(steps=[{"at": time(10, 0), "channel": "group_forward", "window_minutes": 600}])
    Preference.objects.create(tenant=made.tenant, key="touch.group_per_day", value=0)
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    dispatch_due(tenant_id=made.tenant.pk)
    return Touch.objects.get()


def test_a_rules_reason_and_the_task_it_makes_are_read_in_either_language(
    camp: Make, frozen: MovableClock
) -> None:
    touch = held(camp, frozen)
    assert touch.rule_code == "GROUP-01"
    first, second = read(touch)
    assert first != second
    assert second == "The group has had its messages of the day"
    item = WorkItem.objects.get(source_kind="sop.blocked")
    with translation.override(ENGLISH):
        assert item.reason == second
    assert item.reason == first
    reader = sign_in(touch.tenant)  # an English console
    assert second in body(reader.get(f"/t/{touch.tenant.slug}/sop/touches/"))
    assert second in body(reader.get(f"/t/{touch.tenant.slug}/sop/touches/{touch.pk}/"))


def test_what_the_words_themselves_were_is_said_in_either_language(camp: Make, frozen: MovableClock) -> None:
    touch = sent(camp, frozen, text="稳赚不赔，今晚见")
    assert (touch.state, touch.rule_code) == ("blocked", "WORDS-01")
    first, second = read(touch)
    assert second.startswith("It holds words that may not be sent:")
    assert not first.isascii()
    assert "It holds" not in first


def test_what_a_person_wrote_stays_as_it_was_written(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0)}])
    plan_apply(tenant=made.tenant, run=made.run)
    touch_skip(
        tenant=made.tenant, touch_id=Touch.objects.get().pk, reason="The group has ended", actor=SYSTEM
    )
    first, second = read(Touch.objects.get())
    assert first == second
    assert second.endswith(": The group has ended")


def test_a_reader_of_another_language_does_not_change_what_is_kept(camp: Make, frozen: MovableClock) -> None:
    held(camp, frozen)
    kept = Touch.objects.values_list("reason", flat=True).get()
    with translation.override(ENGLISH):
        again = Touch.objects.select_related("step").get()
        touches_store([again])
        again.save()
    assert Touch.objects.values_list("reason", flat=True).get() == kept


def test_reading_a_reason_costs_no_query(camp: Make, frozen: MovableClock) -> None:
    held(camp, frozen)
    narrow = Touch.objects.only("pk", "reason", "tenant").get()
    with CaptureQueriesContext(connection) as asked:
        assert narrow.reason
    assert len(asked) == 0
