"""Welcomes that were kept before a word was forbidden, or while a testimonial was still permitted (R63, R67).

They greet nobody any more (`wecom.welcomes.welcome`, `template_publish`); here a person is told which, and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse

from contacts.selectors.channels import ways_greeting
from groups.models import WelcomeTemplate
from groups.services.welcomes import template_checked
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_items_close, work_items_put
from tenants.errors import DomainError
from tenants.models import Tenant
from tenants.words import Words, say, say_each
from wecom.selectors import app_list
from wecom.welcomes.greetings import Greeting
from wecom.welcomes.sayable import welcome_checked
from wecom.welcomes.welcome import default_greeting

FRIENDS, CODES, GROUPS = "groups.friend_words", "groups.code_words", "groups.template_words"


@dataclass(frozen=True)
class _Kept:
    """A welcome as it stands: what it is called, what it says, where it is written anew."""

    source: str
    id: int
    title: Words
    said: Greeting
    url: str


def welcomes_flag(*, tenant: Tenant) -> int:
    """Put every welcome that may not be said any more before the operators, and close what may be said again.

    Returns how many may not. Safe to repeat: what somebody ticked off stands there again while the words do.
    """
    kept = [*_of_friends(tenant), *_of_codes(tenant), *_of_groups(tenant)]
    asked: dict[str, dict[int, dict[str, Any]]] = {}
    fine: dict[str, list[int]] = {FRIENDS: [], CODES: [], GROUPS: []}
    for one in kept:
        if _refusal(tenant, one):
            asked.setdefault(one.source, {})[one.id] = _item(tenant, one)
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
    for row in WelcomeTemplate.objects.filter(tenant=tenant).order_by("pk"):
        title = say("The group welcome “%(name)s”") % {"name": row.name}
        said = Greeting() if row.ended_at else Greeting(row.text, [row.part] if row.part else [])
        yield _Kept(GROUPS, row.pk, title, said, reverse("groups:welcome", args=[tenant.slug, row.pk]))


def _refusal(tenant: Tenant, one: _Kept) -> str:
    """Why it may not be said, in the language of the moment; "" where it may."""
    try:
        if one.source == GROUPS:
            template_checked(tenant=tenant, text=one.said.text, parts=one.said.parts)
        else:
            welcome_checked(tenant=tenant, text=one.said.text, parts=one.said.parts)
    except DomainError as error:
        return str(error)
    return ""


def _item(tenant: Tenant, one: _Kept) -> dict[str, Any]:
    detail = (
        say("WeCom still has the words of before: groups with it go on greeting until it is changed there.")
        if one.source == GROUPS
        else say("Until it is written another way, new friends are not greeted with it.")
    )
    return {
        "staff_id": None, "kind": WorkKind.ALERT, "bucket": Bucket.MUST,
        "title": say("%(what)s may not be said any more") % {"what": one.title}, "detail": detail,
        "reason": say_each(lambda: _refusal(tenant, one)), "rule_code": "R63", "url": one.url,
        "verb_label": say("Write it another way"),
    }  # fmt: skip
