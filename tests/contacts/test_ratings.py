"""Customers rate service from 1 to 5 (R126): by the form a colleague passed on, once each, and it counts for them."""

from datetime import timedelta
from typing import Any

import pytest

from contacts.enums import GroupQuestion
from contacts.models import SurveyAnswer
from contacts.policies.surveys import Question
from contacts.selectors.ratings import ratings, ratings_lowest
from contacts.selectors.service import ALL, BY_DAY, BY_GROUP, BY_STAFF, Wanted
from contacts.services.surveys import survey_save
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_surveys import Camp, visitor
from tests.contacts.test_views import body, sign_in
from tests.factories.team import make_staff
from wecom.archive.enums import ArchiveState
from wecom.models import ArchiveCursor
from wecom.selectors import Identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
RATES = [
    Question("q1", "服务打几分？", "single", GroupQuestion.SERVICE, required=True),
    Question("q2", "哪里可以更好？", "text", GroupQuestion.FEEDBACK),
]


@pytest.fixture
def camp(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Camp:
    with tenant_scope(tenant):
        made = Camp(tenant, owner)
        survey_save(
            tenant=tenant, survey_id=made.survey.pk, title="服务评价", intro="", thanks="谢谢", questions=RATES,
            last_day=None, actor=owner,
        )  # fmt: skip
        return made


def wanted(frozen: MovableClock, **only: int) -> Wanted:
    return Wanted(frozen.moment - timedelta(days=7), frozen.moment + timedelta(hours=1), **only)


def figures(camp: Camp, frozen: MovableClock, **only: int) -> Any:
    with tenant_scope(camp.tenant):
        return ratings(tenant_id=camp.tenant.pk, wanted=wanted(frozen, **only), zone=camp.tenant.timezone)


def rate(
    camp: Camp, monkeypatch: pytest.MonkeyPatch, who: Any, external: str, score: int, words: str = ""
) -> int:
    path = camp.path(who)
    return (
        visitor(monkeypatch, path, Identity(external_userid=external))
        .post(path, {"q1": score, "q2": words})
        .status_code
    )


def test_a_rating_counts_once_for_the_colleague_who_passed_the_form_on(
    camp: Camp, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert figures(camp, frozen)[ALL][None].mean is None
    assert rate(camp, monkeypatch, camp.one, "wmone00001", 2, "等了很久 😀") == 200
    assert rate(camp, monkeypatch, camp.one, "wmone00001", 5) == 409
    assert rate(camp, monkeypatch, camp.two, "wmtwo00001", 5) == 200
    found = figures(camp, frozen)
    whole = found[ALL][None]
    assert (whole.count, whole.mean, whole.low) == (2, 3.5, 1)
    assert {key: one.count for key, one in found[BY_STAFF].items()} == {camp.staff.pk: 2}
    assert {key: one.count for key, one in found[BY_GROUP].items()} == {camp.group.pk: 2}
    assert len(found[BY_DAY]) == 1
    with tenant_scope(camp.tenant):
        rows = ratings_lowest(tenant_id=camp.tenant.pk, wanted=wanted(frozen))
        assert [(one.score, one.words, one.staff_id) for one in rows] == [
            (2, "等了很久 😀", camp.staff.pk), (5, "", camp.staff.pk),
        ]  # fmt: skip


def test_out_of_scale_unnamed_dropped_and_other_spans_do_not_count(
    camp: Camp, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rate(camp, monkeypatch, camp.one, "wmone00001", 6) == 422
    assert rate(camp, monkeypatch, camp.one, "wmone00001", 4) == 200
    with tenant_scope(camp.tenant):
        other = make_staff(tenant=camp.tenant)
    assert figures(camp, frozen, staff_id=other.pk)[ALL][None].count == 0
    assert figures(camp, frozen, staff_id=camp.staff.pk)[ALL][None].count == 1
    assert figures(camp, frozen, group_id=camp.group.pk + 1)[ALL][None].count == 0
    for state in ("waiting", "dropped"):
        with tenant_scope(camp.tenant):
            SurveyAnswer.objects.update(state=state)
        assert figures(camp, frozen)[ALL][None].count == 0
    with tenant_scope(camp.tenant):
        SurveyAnswer.objects.update(state="confirmed", answered_at=frozen.moment - timedelta(days=8))
    assert figures(camp, frozen)[ALL][None].count == 0


def test_the_service_page_shows_ratings_and_hides_names_from_who_may_not_see_them(
    camp: Camp, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate(camp, monkeypatch, camp.one, "wmone00001", 2, "等了很久")
    url = f"/t/{camp.tenant.slug}/customers/service/"
    page = body(sign_in(camp.tenant).get(url))
    assert "等了很久" in page
    assert "2 / 5" in page  # no archive is needed for it
    with tenant_scope(camp.tenant):
        ArchiveCursor.objects.create(
            tenant=camp.tenant, app=camp.group.app, state=ArchiveState.RUNNING, fetched_at=frozen.moment
        )
    page = body(sign_in(camp.tenant).get(url))
    assert "2.0" in page
    assert "1 rating" in page
    seen = body(sign_in(camp.tenant, Role.VIEWER).get(url))
    assert "等了很久" not in seen
    assert "2 / 5" in seen
    ready = body(sign_in(camp.tenant).get(f"/t/{camp.tenant.slug}/customers/forms/new/?ready=service"))
    assert "survey:service" in ready
    assert "How was our service?" in ready
