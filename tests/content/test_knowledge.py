"""Knowledge cards and short tests (R126): who is asked what by when, and what a test came to."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from content.enums import KNOWLEDGE_QUESTIONS, SECTIONS
from content.errors import CardAway, CardInvalid, QuizFirst
from content.models import KnowledgeAttempt, KnowledgeCard, KnowledgeQuestion, KnowledgeStanding
from content.policies.knowledge import (
    Asked,
    CampPerson,
    Known,
    Question,
    graded,
    is_sound,
    named,
    sheet_make,
    wanted,
)
from content.selectors.knowledge import card_list, cards_named, competitors_without_card, knowledge_of
from content.selectors.knowledge_builtin import builtin_list
from content.services.knowledge import (
    builtin_add,
    card_archive,
    card_publish,
    card_save,
    question_remove,
    question_save,
)
from content.services.knowledge_duties import DUTY, duties_refresh
from content.services.knowledge_quiz import card_read, quiz_answer, quiz_start
from leads.models import Lead, Need
from team.enums import Bucket, WorkState
from team.models import Notice, Staff, WorkItem
from team.services import work_item_act
from team.services.notices import work_tell
from tenants import clock, preferences
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group
from tests.factories.leads import make_camp
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user
from tests.parallel import in_parallel
from tests.phone import hold_phone

OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
SALES = Actor(kind="user", id=8, name="小周", permissions=PERMISSIONS[Role.SALES])
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
ZONE = "Asia/Shanghai"
PRODUCT = {"what": "三到六岁的英语课", "never": "不说保证学会"}

WORDS = st.lists(st.text(min_size=1, max_size=6).filter(str.strip), min_size=2, max_size=4, unique=True)
QUESTIONS = st.lists(
    WORDS.flatmap(
        lambda words: st.builds(
            Question, st.integers(1, 10**6), st.just("问"), st.just(tuple(words)), st.integers(0, len(words) - 1)
        )
    ),
    min_size=1, max_size=8, unique_by=lambda one: one.pk,
)  # fmt: skip


@given(QUESTIONS, st.integers(1, 10), st.integers(0, 2**32))
def test_a_sheet_asks_real_questions_once_and_knows_the_right_words(
    questions: list[Question], most: int, seed: int
) -> None:
    sheet, known = sheet_make(questions, most=most, seed=seed), {one.pk: one for one in questions}
    assert len(sheet) == min(most, len(questions))
    assert len({one["id"] for one in sheet}) == len(sheet)
    for one in sheet:
        asked = known[one["id"]]
        assert sorted(one["options"]) == sorted(asked.options)
        assert one["options"][one["right"]] == asked.options[asked.answer]
    assert sheet == sheet_make(questions, most=most, seed=seed)


@given(QUESTIONS, st.data(), st.integers(1, 100))
def test_a_grade_counts_right_answers_and_nothing_else(
    questions: list[Question], data: st.DataObject, need: int
) -> None:
    sheet = sheet_make(questions, most=8, seed=1)
    answers = data.draw(st.lists(st.none() | st.integers(-1, 9), max_size=len(sheet) + 2))
    grade = graded(sheet, answers, need_percent=need)
    hits = [one["right"] == answer for one, answer in zip(sheet, answers, strict=False)]
    assert (grade.right, grade.asked) == (sum(hits), len(sheet))
    assert grade.is_passed == (grade.right / grade.asked >= need / 100)


@pytest.mark.parametrize(("right", "passed"), [(3, False), (4, True)])
def test_four_of_five_passes_eighty_percent_and_three_does_not(right: int, passed: bool) -> None:
    sheet = [{"id": one, "right": 0} for one in range(5)]
    assert graded(sheet, [0] * right + [1] * (5 - right), need_percent=80).is_passed is passed
    assert not graded([], [], need_percent=80).is_passed


@pytest.mark.parametrize(
    ("options", "answer", "sound"),
    [
        (["是", "不是"], 1, True), (["是"], 0, False), (["是", " "], 0, False), (["是", "是"], 0, False),
        (["是", "不是"], 2, False), (["是", "不是"], -1, False),
    ],
)  # fmt: skip
def test_a_question_needs_two_different_answers_and_a_right_one(
    options: list[str], answer: int, sound: bool
) -> None:
    assert is_sound(options, answer) is sound


def _wanted(card: Asked, *, camps: list[CampPerson] = [], known: Any = None, now: datetime = NOW) -> Any:  # noqa: B006
    return wanted(
        cards=[card], people=[1, 2], camps=camps, known=known or {}, now=now, zone=ZONE, days=7, camp_days=2
    )


def test_everybody_gets_a_week_and_what_was_asked_keeps_its_day() -> None:
    card = Asked(9, "everybody", 1)
    assert {key: one.due_at.isoformat() for key, one in _wanted(card).items()} == {
        (9, 1): "2026-03-09T18:00:00+08:00", (9, 2): "2026-03-09T18:00:00+08:00",
    }  # fmt: skip
    been = {(9, 1): Known(0, 1, NOW), (9, 2): Known(1, 1, NOW)}
    later = _wanted(card, known=been, now=NOW + timedelta(days=3))
    assert later[9, 1].due_at.isoformat() == "2026-03-09T18:00:00+08:00"
    assert [later[9, one].is_done for one in (1, 2)] == [False, True]
    anew = _wanted(Asked(9, "everybody", 2), known=been, now=NOW + timedelta(days=3))
    assert anew[9, 2].due_at.isoformat() == "2026-03-12T18:00:00+08:00"
    assert not anew[9, 2].is_done


def test_a_camp_asks_only_its_leaders_two_days_before_and_never_within_less_than_a_day() -> None:
    card = Asked(9, "camp", 1, "年课")
    near, far = date(2026, 3, 3), date(2026, 3, 20)
    camps = [
        CampPerson(1, "第 7 期", far),
        CampPerson(2, "别的", near, "夏令营"),
        CampPerson(3, "第 7 期", far),
    ]
    assert {key: one.due_at.isoformat() for key, one in _wanted(card, camps=camps).items()} == {
        (9, 1): "2026-03-18T18:00:00+08:00"
    }
    both = [CampPerson(1, "第 7 期", far, "年课"), CampPerson(1, "第 6 期", near, "年课")]
    found = _wanted(card, camps=both)[9, 1]
    assert (found.camp, found.due_at.isoformat()) == ("第 6 期", "2026-03-03T18:00:00+08:00")
    assert _wanted(Asked(9, "nobody", 1), camps=camps) == {}


def test_a_card_is_named_by_its_title_or_what_customers_say() -> None:
    assert named("在比线下机构", title="对手：线下", aliases=["线下"])
    assert not named("在比别家", title="对手：线下", aliases=["线下", " "])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_built_in_card_can_be_published_and_its_questions_asked(language: str) -> None:
    cards = builtin_list(language=language)
    assert {one.kind for one in cards} == {"product", "scenario", "competitor"}
    for card in cards:
        assert list(card.sections) == [key for key, _label, _hint in SECTIONS[card.kind]]
        assert all(card.sections.values())
        assert 0 < len(card.title) <= 64
        assert 0 < len(card.summary) <= 200
        assert len(card.questions) >= 3
        for one in card.questions:
            assert is_sound(one.options, one.answer)
            assert all(len(words) <= 120 for words in one.options)
            assert len(one.text) <= 200
            assert 0 < len(one.why) <= 300


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def _card(tenant: Tenant, *, questions: int = 3, asks: str = "everybody", **fields: Any) -> KnowledgeCard:
    given = {"kind": "product", "title": "启蒙年课", "summary": "每天十分钟", "sections": PRODUCT, **fields}
    card = card_save(tenant=tenant, actor=OWNER, asks=asks, **given)
    for number in range(questions):
        question_save(
            tenant=tenant, card_id=card.pk, text=f"第 {number} 题", options=["对", "错"], answer=0, why="因为",
            actor=OWNER,
        )  # fmt: skip
    return card_publish(tenant=tenant, card_id=card.pk, actor=OWNER)


def _take(tenant: Tenant, card: KnowledgeCard, staff: Staff, *, rightly: bool = True) -> KnowledgeAttempt:
    begun = quiz_start(tenant=tenant, card_id=card.pk, staff=staff, actor=SALES)
    answers = [one["right"] if rightly else 1 - one["right"] for one in begun.sheet]
    return quiz_answer(tenant=tenant, attempt_id=begun.pk, staff=staff, answers=answers, actor=SALES)


def _waiting(tenant: Tenant, staff: Staff) -> list[str]:
    rows = WorkItem.objects.filter(tenant=tenant, staff=staff, source_kind=DUTY, state=WorkState.OPEN)
    return sorted(rows.values_list("title", flat=True))


@pytest.mark.django_db
def test_publishing_puts_it_on_everybodys_today_until_the_test_is_passed(scope: Tenant) -> None:
    teacher, other = make_staff(tenant=scope), make_staff(tenant=scope)
    make_staff(tenant=scope, is_active=False)
    viewer = make_member(tenant=scope, role=Role.VIEWER)
    make_staff(tenant=scope, membership=viewer)
    card = _card(scope)
    assert KnowledgeStanding.objects.filter(is_asked=True).count() == 2
    assert [len(_waiting(scope, one)) for one in (teacher, other)] == [1, 1]
    failed = _take(scope, card, teacher, rightly=False)
    assert (failed.is_passed, failed.right) == (False, 0)
    assert len(_waiting(scope, teacher)) == 1
    passed = _take(scope, card, teacher)
    assert (passed.is_passed, passed.right) == (True, 3)
    assert [len(_waiting(scope, one)) for one in (teacher, other)] == [0, 1]
    duties_refresh(tenant=scope)
    assert [len(_waiting(scope, one)) for one in (teacher, other)] == [0, 1]
    row = card_list(tenant_id=scope.pk).get()
    assert (row.done_n, row.asked_n, row.questions_n) == (1, 2, 3)
    shares = knowledge_of(tenant=scope, staff_ids=[teacher.pk, other.pk], since=NOW, until=NOW)
    assert [(shares[one.pk].hits, shares[one.pk].out_of) for one in (teacher, other)] == [(1, 1), (0, 1)]


@pytest.mark.django_db
def test_what_was_published_anew_is_asked_again_and_a_corrected_word_is_not(
    scope: Tenant, frozen: MovableClock
) -> None:
    teacher = make_staff(tenant=scope)
    card = _card(scope)
    _take(scope, card, teacher)
    frozen.move(days=30)
    card_publish(tenant=scope, card_id=card.pk, actor=OWNER, again=False)
    assert _waiting(scope, teacher) == []
    card_publish(tenant=scope, card_id=card.pk, actor=OWNER, again=True)
    assert len(_waiting(scope, teacher)) == 1
    standing = KnowledgeStanding.objects.get(staff=teacher)
    assert standing.due_at is not None
    assert standing.due_at.isoformat() == "2026-04-08T10:00:00+00:00"
    assert (standing.tries, standing.best_percent) == (1, 100)


@pytest.mark.django_db
def test_a_card_without_questions_is_known_when_it_was_read_and_one_with_them_is_not(scope: Tenant) -> None:
    teacher = make_staff(tenant=scope)
    plain, tested = _card(scope, questions=0, title="只读"), _card(scope, title="有测验")
    item = {one.source_id: one for one in WorkItem.objects.filter(source_kind=DUTY, staff=teacher)}
    of = {one.card_id: item[one.pk] for one in KnowledgeStanding.objects.filter(staff=teacher)}
    work_item_act(tenant=scope, item_id=of[plain.pk].pk, verb="done", actor=SALES, staff_ids=[teacher.pk])
    with pytest.raises(QuizFirst):
        work_item_act(
            tenant=scope, item_id=of[tested.pk].pk, verb="done", actor=SALES, staff_ids=[teacher.pk]
        )
    card_read(tenant=scope, card_id=tested.pk, staff=teacher, actor=SALES)
    assert _waiting(scope, teacher) == ["掌握知识卡：有测验"]


@pytest.mark.django_db
def test_a_handed_in_test_stays_whatever_comes_after(scope: Tenant) -> None:
    teacher, other = make_staff(tenant=scope), make_staff(tenant=scope)
    card = _card(scope)
    done = _take(scope, card, teacher, rightly=False)
    again = quiz_answer(
        tenant=scope,
        attempt_id=done.pk,
        staff=teacher,
        answers=[one["right"] for one in done.sheet],
        actor=SALES,
    )
    assert (again.right, again.is_passed) == (0, False)
    assert KnowledgeStanding.objects.get(staff=teacher).tries == 1
    for question in KnowledgeQuestion.objects.all():
        question_save(
            tenant=scope, card_id=card.pk, question_id=question.pk, text="改了", options=["错", "对"], answer=1,
            actor=OWNER,
        )  # fmt: skip
    done.refresh_from_db()
    assert {one["text"] for one in done.sheet} == {"第 0 题", "第 1 题", "第 2 题"}
    with pytest.raises(KnowledgeAttempt.DoesNotExist):
        quiz_answer(tenant=scope, attempt_id=done.pk, staff=other, answers=[], actor=SALES)


@pytest.mark.django_db
def test_a_test_goes_on_after_a_reload_and_draws_anew_after_a_publication(scope: Tenant) -> None:
    teacher = make_staff(tenant=scope)
    card = _card(scope, questions=9)
    first = quiz_start(tenant=scope, card_id=card.pk, staff=teacher, actor=SALES)
    assert len(first.sheet) == preferences.value(scope.pk, KNOWLEDGE_QUESTIONS) == 5
    assert quiz_start(tenant=scope, card_id=card.pk, staff=teacher, actor=SALES).sheet == first.sheet
    KnowledgeQuestion.objects.filter(card=card).update(text="新版")
    card_publish(tenant=scope, card_id=card.pk, actor=OWNER)
    anew = quiz_start(tenant=scope, card_id=card.pk, staff=teacher, actor=SALES)
    assert anew.pk == first.pk
    assert {one["text"] for one in anew.sheet} == {"新版"}


@pytest.mark.django_db
def test_a_card_put_away_is_asked_of_nobody_and_comes_back(scope: Tenant) -> None:
    teacher = make_staff(tenant=scope)
    card = _card(scope)
    card_archive(tenant=scope, card_id=card.pk, is_archived=True, actor=OWNER)
    assert _waiting(scope, teacher) == []
    with pytest.raises(CardAway):
        quiz_start(tenant=scope, card_id=card.pk, staff=teacher, actor=SALES)
    card_archive(tenant=scope, card_id=card.pk, is_archived=False, actor=OWNER)
    assert len(_waiting(scope, teacher)) == 1


@pytest.mark.django_db
def test_what_lacks_something_is_not_published_and_says_what(scope: Tenant) -> None:
    given = {"tenant": scope, "kind": "product", "title": "卡", "actor": OWNER}
    with pytest.raises(CardInvalid, match="一句话"):
        card_publish(tenant=scope, card_id=card_save(**given, summary="", sections=PRODUCT).pk, actor=OWNER)
    with pytest.raises(CardInvalid, match="是什么"):
        card_publish(tenant=scope, card_id=card_save(**given, summary="一句", sections={}).pk, actor=OWNER)
    with pytest.raises(CardInvalid, match="至少 3"):
        _card(scope, questions=2)
    card = _card(scope, questions=3)
    with pytest.raises(CardInvalid, match="至少 3"):
        question_remove(tenant=scope, question_id=card.questions.first().pk, actor=OWNER)  # type: ignore[union-attr]
    assert card.questions.count() == 3


@pytest.mark.django_db
def test_a_card_holds_no_forbidden_words_but_may_say_which_are_never_used(scope: Tenant) -> None:
    banned = "国家级"
    with pytest.raises(CardInvalid, match=banned):
        _card(scope, sections={"what": f"{banned}课程"})
    card = _card(scope, sections={"what": "课程", "never": f"不说「{banned}」😀"})
    assert card.sections["never"] == f"不说「{banned}」😀"


@pytest.mark.django_db
def test_built_in_cards_come_once_as_drafts_that_nobody_is_asked_for(scope: Tenant) -> None:
    teacher = make_staff(tenant=scope)
    assert builtin_add(tenant=scope, actor=OWNER, language="zh-hans") == len(builtin_list(language="zh"))
    assert builtin_add(tenant=scope, actor=OWNER, language="en") == 0
    assert set(KnowledgeCard.objects.values_list("state", flat=True)) == {"draft"}
    assert _waiting(scope, teacher) == []
    for card in KnowledgeCard.objects.all():
        card_save(  # nothing in them is forbidden: who edits one can save it
            tenant=scope, card_id=card.pk, kind=card.kind, title=card.title, summary=card.summary,
            sections=card.sections, asks=card.asks, aliases=card.aliases, actor=OWNER,
        )  # fmt: skip
        card_publish(tenant=scope, card_id=card.pk, actor=OWNER)
    assert len(_waiting(scope, teacher)) == sum(
        1 for one in builtin_list(language="zh") if one.asks == "everybody"
    )


@pytest.mark.django_db
def test_sales_read_and_are_tested_but_do_not_write(scope: Tenant) -> None:
    with pytest.raises(NotPermitted):
        card_save(tenant=scope, kind="product", title="卡", summary="", sections={}, actor=SALES)
    viewer = Actor(kind="user", id=9, name="看", permissions=PERMISSIONS[Role.VIEWER])
    card = _card(scope)
    with pytest.raises(NotPermitted):
        quiz_start(tenant=scope, card_id=card.pk, staff=make_staff(tenant=scope), actor=viewer)


@pytest.mark.django_db
def test_refreshing_for_many_people_takes_as_many_statements_as_for_few(
    scope: Tenant, django_assert_max_num_queries: Any
) -> None:
    make_staff(tenant=scope)
    _card(scope)
    for _number in range(30):
        make_staff(tenant=scope)
    with django_assert_max_num_queries(22):
        assert duties_refresh(tenant=scope) == 31


@pytest.mark.django_db
def test_a_new_card_is_told_once(scope: Tenant) -> None:
    member = make_member(tenant=scope, role=Role.SALES)
    make_staff(tenant=scope, membership=member)
    _card(scope)
    work_tell(tenant_id=scope.pk)
    duties_refresh(tenant=scope)
    work_tell(tenant_id=scope.pk)
    assert list(Notice.objects.values_list("kind", flat=True)) == ["knowledge"]


@pytest.mark.django_db
def test_a_competitor_that_customers_name_asks_for_a_card_until_there_is_one(scope: Tenant) -> None:
    people = make_customers(tenant=scope, count=3)
    window = make_camp(tenant=scope, customers=people)
    for person, text in zip(people, ("线下机构", "线下机构", "某某英语"), strict=True):
        lead = Lead.objects.create(tenant=scope, customer=person, window=window, next_action_at=clock.now())
        Need.objects.create(tenant=scope, lead=lead, kind="competitor", text=text, noted_at=clock.now())
    assert competitors_without_card(tenant_id=scope.pk) == [("线下机构", 2), ("某某英语", 1)]
    card = _card(scope, kind="competitor", title="对手", sections={"offer": "面授"}, aliases="线下,面授班")
    assert competitors_without_card(tenant_id=scope.pk) == [("某某英语", 1)]
    assert cards_named(tenant_id=scope.pk, texts=["线下机构", "某某英语"]) == {"线下机构": card}


@pytest.mark.django_db(transaction=True)
def test_two_tabs_begin_one_test_and_eight_presses_hand_it_in_once(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        teacher = make_staff(tenant=tenant)
        card = _card(tenant)

    begun: list[int] = []
    results: list[bool] = []

    def begin(_number: int) -> None:
        with tenant_scope(tenant):
            begun.append(quiz_start(tenant=tenant, card_id=card.pk, staff=teacher, actor=SALES).pk)

    in_parallel(8, begin)
    assert len(set(begun)) == 1
    attempt_id = begun[0]

    def hand_in(number: int) -> None:
        with tenant_scope(tenant):
            sheet = KnowledgeAttempt.objects.get(pk=attempt_id).sheet
            answers = [one["right"] if number % 2 else 1 - one["right"] for one in sheet]
            done = quiz_answer(
                tenant=tenant, attempt_id=attempt_id, staff=teacher, answers=answers, actor=SALES
            )
            results.append(done.is_passed)

    in_parallel(8, hand_in)
    assert len(set(results)) == 1
    with tenant_scope(tenant):
        assert KnowledgeStanding.objects.get(staff=teacher).tries == 1


# Pages ---------------------------------------------------------------------------------------


@pytest.fixture
def owner_page(scope: Tenant, client: Client) -> Client:
    user: User = make_user()
    member = make_member(tenant=scope, user=user, role=Role.OWNER)
    make_staff(tenant=scope, membership=member, name="林晓")
    client.force_login(user)
    return client


def _url(tenant: Tenant, rest: str = "") -> str:
    return reverse("content:knowledge", kwargs={"tenant_slug": tenant.slug}) + rest


@pytest.mark.django_db
def test_from_nothing_to_a_passed_test_in_the_console(scope: Tenant, owner_page: Client) -> None:
    owner_page.post(_url(scope, "builtin/"))
    card = KnowledgeCard.objects.get(builtin="too_expensive")
    owner_page.post(_url(scope, f"{card.pk}/publish/"), {"again": "on"})
    listed = owner_page.get(_url(scope)).content.decode()
    assert card.title in listed
    begun = owner_page.post(_url(scope, f"{card.pk}/start/"))
    attempt = KnowledgeAttempt.objects.get()
    page = owner_page.get(begun["Location"]).content.decode()
    assert attempt.sheet[0]["text"] in page
    assert attempt.sheet[0]["why"] not in page
    answers = {f"q{number}": one["right"] for number, one in enumerate(attempt.sheet)}
    result = owner_page.post(begun["Location"], answers, follow=True).content.decode()
    assert attempt.sheet[0]["why"] in result
    assert WorkItem.objects.get(source_kind=DUTY).state == WorkState.DONE
    people = owner_page.get(_url(scope, f"people/?card={card.pk}")).content.decode()
    assert "林晓" in people


@pytest.mark.django_db
def test_a_login_without_a_colleague_is_told_so(scope: Tenant, client: Client) -> None:
    user = make_user()
    make_member(tenant=scope, user=user, role=Role.SALES)
    client.force_login(user)
    card = _card(scope)
    answer = client.post(_url(scope, f"{card.pk}/start/"))
    assert answer.status_code == 409
    assert "CARD-04" in answer.content.decode()
    assert KnowledgeAttempt.objects.count() == 0


@pytest.mark.django_db
def test_another_persons_test_and_a_draft_are_not_there(
    scope: Tenant, owner_page: Client, client: Client
) -> None:
    other = make_staff(tenant=scope)
    card = _card(scope)
    theirs = quiz_start(tenant=scope, card_id=card.pk, staff=other, actor=SALES)
    assert owner_page.get(_url(scope, f"tests/{theirs.pk}/")).status_code == 404
    assert owner_page.post(_url(scope, f"tests/{theirs.pk}/"), {"q0": "0"}).status_code == 404
    draft = card_save(tenant=scope, kind="product", title="草稿", summary="", sections={}, actor=OWNER)
    seller = make_user()
    make_member(tenant=scope, user=seller, role=Role.SALES)
    client.force_login(seller)
    assert client.get(_url(scope, f"{draft.pk}/")).status_code == 404


@pytest.mark.django_db
def test_nonsense_answers_are_wrong_answers(scope: Tenant, owner_page: Client) -> None:
    card = _card(scope)
    where = owner_page.post(_url(scope, f"{card.pk}/start/"))["Location"]
    assert owner_page.post(where, {"q0": "-1", "q1": "9" * 400, "q2": "😀", "q9": "0"}).status_code == 302
    done = KnowledgeAttempt.objects.get()
    assert (done.right, done.is_passed, done.answers) == (0, False, [None, None, None])


@pytest.mark.django_db
def test_the_same_on_the_phone(scope: Tenant) -> None:
    teacher = make_staff(tenant=scope)
    card = _card(scope)
    phone, at = (
        hold_phone(scope, teacher),
        reverse("content_phone:knowledge", kwargs={"phone_slug": scope.slug}),
    )
    assert card.title in phone.get(at).content.decode()
    assert "每天十分钟" in phone.get(f"{at}{card.pk}/").content.decode()
    where = phone.post(f"{at}{card.pk}/start/")["Location"]
    sheet = KnowledgeAttempt.objects.get(staff=teacher).sheet
    phone.post(where, {f"q{number}": one["right"] for number, one in enumerate(sheet)})
    assert KnowledgeStanding.objects.get(staff=teacher).done_edition == 1
    other = hold_phone(scope, make_staff(tenant=scope))
    assert other.get(where).status_code == 404


@pytest.mark.django_db
def test_a_camps_leaders_are_asked_before_it_begins(scope: Tenant) -> None:
    leader, other = make_staff(tenant=scope), make_staff(tenant=scope)
    make_group(tenant=scope, owner=leader)
    card = _card(scope, asks="camp")
    assert _waiting(scope, leader) == []
    _camp_begin(scope, leader)
    duties_refresh(tenant=scope)
    item = WorkItem.objects.get(source_kind=DUTY)
    assert (item.staff, item.bucket) == (leader, Bucket.MUST)
    assert "第 7 期" in item.reason
    assert _waiting(scope, other) == []
    assert card.title in item.title


def _camp_begin(tenant: Tenant, leader: Staff) -> None:
    version = make_version(tenant=tenant)
    starts_on = clock.local_date(clock.now(), tenant.timezone) + timedelta(days=9)
    make_run(
        tenant=tenant, version=version, name="第 7 期", starts_on=starts_on,
        groups=[make_group(tenant=tenant, owner=leader)],
    )  # fmt: skip


@pytest.mark.django_db
def test_a_lead_whose_words_name_a_card_shows_it_at_desk_and_on_the_phone(
    scope: Tenant, owner_page: Client
) -> None:
    person, seller = make_customers(tenant=scope, count=1)[0], Staff.objects.get()
    lead = Lead.objects.create(
        tenant=scope, customer=person, window=make_camp(tenant=scope, customers=[person]), owner=seller,
        next_action_at=clock.now(), tier="S", state="open", next_action="call",
    )  # fmt: skip
    card = _card(scope, kind="scenario", title="客户嫌贵", sections={"scene": "太贵"}, aliases="太贵")
    desk = reverse("leads:need", kwargs={"tenant_slug": scope.slug, "pk": lead.pk})
    phone = reverse("leads_phone:lead", kwargs={"phone_slug": scope.slug, "pk": lead.pk})
    assert card.title not in owner_page.get(desk).content.decode()
    Need.objects.create(tenant=scope, lead=lead, kind="pain", text="觉得太贵了", noted_at=clock.now())
    assert card.title in owner_page.get(desk).content.decode()
    assert card.title in hold_phone(scope, seller).get(phone).content.decode()


@pytest.mark.django_db
def test_many_cards_and_people_take_the_statements_of_few(
    scope: Tenant, owner_page: Client, django_assert_max_num_queries: Any
) -> None:
    for _number in range(20):
        make_staff(tenant=scope)
    for number in range(15):
        _card(scope, questions=0, title=f"卡 {number}")
    assert KnowledgeStanding.objects.count() == 15 * 21
    for page in ("", "people/", f"{KnowledgeCard.objects.latest('pk').pk}/"):
        with django_assert_max_num_queries(25):
            assert owner_page.get(_url(scope, page)).status_code == 200
