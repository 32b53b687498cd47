"""Today by kind of thing, what each role looks to first, and who is told by other ways (R123, R124)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from leads.models import FollowUp, Lead
from leads.selectors.staff import minutes_noted
from sop.enums import STAFF_MINUTES_A_DAY
from sop.selectors.minutes import minutes_ahead
from team.models import Notice
from team.services import approval_ask, approval_decide, register_approval
from team.services.handover import Part, handover_run, register_part
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.services import preference_set
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group
from tests.factories.leads import make_camp
from tests.factories.sop import make_run, make_step, make_touch, make_version
from tests.factories.team import make_staff, make_work_item
from tests.factories.tenants import actor_of, make_member, make_user
from tests.team.test_views import body, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def kinds_of(page: str) -> list[str]:
    row = page[page.index('aria-label="Of which kind"') :].split("</div>")[0]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in row.split("<a")[1:]]


def test_a_kind_narrows_rows_and_counts_and_the_role_says_which_comes_first(
    tenant: Tenant, frozen: MovableClock
) -> None:
    for role, first in ((Role.SALES, "Lead"), (Role.OPERATOR, "SOP task"), (Role.LEADER, "Approval")):
        client, staff = sign_in(tenant, role)
        with tenant_scope(tenant):
            for kind, count in (("sop_task", 1), ("lead", 2), ("approval", 1), ("question", 1)):
                for number in range(count):
                    make_work_item(tenant=tenant, staff=staff, kind=kind, title=f"{kind}-{number}")
        home = f"/t/{tenant.slug}/"
        told = kinds_of(body(client.get(home)))
        assert told[0].endswith("All kinds")
        assert told[1].endswith(f"{first} 2" if first == "Lead" else f"{first} 1")
        page = body(client.get(home, {"kind": "lead"}))
        assert ("lead-0" in page, "lead-1" in page, "sop_task-0" in page) == (True, True, False)
        assert re.search(r"All\s*<i>2</i>", page)
        assert "Nothing waits now" in body(client.get(home, {"kind": "alert"}))
        assert "sop_task-0" in body(client.get(home, {"kind": "x' or 1=1"}))


def test_minutes_of_a_person_are_those_noted_and_those_still_ahead(
    tenant: Tenant, frozen: MovableClock
) -> None:
    leader, _chief = sign_in(tenant, Role.LEADER)
    now = frozen.moment
    with tenant_scope(tenant):
        ann, ben = make_staff(tenant=tenant, name="陆远"), make_staff(tenant=tenant, name="许真")
        person = make_customers(tenant=tenant, count=1)[0]
        window = make_camp(tenant=tenant, customers=[person], starts_at=now - timedelta(days=20))
        lead = Lead.objects.create(
            tenant=tenant,
            window=window,
            customer=person,
            state="not_buying",
            closed_at=now,
            close_reason="price",
        )
        week = timedelta(days=7)
        for staff, at, minutes in ((ann, now, 12), (ann, now - week + timedelta(seconds=1), 8), (ann, now - week, 50),
                                   (ben, now, None)):  # fmt: skip
            FollowUp.objects.create(
                tenant=tenant, lead=lead, at=at, result="talked", minutes=minutes, staff=staff, actor_name="x",
                key=f"{staff.pk}-{at}",
            )  # fmt: skip
        assert minutes_noted(tenant_id=tenant.pk) == {ann.pk: 20}
        group = make_group(tenant=tenant, owner=ann)
        version = make_version(tenant=tenant)
        step = make_step(tenant=tenant, version=version, cost_minutes=15)
        run = make_run(tenant=tenant, version=version, groups=[group])
        for number, (state, due, ends) in enumerate((
            ("planned", now + timedelta(hours=1), now + week), ("planned", now + timedelta(days=1), now + week),
            ("handed", now - timedelta(hours=1), now + timedelta(hours=1)), ("handed", now - week, now),
            ("confirmed", now, now + week), ("blocked", now, now + week),
        )):  # fmt: skip
            make_touch(tenant=tenant, run=run, step=step, group=group, occurrence=str(number), state=state,
                       due_at=due, planned_at=due, window_ends_at=ends)  # fmt: skip
        assert minutes_ahead(tenant_id=tenant.pk, staff_ids=[ann.pk, ben.pk]) == {ann.pk: 30}
        assert "too much" not in _line(body(leader.get(f"/t/{tenant.slug}/team/load/")), "陆远")
        preference_set(tenant=tenant, setting=STAFF_MINUTES_A_DAY, raw=29, actor=SYSTEM)
    page = body(leader.get(f"/t/{tenant.slug}/team/load/"))
    assert "too much" in _line(page, "陆远")
    assert '<td class="q-num q-bad">30</td>' in page
    assert "too much" not in _line(page, "许真")


def _line(page: str, name: str) -> str:
    carries = page[page.index('id="h-load"') :]
    return carries[carries.index(name) :].split("</tr>")[0]


def test_who_receives_what_a_colleague_held_is_told_once_in_their_language(
    tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("team.services.handover._parts", {})
    _client, chief = sign_in(tenant, Role.LEADER)
    held = {"count": 3}

    def move(one: Any) -> int:
        return held.pop("count", 0)

    with tenant_scope(tenant):
        giver, taker = make_staff(tenant=tenant, name="走的人"), make_staff(tenant=tenant)
        register_part(Part(code="tests.things", label="Things", rows=no_rows, move=move))
        actor = actor_of(chief.membership)  # type: ignore[arg-type]
        for _ in range(2):
            handover_run(
                tenant=tenant,
                staff_id=giver.pk,
                takers={"tests.things": taker.pk},
                reason="休假",
                actor=actor,
            )
        notice = Notice.objects.get()
        assert (notice.kind, notice.staff_id) == ("handover", taker.pk)
        with translation.override("en"):
            assert notice.title == "3 things of 走的人 are yours now"
        with translation.override("zh-hans"):
            assert notice.title == "走的人 的 3 项工作交给你了"


def no_rows(**where: int) -> Any:
    return Notice.objects.none()


def test_leaders_and_askers_who_are_nobody_in_wecom_hear_of_a_request_and_its_answer(
    tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("team.services.approvals._kinds", {})
    register_approval("tests.thing", "Thing", lambda **wish: None)
    with tenant_scope(tenant), translation.override("en"):
        asker = make_member(tenant=tenant, user=make_user(name="何静"))
        leader = make_member(tenant=tenant, role=Role.LEADER, user=make_user(name="周岚"))
        row = approval_ask(
            tenant=tenant, actor=actor_of(asker), kind="tests.thing", target="thing:1", label="晚八点群", said="放宽",
            wish={}, reason="客户催", url="/x",
        )  # fmt: skip
        told = {one.member_id: one.title for one in Notice.objects.all()}
        assert told[leader.pk] == "Decide: 晚八点群"
        assert asker.pk not in told
        approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=actor_of(leader))
        answer = Notice.objects.get(member_id=asker.pk)
        assert (answer.title, answer.url) == ("Granted: 晚八点群", "/x")
