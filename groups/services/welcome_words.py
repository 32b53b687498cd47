"""Welcomes that were kept before a word was forbidden, or while a testimonial was still permitted (R63, R67).

They greet nobody any more (`wecom.welcomes.welcome`, `template_publish`); here a person is told which, and why. A
group's welcome is said by WeCom: it stands on Today until WeCom has other words, or removed it, not until they are
written here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse

from contacts.selectors.channels import ways_greeting
from groups.models import WelcomeTemplate
from groups.services.welcomes import KIND, template_checked
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_items_close, work_items_put
from tenants.errors import DomainError
from tenants.models import Tenant
from tenants.words import Words, say, say_each
from wecom.keeping import kept
from wecom.selectors import app_list
from wecom.welcomes.greetings import Greeting
from wecom.welcomes.sayable import welcome_checked
from wecom.welcomes.welcome import default_greeting

FRIENDS, CODES, GROUPS = "groups.friend_words", "groups.code_words", "groups.template_words"


@dataclass(frozen=True)
class _Kept:
    """A welcome as it stands: what it is called, what it says, where it is written anew.

    `at_wecom`: what WeCom itself says to new members; None where it has none, or where each welcome is ours to send.
    """

    source: str
    id: int
    title: Words
    said: Greeting
    url: str
    at_wecom: Greeting | None = None


def welcomes_flag(*, tenant: Tenant) -> int:
    """Put every welcome that may not be said any more before the operators, and close what may be said again.

    Returns how many may not. Safe to repeat: what somebody ticked off stands there again while the words do.
    """
    every = [*_of_friends(tenant), *_of_codes(tenant), *_of_groups(tenant)]
    asked: dict[str, dict[int, dict[str, Any]]] = {}
    fine: dict[str, list[int]] = {FRIENDS: [], CODES: [], GROUPS: []}
    for one in every:
        here = _refusal(tenant, one.source, one.said)
        there = one.at_wecom is not None and _refusal(tenant, one.source, one.at_wecom)
        if here or there:
            asked.setdefault(one.source, {})[one.id] = _item(tenant, one, bool(here), bool(there))
        else:
            fine[one.source].append(one.id)
    with transaction.atomic():
        for source, items in asked.items():
            work_items_put(tenant_id=tenant.pk, source_kind=source, items=items)
        for source, ids in fine.items():
            work_items_close(tenant_id=tenant.pk, source_kind=source, source_ids=ids, state=WorkState.DONE)
    return sum(len(items) for items in asked.values())


def _of_friends(tenant: Tenant) -> Iterable[_Kept]:
    url = reverse("wecom:welcome", args=[tenant.slug])
    for app in app_list(tenant_id=tenant.pk):
        yield _Kept(FRIENDS, app.pk, say("The welcome of new friends"), default_greeting(app), url)


def _of_codes(tenant: Tenant) -> Iterable[_Kept]:
    for row in ways_greeting(tenant_id=tenant.pk):
        title = say("The welcome of the code “%(name)s”") % {"name": row.name}
        said = Greeting() if row.ended_at else Greeting(row.welcome_text, list(row.welcome_parts))
        yield _Kept(CODES, row.pk, title, said, reverse("groups:way", args=[tenant.slug, row.pk]))


def _of_groups(tenant: Tenant) -> Iterable[_Kept]:
    rows = list(WelcomeTemplate.objects.filter(tenant=tenant).order_by("pk"))
    there = kept.fields_at_wecom(KIND, rows)
    for row in rows:
        title = say("The group welcome “%(name)s”") % {"name": row.name}
        said = Greeting() if row.ended_at else Greeting(row.text, [row.part] if row.part else [])
        at_wecom = _greeting_of(there[row.pk]) if row.pk in there else None
        url = reverse("groups:welcome", args=[tenant.slug, row.pk])
        yield _Kept(GROUPS, row.pk, title, said, url, at_wecom)


def _greeting_of(fields: dict[str, Any]) -> Greeting:
    """What a call told WeCom to say: {"text": {"content"}} and one of image, link, miniprogram, file and video."""
    along = [one for name, one in fields.items() if name != "text" and isinstance(one, dict)]
    return Greeting(fields.get("text", {}).get("content", ""), along)


def _refusal(tenant: Tenant, source: str, said: Greeting) -> str:
    """Why it may not be said, in the language of the moment; "" where it may."""
    check = template_checked if source == GROUPS else welcome_checked
    try:
        check(tenant=tenant, text=said.text, parts=said.parts)
    except DomainError as error:
        return str(error)
    return ""


def _item(tenant: Tenant, one: _Kept, is_wrong_here: bool, is_wrong_there: bool) -> dict[str, Any]:
    wrong = one.said if is_wrong_here or one.at_wecom is None else one.at_wecom
    return {
        "staff_id": None, "kind": WorkKind.ALERT, "bucket": Bucket.MUST,
        "title": say("%(what)s may not be said any more") % {"what": one.title},
        "detail": _detail(one.source, is_wrong_here, is_wrong_there),
        "reason": say_each(lambda: _refusal(tenant, one.source, wrong)), "rule_code": "R63", "url": one.url,
        "verb_label": say("Write it another way") if is_wrong_here else say("Bring to WeCom"),
    }  # fmt: skip


def _detail(source: str, is_wrong_here: bool, is_wrong_there: bool) -> Words:
    if not is_wrong_here:
        return say(
            "It is written another way here; WeCom goes on with the words of before until it has the new ones."
        )
    if is_wrong_there:
        return say(
            "WeCom still has the words of before: groups with it go on greeting until it is changed there."
        )
    if source == GROUPS:
        return say("Until it is written another way, it is not brought to WeCom.")
    return say("Until it is written another way, new friends are not greeted with it.")
