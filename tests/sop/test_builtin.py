"""Every built-in template keeps the rules, is copied, published and carried out by the one engine (R40, R42 to R48)."""

import calendar
import re
from datetime import date, time

import pytest
from django.utils.translation import override

from sop.enums import INTERNAL_CHANNELS, LINK_PARTS, Channel, Mark, TouchState
from sop.models import Step, Touch
from sop.policies import plan
from sop.policies.structure import Shape, flaws
from sop.policies.weekdays import first_weekday, weekday_told
from sop.selectors import builtin
from sop.selectors.builtin import builtin_codes, builtin_get
from sop.selectors.findings import version_findings
from sop.services.dispatch import dispatch_due
from sop.services.runs import RunWish, run_needs, run_start
from sop.services.templates import template_clone, version_publish
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.sop.conftest import befriend

NAMED = {
    "planning", "setup", "daily", "flash", "bootcamp5", "camp30", "super_user", "delivery_learning",
    "delivery_service", "crisis",
}  # fmt: skip
INSIDE = {"planning", "setup"}
CAMPS = {"bootcamp5", "camp30"}
LIMITS = plan.Limits(
    messages_a_day=3,
    messages_a_week=15,
    mass_a_group_and_day=1,
    staff_minutes_a_day=180,
    value_share_percent=40,
    quiet_from=time(22),
    quiet_until=time(8),
)
FOREVER = date(2026, 12, 31)


def planned(code, language="zh"):
    source = builtin_get(code=code, language=language)
    made = [Step(**one).to_plan(offer_day=source.offer_day, offer_at=source.offer_at) for one in source.steps]
    return source, made


@pytest.mark.unit
def test_the_library_holds_what_the_requirement_names():
    assert set(builtin_codes()) == NAMED
    assert builtin_codes()[:2] == ["planning", "setup"]


@pytest.mark.unit
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", sorted(NAMED))
def test_a_built_in_template_breaks_no_rule_of_its_kind(code, language):
    source, steps = planned(code, language)
    is_crisis = source.kind == "crisis"
    found = plan.check(
        steps,
        last_day=source.days + source.after_days,
        limits=plan.Limits(**{**vars(LIMITS), "groups_each": 1 if is_crisis else 3}),
        is_camp=source.kind == "camp",
    )
    assert found == []
    assert flaws(Shape(source.kind, tuple(steps), tuple(source.phases))) == []


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(NAMED))
def test_every_step_is_complete_in_both_languages(code):
    chinese, english = (builtin_get(code=code, language=one) for one in ("zh", "en"))
    assert [one["key"] for one in chinese.steps] == [one["key"] for one in english.steps]
    for one, other in zip(chinese.steps, english.steps, strict=True):
        assert one["text"] != other["text"]
        assert one["title"] != other["title"]
        assert len(one["text"]) >= 30
        assert one["evidence"]
        assert one["goal"]
    first, last = chinese.phases[0]["first"], max(one["last"] for one in chinese.phases)
    assert (first, last) == (1, chinese.days + chinese.after_days)


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(NAMED - INSIDE))
def test_a_template_that_speaks_to_customers_talks_more_than_it_broadcasts(code):
    _source, steps = planned(code)
    broadcasts, talks = plan.talk_counts(steps)
    assert talks > broadcasts / 2
    assert max(load.messages for load in plan.load_by_day(steps).values()) <= 3


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(CAMPS))
def test_a_camp_has_a_first_a_peak_and_an_end_and_asks_how_it_was(code):
    source, steps = planned(code)
    assert {Mark.FIRST, Mark.PEAK, Mark.END} <= {one.mark for one in steps}
    asked = [one for one in source.steps if "{链接:打分}" in one["text"]]
    assert len(asked) == 3
    assert all([link["kind"] for link in one["links"]][-1] == "pulse" for one in asked)


@pytest.mark.unit
def test_the_bootcamp_brings_every_part_of_its_links_with_ways_in_and_out():
    source, steps = planned("bootcamp5")
    for link, parts in LINK_PARTS.items():
        brought = set().union(*(one.parts for one in steps if one.link == link))
        assert set(parts) <= brought
    for phase in source.phases[:5]:
        assert phase["entry"]
        assert phase["exit"]
        assert phase["metric"]


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(INSIDE))
def test_planning_and_set_up_send_nothing(code):
    _source, steps = planned(code)
    assert {one.channel for one in steps} == {Channel.INTERNAL}
    assert plan.load_by_day(steps)[1].messages == 0


@pytest.fixture
def ground(scoped):
    """A group of a kind with people and staff; in planning for staff work."""

    def make(kind, state="active"):
        app = make_app(tenant=scoped)
        staff = make_staff(tenant=scoped, app=app, userid="linxiao", name="林晓")
        group = make_group(
            tenant=scoped, app=app, owner=staff, state=state, kind=kind or "new_user", name="启蒙01群"
        )
        crowd = make_customers(tenant=scoped, count=3, app=app)
        seated = fill_group(group=group, customers=crowd, staff=[staff])
        befriend(staff, crowd)
        return seated

    return make


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(NAMED))
def test_a_copy_is_judged_clean_published_and_runs_on_a_group_of_its_kind(scoped, frozen, ground, code):
    version = template_clone(tenant=scoped, code=code, language="zh", actor=SYSTEM)
    with override("zh-hans"):
        assert version_findings(version) == []
    version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    group = ground(version.template.group_kind, state="planning" if code in INSIDE else "active")
    frozen.set(clock.at_local(date(2026, 3, 2), time(7), scoped.timezone))
    steps = list(Step.objects.filter(version=version))
    asked = run_needs(steps)
    run = run_start(
        tenant=scoped,
        actor=SYSTEM,
        wish=RunWish(
            version_id=version.pk,
            name="三月",
            group_ids=[group.pk],
            starts_on=date(2026, 3, 2),
            key_interaction="live",
            interaction_url="https://live.example.com/1",
            product_title="年课",
            product_url="https://shop.example.com/1",
            offer_ends_at=clock.at_local(
                date(2026, 3, 1 + (version.offer_day or 2)), version.offer_at or time(20), scoped.timezone
            )
            if "offer_ends_at" in asked
            else None,
        ),
    )
    dated = [one for one in steps if one.anchor != "member_join"]
    assert Touch.objects.filter(run=run, state=TouchState.PLANNED).count() == len(dated)
    assert (run.window_id is None) == (code in INSIDE)
    for _hour in range(5):
        frozen.move(hours=1)
        dispatch_due(tenant_id=scoped.pk)
    first = Touch.objects.filter(run=run).exclude(state=TouchState.PLANNED)
    assert first
    assert {one.state for one in first} == {TouchState.HANDED}
    titles = set(WorkItem.objects.filter(source_kind="sop.touch").values_list("title", flat=True))
    inside = [one for one in first if one.channel in INTERNAL_CHANNELS]
    assert {one.step.title for one in inside} <= titles
    assert all(one.recipients_count == 0 for one in inside)


@pytest.mark.integration
@pytest.mark.django_db
def test_a_crisis_runs_beside_a_camp_and_its_first_day_is_due_at_once(scoped, frozen, ground):
    group = ground("new_user")
    runs = []
    for code in ("bootcamp5", "crisis"):
        version = template_clone(tenant=scoped, code=code, language="zh", actor=SYSTEM)
        version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
        frozen.set(clock.at_local(date(2026, 3, 2), time(14, 37), scoped.timezone))
        wish = RunWish(
            version_id=version.pk, name=code, group_ids=[group.pk], starts_on=date(2026, 3, 2),
            interaction_url="https://a.example.com", product_url="https://b.example.com",
            offer_ends_at=clock.at_local(date(2026, 3, 8), time(20), scoped.timezone),
        )  # fmt: skip
        runs.append(run_start(tenant=scoped, actor=SYSTEM, wish=wish))
    dispatch_due(tenant_id=scoped.pk)
    due = Touch.objects.filter(run=runs[1], state=TouchState.HANDED)
    assert [one.step.key for one in due.order_by("step__priority")] == [
        "d1_freeze", "d1_speaker", "d1_facts", "d1_statement", "d1_calls",
    ]  # fmt: skip


LENGTHS = [(code, days) for code, lengths in builtin.LENGTHS.items() for days in lengths]


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize(("code", "days"), LENGTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_copy_of_another_length_is_judged_clean_and_asks_after_its_marks(scoped, code, days, language):
    version = template_clone(tenant=scoped, code=code, language=language, actor=SYSTEM, days=days)
    source = builtin_get(code=code, language=language)
    assert version.phases[-1]["last"] == days + version.after_days
    found = [one for one in version_findings(version) if one.stops or one.code.startswith("PEAK")]
    # A longer camp has days of its own to fill, and the checks name them.
    assert [one.code for one in found] == ([] if days <= source.days else ["NEW-03"])
    assert (version.template.name == source.name) == (days == source.days)
    kept = {one.key: one for one in Step.objects.filter(version=version)}
    marks = [kept[one["key"]] for one in source.steps if one["mark"]]
    assert sorted(marks, key=lambda one: (one.day, one.at)) == marks
    if code == "camp30":
        session = kept["d17_session"].day
        assert version.offer_day == session + 2
        assert kept["d18_quotes"].day == session + 1
        assert kept["d20_stay"].day > version.offer_day


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(CAMPS))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_words_of_a_camp_that_can_be_shortened_name_no_length_of_their_own(code, language):
    source = builtin_get(code=code, language=language)
    said = "\n".join(one["text"] for one in source.steps)
    for words in (
        f"{source.days} 天",
        f"{source.days} days",
        "八天",
        "三周",
        "第一周",
        "下周",
        "eight days",
        "weeks",
    ):
        assert words not in said


DAY_OF_THE_WEEK = re.compile(rf"(?:周|星期|礼拜)[一二三四五六日天]|{'|'.join(calendar.day_name)}")


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(NAMED))
@pytest.mark.parametrize("language", ["zh", "en"])
def test_days_of_the_week_are_true_on_whatever_day_a_run_begins(code, language):
    source = builtin_get(code=code, language=language)
    titles = [(one["day"], one["title"]) for one in source.steps if one["day"]]
    if first_weekday(titles) == 0:
        named = [(day, weekday_told(title)) for day, title in titles if weekday_told(title) is not None]
        assert [(day - 1) % 7 for day, _told in named] == [told for _day, told in named]
        return
    for one in source.steps:
        assert DAY_OF_THE_WEEK.findall(f"{one['title']} {one['text']}") == [], one["key"]


@pytest.mark.unit
def test_lessons_of_the_long_camp_have_no_gap_in_their_numbers_and_lead_to_their_lesson():
    steps = builtin_get(code="camp30", language="zh").steps
    told = [(number, one) for one in steps for number in re.findall(r"链接:第 (\d) 课", one["text"])]
    assert [number for number, _one in told] == list("123456")
    for number, one in told:
        assert (f"第 {number} 课", "live") in [(link["title"], link["kind"]) for link in one["links"]]
    assert {number for one in steps for number in re.findall(r"第 (\d) 课", one["text"])} == set("123456")


@pytest.mark.unit
def test_the_bootcamp_asks_for_as_much_work_as_it_rewards_and_gives_the_report_that_it_promises():
    steps = {one["key"]: one for one in builtin_get(code="bootcamp5", language="zh").steps}
    assert "个人报告" in steps["d1_intro"]["text"]
    report = steps["d8_report"]
    assert (report["channel"], report["evidence"]) == ("staff_task", "record")
    assert (report["day"], report["at"]) < (steps["d8_closing"]["day"], steps["d8_closing"]["at"])
    asked = [key for key in ("d2_opening", "d3_lesson", "d4_lesson") if "作业" in steps[key]["text"]]
    assert f"交满 {len(asked)} 次作业" in steps["d2_start"]["text"]


@pytest.mark.unit
@pytest.mark.parametrize(
    ("titles", "wanted"),
    [
        ([(1, "周一巡群"), (2, "话题"), (7, "周日晚安")], 0),
        ([(3, "Wednesday round"), (8, "Monday round")], 0),
        ([(1, "星期天见")], 6),
        ([(10, "礼拜三答疑")], 0),
        ([(1, "周一巡群"), (2, "周五小结")], None),  # no day 1 suits both
        ([(1, "周年庆"), (2, "本周一览"), (3, "Mondays")], None),
        ([], None),
    ],
)
def test_the_day_of_the_week_on_which_steps_named_after_days_begin(titles, wanted):
    assert first_weekday(titles) == wanted


@pytest.mark.integration
@pytest.mark.django_db
def test_a_week_of_upkeep_begins_on_a_monday_or_says_that_its_names_would_be_wrong(
    scoped, frozen, ground, client
):
    group = ground("new_user")
    version = template_clone(tenant=scoped, code="daily", language="zh", actor=SYSTEM)
    version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    frozen.set(clock.at_local(date(2026, 3, 3), time(10), scoped.timezone))  # a Tuesday
    client.force_login(User.objects.get(email="lin@example.com"))
    where = f"/t/{scoped.slug}/sop/runs/new/"
    page = client.get(where, {"version": version.pk})
    assert page.context["form"].initial["starts_on"] == date(2026, 3, 9)
    asked = {"version": version.pk, "name": "三月", "groups": [group.pk], "key_interaction": "live"}
    for day, is_told in (("2026-03-04", True), ("2026-03-09", False)):
        told = client.post(f"{where}preview/", {**asked, "starts_on": day}, headers={"HX-Request": "true"})
        assert ("「周一巡群」会落在星期三：第 1 天请选星期一" in told.content.decode()) == is_told
