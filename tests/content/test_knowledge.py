"""Knowledge cards and short tests (R126): who is asked what by when, and what a test came to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from content.enums import KNOWLEDGE_QUESTIONS
from content.errors import CardAway, CardInvalid, QuizFirst
from content.models import KnowledgeAttempt, KnowledgeCard, KnowledgeQuestion, KnowledgeStanding
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
PRODUCT = {"what": "三到六岁的英语课", "never": "不说保证学会"}


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


@pytest.mark.django_db
def test_done_said_of_a_card_with_a_test_opens_the_test_at_desk_and_on_the_phone(
    scope: Tenant, owner_page: Client
) -> None:
    card, mine, seller = _card(scope), Staff.objects.get(), make_staff(tenant=scope)
    duties_refresh(tenant=scope)
    items = {one.staff_id: one for one in WorkItem.objects.filter(source_kind=DUTY)}
    said = reverse(
        "team:item_act", kwargs={"tenant_slug": scope.slug, "pk": items[mine.pk].pk, "verb": "done"}
    )
    opened = owner_page.post(said, headers={"HX-Request": "true"})["HX-Redirect"]
    assert (
        owner_page.post(said, headers={"HX-Request": "true"})["HX-Redirect"] == opened
    )  # the same test goes on
    attempt = KnowledgeAttempt.objects.get(staff=mine)
    assert attempt.sheet[0]["text"] in owner_page.get(opened).content.decode()
    assert WorkItem.objects.get(pk=items[mine.pk].pk).state == WorkState.OPEN
    owner_page.post(opened, {f"q{number}": one["right"] for number, one in enumerate(attempt.sheet)})
    assert WorkItem.objects.get(pk=items[mine.pk].pk).state == WorkState.DONE

    phone = hold_phone(scope, seller)
    tasks = reverse("team_phone:tasks", kwargs={"phone_slug": scope.slug})
    assert (
        reverse("content_phone:knowledge", kwargs={"phone_slug": scope.slug})
        in phone.get(tasks).content.decode()
    )
    said = reverse(
        "team_phone:item_act", kwargs={"phone_slug": scope.slug, "pk": items[seller.pk].pk, "verb": "done"}
    )
    test = phone.post(said)["Location"]
    assert KnowledgeAttempt.objects.get(staff=seller).sheet[0]["text"] in phone.get(test).content.decode()
    assert card.title in phone.get(test).content.decode()
