"""Questions on Today (R123): an item while nobody has answered, one of the team lead where it takes too long."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from contacts.models import Question
from contacts.policies.questions import REPLY_WITHIN
from team.enums import Bucket, NoticeKind, WorkKind, WorkState
from team.selectors import staff_leads, work_items_of
from team.services import work_items_close, work_items_put
from team.services.notices import Draft, notify_many
from tenants.models import Tenant
from tenants.words import Said, say

ITEM = "contacts.question"
LEAD_ITEM = "contacts.question_lead"
WORDS = 120  # characters of a question that stand on Today while it waits
ANSWER_RULE, LEAD_RULE = "SERVICE-01", "SERVICE-02"


def items_ask(
    *,
    tenant_id: int,
    questions: Sequence[Question],
    words: Mapping[str, str],
    state: str = "",
) -> None:
    """Put questions before who has to answer: the friend, or the group's owner. `words`: {msgid: text}. Safe to repeat.

    The item says the question's words only while it waits.
    """
    if not questions:
        return
    slug = _slug(tenant_id)
    work_items_put(
        tenant_id=tenant_id,
        source_kind=ITEM,
        items={
            row.pk: _matter(slug, row, words, _owner(row))
            | {
                "title": _title(row),
                "reason": say("Nobody of the team has answered yet."),
                "rule_code": ANSWER_RULE,
                "starts_at": row.asked_at,
                "due_at": row.due_at,
            }
            | ({"state": state} if state else {})
            for row in questions
        },
    )


def lead_ask(*, tenant_id: int, questions: Sequence[Question], words: Mapping[str, str]) -> None:
    """Put questions before the team lead, and tell every lead. Safe to repeat."""
    if not questions:
        return
    slug, leads = _slug(tenant_id), staff_leads(tenant_id=tenant_id)
    work_items_put(
        tenant_id=tenant_id,
        source_kind=LEAD_ITEM,
        items={
            row.pk: _matter(slug, row, words, leads[0].pk if leads else None)
            | {
                "title": _title(row),
                "reason": _why(row),
                "rule_code": LEAD_RULE,
                "starts_at": row.escalated_at or row.asked_at,
                "due_at": row.lead_at,
            }
            for row in questions
        },
    )
    notify_many(
        tenant_id=tenant_id,
        drafts=[
            Draft(
                kind=NoticeKind.QUESTION,
                title=_title(row),
                detail=_why(row),
                url=_url(slug, row),
                key=f"contacts.question.{row.pk}",
                staff_ids=tuple(one.pk for one in leads[1:]),
            )
            for row in questions
        ],
    )


def items_end(*, tenant_id: int, questions: Sequence[Question], by: str = "") -> None:
    """These wait no more: their items are done, and the words are taken off them. Safe to repeat."""
    ids = [row.pk for row in questions if row.pk]
    if not ids:
        return
    for kind in (ITEM, LEAD_ITEM):
        found = work_items_of(tenant_id=tenant_id, source_kind=kind, source_ids=ids)
        waiting = [pk for pk, one in found.items() if one.waits]
        if waiting:
            who: dict[str, Any] = {"tenant_id": tenant_id, "source_kind": kind}
            work_items_close(**who, source_ids=waiting, state=WorkState.DONE, by=by)
            work_items_put(**who, items={pk: {"detail": "", "state": WorkState.DONE} for pk in waiting})


def _slug(tenant_id: int) -> str:
    return Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)


def _owner(row: Question) -> int | None:
    group = row.group
    return row.staff_id if group is None else (group.owner_id or row.staff_id)


def _url(slug: str, row: Question) -> str:
    return reverse("contacts:question", kwargs={"tenant_slug": slug, "pk": row.pk})


def _title(row: Question) -> Said:
    name: object = row.customer.name if row.customer and row.customer.name else say("a member")
    if row.group is not None:
        return say("Answer %(name)s in %(group)s") % {"name": name, "group": row.group}
    return say("Answer %(name)s in private") % {"name": name}


def _why(row: Question) -> Said:
    if row.unknown_by:
        return say("%(name)s says that nobody here knows the answer.") % {"name": row.unknown_by}
    return say("Nobody answered in the time you set: it is yours now.")


def _matter(slug: str, row: Question, words: Mapping[str, str], staff_id: int | None) -> dict[str, Any]:
    text = words.get(row.msgid, "").strip()
    phone = ""
    if row.customer is not None:
        phone = reverse(
            "contacts_phone:customer",
            kwargs={"phone_slug": slug, "external_userid": row.customer.external_userid},
        )
    return {
        "group_id": row.group_id,
        "kind": WorkKind.QUESTION,
        "bucket": Bucket.MUST,
        # What is for anyone is read by people who may not see words of customers.
        "detail": text[:WORDS] + ("…" if len(text) > WORDS else "") if staff_id else "",
        "staff_id": staff_id,
        "window_ends_at": row.asked_at + REPLY_WITHIN,
        "url": _url(slug, row),
        "phone_url": phone,
        "verb_label": say("See the question"),
    }
