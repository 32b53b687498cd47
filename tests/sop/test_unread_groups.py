"""A group whose members nobody has read yet: what a run would ask of its people is unknown, and never a zero."""

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client

from groups.models import Group, Member
from sop.selectors.flights import MEMBERS_ASSUMED, flight_default
from sop.selectors.preview import run_preview
from sop.services.estimates import step_estimate
from sop.services.planning import plan_apply
from tenants import clock
from tenants.models import User
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
STEP = {"key": "hello", "channel": "group_mass", "text": "早上好", "at": time(10, 0)}
UNKNOWN = "members not known yet"


@pytest.fixture
def made(camp: Callable[..., Camp]) -> Camp:
    """Two groups of three customers; WeCom knows the second, and nobody has read who sits in it."""
    made = camp(steps=[STEP], groups=2, people=3)
    Group.objects.filter(pk=made.groups[0].pk).update(customer_count=3, staff_count=1)
    unread(made.groups[1])
    made.groups = list(Group.objects.order_by("pk"))
    return made


def unread(group: Group) -> None:
    Member.objects.filter(group=group).delete()
    Group.objects.filter(pk=group.pk).update(synced_at=None, customer_count=0, staff_count=0)


@pytest.fixture
def page(made: Camp) -> Callable[..., str]:
    """page("runs/new/") -> the words of a page of SOPs, in English."""
    User.objects.update(language="en")
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))

    def read(path: str, post: dict[str, Any] | None = None) -> str:
        url = f"/t/{made.tenant.slug}/sop/{path}"
        answer = client.get(url) if post is None else client.post(url, post, headers={"hx-request": "true"})
        assert answer.status_code == 200
        return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())

    return read


def test_starting_a_run_says_whose_people_are_unknown_and_what_to_do(
    made: Camp, page: Callable[..., str]
) -> None:
    form = page("runs/new/")
    assert "启蒙01群 · 林晓 · 3 people" in form
    assert f"启蒙02群 · 林晓 · {UNKNOWN}" in form
    asked = {
        "version": made.version.pk,
        "starts_on": (made.run.starts_on + timedelta(days=40)).isoformat(),
        "groups": [one.pk for one in made.groups],
    }
    both = page("runs/new/preview/", post=asked)
    assert "People 3 Unknown in 1 group, whose members were not read from WeCom yet: 启蒙02群" in both
    assert "Check the connection" in both
    alone = page("runs/new/preview/", post={**asked, "groups": [made.groups[1].pk]})
    assert "People – Unknown in 1 group" in alone
    assert "People 0" not in alone
    read = page("runs/new/preview/", post={**asked, "groups": [made.groups[0].pk]})
    assert "People 3 Touches" in read


def test_an_empty_group_that_was_read_is_a_zero(made: Camp) -> None:
    Group.objects.filter(pk=made.groups[1].pk).update(synced_at=clock.now())
    preview = run_preview(
        tenant=made.tenant,
        version=made.version,
        groups=[Group.objects.get(pk=made.groups[1].pk)],
        starts_on=made.run.starts_on,
        offer_ends_at=None,
    )
    assert (preview.people, preview.unknown) == (0, [])


@pytest.mark.parametrize("path", ["", "runs/{run}/"])
def test_calendars_say_that_it_is_unknown(made: Camp, page: Callable[..., str], path: str) -> None:
    plan_apply(tenant=made.tenant, run=made.run)
    shown = page(path.format(run=made.run.pk) or "calendar/")
    row = shown[shown.index("启蒙02群 林晓 ·") :]
    assert row.startswith(f"启蒙02群 林晓 · {UNKNOWN}")
    assert "启蒙01群 林晓 · 3 people" in shown


def test_the_planner_has_no_number_for_people_nobody_knows(made: Camp, page: Callable[..., str]) -> None:
    plan_apply(tenant=made.tenant, run=made.run)
    shown = page("planner/")
    people = re.findall(r"(启蒙0[12]群) (\d+|–) \d", shown)
    assert dict(people) == {"启蒙01群": "3", "启蒙02群": "–"}


def test_an_estimate_leaves_out_whom_nobody_knows_and_says_so(made: Camp, page: Callable[..., str]) -> None:
    found = step_estimate(tenant=made.tenant, version=made.version, step=made.step, groups=made.groups)
    assert (found.people, found.unknown) == (3, ("启蒙02群",))
    typed = {
        "title": "早", "anchor": "run_start", "day": "1", "at": "10:00", "offset_minutes": "0", "window_minutes": "60",
        "catch_up": "skip", "channel": "group_mass", "audience": "members", "content_type": "norms", "role": "owner",
        "evidence": "note", "on_block": "drop", "cost_minutes": "5",
    }  # fmt: skip
    path = f"versions/{made.version.pk}/estimate/"
    assert "Not counted: 1 group whose members were not read yet." in page(path, post=typed)
    alone = page(path, post={**typed, "estimate_groups": [made.groups[1].pk]})
    assert "– Nobody knows yet who sits in these groups" in alone


def test_a_trial_flight_starts_from_the_groups_that_were_read(made: Camp) -> None:
    both = flight_default(tenant=made.tenant, groups=made.groups)
    alone = flight_default(tenant=made.tenant, groups=made.groups[1:])
    assert (both["members"], alone["members"]) == (3, MEMBERS_ASSUMED)
