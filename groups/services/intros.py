"""Introductions on joining (R20): what a group asks, who has answered, who is reminded, what goes into the profile.

Nothing read from a message is written into a profile by itself: a person takes it over, and then it is theirs.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.selectors import customers_by_external
from contacts.services.profile import profile_edit
from groups.enums import INTRO_HOURS, IntroState, OfferState, Seen
from groups.errors import IntroInvalid
from groups.models import Group, Introduction, IntroRule, Member
from groups.policies import intros
from groups.selectors.intros import Newcomer, intro_figures, intro_rules_by_chat
from groups.services.setup import locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_userids
from team.services import work_item_close, work_item_put
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_count
from wecom.archive.selectors import is_talk, messages_by_id
from wecom.archive.texts import plain_text

if TYPE_CHECKING:
    from wecom.models import ArchivedMessage

SOURCE = "groups.intro_reminder"
NAMES_MOST = 40  # in one reminder; the rest follow in the next
_SAID_MOST = 1000


def intro_rule_set(
    *, tenant: Tenant, group_id: int, template: str, pattern: str, is_on: bool, actor: Actor
) -> IntroRule:
    """What a group asks of whoever joins. Safe to repeat. Raises IntroInvalid without words, GroupUnknown."""
    require(actor, Permission.OPERATE)
    if not template.strip():
        raise IntroInvalid(_("Write what an introduction should say."))
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        row = IntroRule.objects.filter(tenant=tenant, group=group).first() or IntroRule(
            tenant=tenant, group=group
        )
        wanted = {"template": template.strip()[:500], "pattern": pattern.strip()[:60], "is_on": is_on}
        before = {name: getattr(row, name) if row.pk else None for name in wanted}
        changes = {name: [before[name], value] for name, value in wanted.items() if before[name] != value}
        if changes:
            for name, value in wanted.items():
                setattr(row, name, value)
            row.changed_at = clock.now()
            row.save()
            audit.record(
                tenant=tenant, actor=actor, verb="groups.intro.rule_set", target=group, changes=changes
            )
        if not is_on:
            work_item_close(
                tenant_id=tenant.pk, source_kind=SOURCE, source_id=row.pk, state=WorkState.CANCELLED
            )
    return row


def intros_hear(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """Messages that were just archived or imported: those that are introductions settle their senders.

    Returns how many. Safe to repeat: who is done stays done.
    """
    rows = [row for row in messages_by_id(tenant_id=tenant_id, message_ids=message_ids) if row.room_id]
    rules = intro_rules_by_chat(tenant_id=tenant_id, chat_ids={row.room_id for row in rows})
    rows = [row for row in rows if row.room_id in rules and is_talk(row)]
    told = [row for row in rows if intros.is_introduction(plain_text(row), rules[row.room_id].template)]
    staff = staff_by_userids(tenant_id=tenant_id, userids={row.sender_id for row in told}, app_id=app_id)
    told = [row for row in told if row.sender_id not in staff]
    if not told:
        return 0
    tenant = Tenant.objects.get(pk=tenant_id)
    return sum(_hear(tenant, rules[row.room_id].group, row) for row in told)


def _hear(tenant: Tenant, group: Group, message: "ArchivedMessage") -> bool:
    said = plain_text(message)
    year = clock.local_date(message.sent_at, tenant.timezone).year
    with transaction.atomic():
        row = _row(tenant, group, message.sender_id)
        if row is None or row.said:
            return False
        row.said, row.offered = said[:_SAID_MOST], intros.fields_told(said, this_year=year)
        row.offer_state = OfferState.OPEN if row.offered and row.customer_id else OfferState.NONE
        if row.state != IntroState.DONE:
            row.state, row.done_at, row.seen = IntroState.DONE, message.sent_at, Seen.MESSAGE
        row.save()
    return True


def _row(tenant: Tenant, group: Group, userid: str) -> Introduction | None:
    """The row of one member, locked; None for somebody who never sat there."""
    people = customers_by_external(tenant_id=tenant.pk, external_userids=[userid])
    if userid not in people and not Member.objects.filter(tenant=tenant, group=group, userid=userid).exists():
        return None
    known = people.get(userid)
    Introduction.objects.get_or_create(
        tenant=tenant, group=group, userid=userid, defaults={"customer_id": known.pk if known else None}
    )
    return Introduction.objects.select_for_update().get(tenant=tenant, group=group, userid=userid)


def intro_mark(*, tenant: Tenant, group_id: int, userid: str, is_done: bool, actor: Actor) -> Introduction:
    """Staff say that somebody has introduced themselves, or not after all. Safe to repeat. Raises IntroInvalid."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        row = _row(tenant, group, userid)
        if row is None:
            raise IntroInvalid
        if is_done == (row.state == IntroState.DONE):
            return row
        before = row.state
        if is_done:
            row.state, row.done_at, row.done_by, row.seen = (
                IntroState.DONE,
                clock.now(),
                actor.name[:128],
                Seen.PERSON,
            )
        else:
            row.state = IntroState.REMINDED if row.reminded_at else IntroState.MISSING
            row.done_at, row.done_by, row.seen = None, "", ""
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.intro.marked", target=group,
            changes={"state": [before, row.state]},
        )  # fmt: skip
    return row


def intro_offer_settle(
    *, tenant: Tenant, group_id: int, userid: str, fields: Iterable[str], actor: Actor
) -> Introduction:
    """Take the chosen fields into the person's profile; none chosen leaves all out. Raises IntroInvalid."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        locked_group(tenant, group_id)
        row = (
            Introduction.objects.select_for_update()
            .filter(tenant=tenant, group_id=group_id, userid=userid, offer_state=OfferState.OPEN)
            .first()
        )
        if row is None or row.customer_id is None:
            raise IntroInvalid
        chosen = {name: value for name, value in row.offered.items() if name in set(fields)}
        if chosen:
            profile_edit(tenant=tenant, customer_id=row.customer_id, values=chosen, actor=actor)
        row.offer_state = OfferState.TAKEN if chosen else OfferState.DECLINED
        row.offer_by = actor.name[:128]
        row.save(update_fields=["offer_state", "offer_by"])
    return row


def intro_remind(*, tenant: Tenant, group_id: int, actor: Actor) -> int:
    """Put the ready words that name whoever is missing before the group's owner. Returns how many are named.

    They count as reminded once somebody says that the words were sent. Safe to repeat: a group has one such task.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        rule = IntroRule.objects.filter(tenant=tenant, group=group, is_on=True).first()
        if rule is None:
            raise IntroInvalid
        people = intro_figures(group=group, rule=rule).of(IntroState.MISSING)
        count = _ask(tenant, group, rule, people)
        if count:
            audit.record(
                tenant=tenant, actor=actor, verb="groups.intro.reminded", target=group,
                changes={"people": [None, count]},
            )  # fmt: skip
    return count


def _ask(tenant: Tenant, group: Group, rule: IntroRule, people: list[Newcomer]) -> int:
    named = people[:NAMES_MOST]
    if not named:
        work_item_close(tenant_id=tenant.pk, source_kind=SOURCE, source_id=rule.pk, state=WorkState.DONE)
        return 0
    rule.asked = [one.member.userid for one in named]
    rule.save(update_fields=["asked"])
    title = say_count(
        "Ask %(n)s member of %(group)s for an introduction",
        "Ask %(n)s members of %(group)s for an introduction",
        len(named),
    )
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=rule.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.NEW_MEMBERS,
        bucket=Bucket.REMIND,
        title=title % {"n": len(named), "group": group},
        detail=say("Post the words in the group, then mark this done: those named count as reminded."),
        script=reminder_words(rule, [one.name for one in named]),
        reason=say("They joined and have not introduced themselves."),
        rule_code="R20",
        url=f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=intros&who=missing",
    )
    return len(named)


def reminder_words(rule: IntroRule, names: list[str]) -> str:
    """What to post: the names, the template, and the nickname where one is asked for."""
    asked = _("%(names)s, welcome! Please introduce yourself:") % {
        "names": " ".join(f"@{name}" for name in names)
    }
    lines = [asked, rule.template]
    if rule.pattern:
        lines.append(_("And set your name in this group like this: %(pattern)s") % {"pattern": rule.pattern})
    return "\n".join(lines)


def intro_reminder_sent(*, tenant: Tenant, rule_id: int, is_sent: bool) -> None:
    """The sender of a reminder says that it went out, or not after all. In the caller's transaction; safe to repeat."""
    rule = IntroRule.objects.select_for_update().filter(tenant=tenant, pk=rule_id).first()
    if rule is None:
        raise IntroInvalid
    group = Group.objects.get(tenant=tenant, pk=rule.group_id)
    for userid in rule.asked:
        row = _row(tenant, group, userid)
        if row is None or row.state == IntroState.DONE:
            continue
        row.state = IntroState.REMINDED if is_sent else IntroState.MISSING
        row.reminded_at = clock.now() if is_sent else None
        row.save(update_fields=["state", "reminded_at"])


def intros_night(*, tenant_id: int) -> int:
    """Whoever joined long enough ago and is missing is put into a reminder. Returns how many. Safe to repeat.

    A reminder that waits still names nobody who has introduced themselves meanwhile, and goes when all have.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    before = clock.now() - timedelta(hours=preferences.value(tenant_id, INTRO_HOURS))
    rules = IntroRule.objects.filter(tenant=tenant, is_on=True, group__dismissed_at=None).select_related(
        "group"
    )
    count = 0
    for rule in rules.exclude(group__chat_id="").order_by("pk"):
        people = intro_figures(group=rule.group, rule=rule).of(IntroState.MISSING)
        asked = set(rule.asked)
        late = [one for one in people if one.member.joined_at <= before or one.member.userid in asked]
        if late or asked:
            with transaction.atomic():
                count += _ask(tenant, rule.group, rule, late)
    return count
