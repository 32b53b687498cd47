"""Whether questions were answered in time, as a figure of the rankings (R75, R127)."""

from datetime import timedelta

import pytest
from django.test import Client

from contacts.models import Question
from contacts.selectors.ranking import reply_cases, reply_cells, reply_lines
from team.models import Staff
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def ask(tenant: Tenant, number: int, frozen: MovableClock, **fields: object) -> Question:
    """Asked two days ago, due an hour later, answered as said."""
    asked_at = frozen.moment - 2 * DAY
    values = {"asked_at": asked_at, "due_at": asked_at + 60 * MINUTE, "is_private": True, **fields}
    return Question.objects.create(tenant=tenant, msgid=f"m{number}", message_id=number, **values)


@pytest.fixture
def people(tenant: Tenant) -> tuple[Staff, Staff]:
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="何静"), make_staff(tenant=tenant, name="周宁")


def asked(tenant: Tenant, people: tuple[Staff, Staff], frozen: MovableClock) -> None:
    friend, owner = people
    due = frozen.moment - 2 * DAY + 60 * MINUTE
    group = make_group(tenant=tenant, name="启蒙01群", owner=owner)
    ask(tenant, 1, frozen, staff=friend, replied_at=due - MINUTE, replied_by=friend)
    ask(tenant, 2, frozen, staff=friend, replied_at=due - MINUTE, replied_by=owner)  # a colleague was quicker
    ask(tenant, 3, frozen, staff=friend, replied_at=due, replied_by=friend)  # at that very moment it was late
    ask(tenant, 4, frozen, staff=friend)  # nobody answered
    ask(tenant, 5, frozen, staff=friend, closed_at=due - MINUTE, closed_as="no_need")
    ask(
        tenant, 6, frozen, staff=friend, closed_at=due + MINUTE, closed_as="no_need"
    )  # closed when it was late
    ask(tenant, 7, frozen, staff=friend, due_at=frozen.moment + DAY)  # not due yet
    ask(tenant, 8, frozen, staff=friend, due_at=frozen.moment - 40 * DAY)  # due before
    ask(tenant, 9, frozen, staff=friend, due_at=None)
    ask(tenant, 10, frozen, group=group, is_private=False, replied_at=due - MINUTE, replied_by=friend,
        customer=make_customers(tenant=tenant, count=1)[0])  # fmt: skip
    ask(tenant, 11, frozen, is_private=False, replied_at=due - MINUTE)  # nobody had to answer


def test_a_question_is_a_case_of_whoever_had_to_answer_once_its_answer_was_due(
    tenant: Tenant, people: tuple[Staff, Staff], frozen: MovableClock
) -> None:
    friend, owner = people
    with tenant_scope(tenant):
        asked(tenant, people, frozen)
        span = {"tenant": tenant, "since": frozen.moment - 30 * DAY, "until": frozen.moment}
        cells = {(one.staff_id, one.stratum): (one.hits, one.cases) for one in reply_cells(**span)}
        assert cells == {(friend.pk, "private"): (2, 5), (owner.pk, "group"): (1, 1)}
        for (staff_id, stratum), (hits, cases) in cells.items():
            of = {**span, "staff_id": staff_id, "stratum": stratum}
            found = [reply_cases(**of, hit=hit).count() for hit in (None, True, False)]
            assert found == [cases, hits, cases - hits]
        (line,) = reply_lines(tenant=tenant, rows=list(reply_cases(**span, staff_id=owner.pk)))
        assert (line.hit, line.detail) == (True, "启蒙01群")


def test_the_figure_stands_beside_the_others_and_its_cases_are_a_file(
    tenant: Tenant, people: tuple[Staff, Staff], frozen: MovableClock, client: Client
) -> None:
    friend, _owner = people
    with tenant_scope(tenant):
        asked(tenant, people, frozen)
        for number in range(20, 80):
            ask(tenant, number, frozen, staff=friend)
        user = make_user(name="主管")
        make_member(tenant=tenant, role="leader", user=user)
    client.force_login(user)
    base = f"/t/{tenant.slug}/team/"
    page = client.get(f"{base}ranking/?figure=service&days=30").text
    assert "首次答复" in page or "首次回复" in page
    assert "何静" in page
    cases = f"{base}{friend.pk}/ranking/service/"
    assert "?export=csv" in client.get(cases).text or "export=csv" in client.get(cases).text
    rows = (
        b"".join(client.get(cases, {"export": "csv", "days": "30"}).streaming_content).decode().splitlines()
    )
    assert len(rows) == 1 + 65  # the head, and all of them: a page shows fifty
    late = b"".join(client.get(cases, {"export": "csv", "days": "30", "hit": "1"}).streaming_content).decode()
    assert len(late.splitlines()) == 1 + 2
