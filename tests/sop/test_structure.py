"""Checks of what a template cannot do without (R42 to R48, R89)."""

from dataclasses import replace

import pytest
from django.test import Client
from django.utils.translation import override

from sop.enums import Part
from sop.errors import ChecksFailed
from sop.models import Step
from sop.policies import structure_kinds, structure_links
from sop.policies.structure import STRUCTURE, Shape, flaws
from sop.selectors.findings import version_findings
from sop.services.templates import template_clone, version_publish
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope

PULSE = {"key": "打分", "title": "打分", "kind": "pulse"}
MODULES = (structure_kinds, structure_links)


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(STRUCTURE))
def test_a_check_fails_its_bad_example_and_holds_its_good_one(code):
    one = STRUCTURE[code]
    assert code in {flaw.check.code for flaw in flaws(one.bad)}
    assert code not in {flaw.check.code for flaw in flaws(one.good)}


@pytest.mark.unit
@pytest.mark.parametrize("code", sorted(STRUCTURE))
def test_a_check_cites_its_source_and_speaks_both_languages(code):
    one = STRUCTURE[code]
    assert one.source.startswith("R")
    assert one.cites
    with override("en"):
        english = (one.test(one.bad), str(one.title), str(one.fix))
    with override("zh-hans"):
        chinese = (one.test(one.bad), str(one.title), str(one.fix))
    assert all(english)
    assert not {a for a, b in zip(english, chinese, strict=True) if a == b}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("words", "links", "lacks"),
    [
        ("今晚 20:00，点群里的链接进，交作业一条", (), ""),
        ("晚上八点从小程序进", (), ""),
        ("Open the link at 8 pm", (), ""),
        ("20：00 开始，听课交作业", ("报名",), ""),
        ("20:00 开始，听课交作业", (), "where to enter"),
        ("从群里的链接进，听课交作业", (), "the time"),
        ("听课 12 分钟，交作业一条", (), "the time, where to enter"),
    ],
)
def test_how_to_start_says_when_and_where(words, links, lacks):
    good = STRUCTURE["LINK2-03"].good
    steps = [
        replace(one, text=words, link_keys=frozenset(links)) if one.key == "start" else one
        for one in good.steps
    ]
    with override("en"):
        said = STRUCTURE["LINK2-03"].test(replace(good, steps=tuple(steps)))
    assert said == (f"“start” tells how to start and leaves out {lacks}." if lacks else "")


@pytest.mark.unit
def test_a_camp_without_links_is_not_asked_for_them():
    steps = tuple(
        Step(key=str(day), title="x", day=day, mark=mark, channel="group_forward", links=[PULSE]).to_plan()
        for day, mark in ((1, "first"), (2, "peak"), (3, "end"))
    )
    assert flaws(Shape("camp", steps)) == []


@pytest.mark.unit
def test_each_mark_needs_a_question_of_its_own():
    def step(key, day, mark="", asks=False):
        links = [PULSE] if asks else []
        return Step(key=key, title=key, day=day, mark=mark, channel="group_forward", links=links).to_plan()

    opening, session, closing = step("a", 1, "first"), step("b", 3, "peak"), step("c", 5, "end", asks=True)
    later, again = step("d", 4, asks=True), step("e", 4, asks=True)
    (flaw,) = flaws(Shape("camp", (opening, session, closing, later, again)))
    assert (flaw.check.code, flaw.stops, flaw.message.endswith("a.") or "a" in flaw.message) == (
        "PEAK-03", False, True
    )  # fmt: skip
    assert "b" not in flaw.message.rpartition(":")[2]
    assert flaws(Shape("camp", (step("a", 1, "first", asks=True), session, closing, later))) == []
    assert flaws(Shape("super_user", (opening, session, closing))) == []


@pytest.fixture
def bootcamp(scoped):
    return template_clone(tenant=scoped, code="bootcamp5", language="zh", actor=SYSTEM)


def refused(scoped, version):
    with override("en"), pytest.raises(ChecksFailed) as error:
        version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    return error.value.failed


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.parametrize("part", ["who", "brand", "next", "profile"])
def test_link_1_without_a_part_is_not_published_and_the_part_is_named(scoped, bootcamp, part):
    for step in Step.objects.filter(version=bootcamp, link=1):
        step.parts = [one for one in step.parts if one != part]
        step.save()
    failed = refused(scoped, bootcamp)
    assert [one.code for one in failed] == ["LINK1-01"]
    with override("en"):
        assert str(Part(part).label) in version_findings(bootcamp)[0].text


@pytest.mark.integration
@pytest.mark.django_db
def test_a_bare_auto_reply_as_link_2_is_not_published(scoped, bootcamp):
    Step.objects.filter(version=bootcamp, link=2).exclude(key="d2_opening").delete()
    Step.objects.filter(version=bootcamp, key="d2_opening").update(
        text="欢迎，客服稍后回复你。", parts=["proof", "core", "start", "reward", "members"]
    )
    assert [one.code for one in refused(scoped, bootcamp)] == ["LINK2-02"]


@pytest.mark.integration
@pytest.mark.django_db
def test_a_company_blurb_as_link_2_is_not_published(scoped, bootcamp):
    Step.objects.filter(version=bootcamp, link=2).update(opens_talk=False)
    assert [one.code for one in refused(scoped, bootcamp)] == ["LINK2-02"]


@pytest.mark.integration
@pytest.mark.django_db
def test_link_3_without_its_key_interaction_is_not_published(scoped, bootcamp):
    Step.objects.filter(version=bootcamp, link=3, parts=["key"]).update(parts=[])
    assert [one.code for one in refused(scoped, bootcamp)] == ["LINK3-01"]


@pytest.mark.integration
@pytest.mark.django_db
def test_a_camp_without_its_end_cites_the_rule(scoped, bootcamp):
    Step.objects.filter(version=bootcamp, mark="end").update(mark="")
    (failed,) = refused(scoped, bootcamp)
    assert failed.code == "PEAK-01"
    assert failed.source.startswith("R48 · ")


@pytest.mark.integration
@pytest.mark.django_db
def test_a_message_among_planning_steps_is_not_published(scoped):
    version = template_clone(tenant=scoped, code="planning", language="zh", actor=SYSTEM)
    Step.objects.filter(version=version, key="d1_type").update(channel="group_forward")
    assert "WORK-01" in {one.code for one in refused(scoped, version)}


@pytest.mark.integration
@pytest.mark.django_db
def test_selling_in_a_crisis_is_not_published(scoped):
    version = template_clone(tenant=scoped, code="crisis", language="zh", actor=SYSTEM)
    Step.objects.filter(version=version, key="d6_changed").update(is_marketing=True)
    assert "CRISIS-11" in {one.code for one in refused(scoped, version)}


@pytest.mark.integration
@pytest.mark.django_db
def test_the_version_page_shows_what_a_link_lacks_with_its_source_and_offers_no_publishing(
    tenant, frozen, client: Client
):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        version = template_clone(tenant=tenant, code="bootcamp5", language="en", actor=SYSTEM)
        Step.objects.filter(version=version, link=2).update(opens_talk=False)
    where = f"/t/{tenant.slug}/sop/versions/{version.pk}/"
    page = client.get(where).content.decode()
    assert "LINK2-02" in page
    assert "R44 · LinkFlow camps" in page
    assert f"{where}publish/" not in page
    assert "Answered once and is on record" in page
