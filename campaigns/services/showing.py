"""Show-orders (R88): set up, shown by members, looked at by staff; with permission they become testimonials."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource
from campaigns.enums.showing import (
    BEFORE_DAYS_MOST,
    LOOK_HOURS_MOST,
    PICTURE_BYTES_MOST,
    TEXT_LEAST,
    TEXT_MOST,
    TRIES_MOST,
    ShowFault,
    ShowRefusal,
    ShowState,
)
from campaigns.errors import (
    BudgetSpent,
    CampaignInvalid,
    OrderNotPaid,
    PraiseAsked,
    ReasonMissing,
    ShowRefused,
    StateWrong,
    StockOut,
)
from campaigns.models import Campaign, Prize, ShownOrder, ShowPlay
from campaigns.policies.showing import asks_praise
from campaigns.selectors.showing import (
    orders_to_show,
    show_of,
    shown_by,
    shows_until,
    waiting_count,
)
from campaigns.services.awards import award_make, check_open
from campaigns.services.frame import draft_locked
from contacts.enums import OrderState
from content.enums import NameShown, ProofKind, ProofScope
from content.services.proofs import ProofWish, proof_save, proof_withdraw
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say_count
from wecom.keeping.assets import AssetInvalid, asset_store, assets_erase

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenants.models import Tenant

LOOK_WORK = "campaigns.show"


@dataclass(frozen=True, kw_only=True)
class ShowWish:
    """A show-order as it is set up; days and hours as in ShowPlay."""

    prize_id: int | None
    before_days: int
    look_hours: int
    needs_picture: bool
    ask: str = ""


def show_set(*, tenant: "Tenant", campaign_id: int, wish: ShowWish, actor: Actor) -> ShowPlay:
    """Give a draft its show-order, or change it. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, PraiseAsked where the question asks for praise, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not 0 <= wish.before_days <= BEFORE_DAYS_MOST or not 1 <= wish.look_hours <= LOOK_HOURS_MOST:
        raise CampaignInvalid
    if asks_praise(wish.ask):
        raise PraiseAsked
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prize = Prize.objects.filter(tenant=tenant, campaign=campaign, pk=wish.prize_id).first()
        if prize is None:
            raise CampaignInvalid(_("Choose one of the prizes of this campaign."))
        row = show_of(campaign=campaign) or ShowPlay(tenant=tenant, campaign=campaign)
        row.prize, row.before_days, row.look_hours = prize, wish.before_days, wish.look_hours
        row.needs_picture, row.ask = wish.needs_picture, wish.ask.strip()[:100]
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.show.set", target=campaign,
            changes={"prize": [None, prize.name]},
        )  # fmt: skip
    return row


def show_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the show-order out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = ShowPlay.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.show.removed", target=campaign)


def show_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign asks for the same. `prizes`: {old prize id: its copy}."""
    row = show_of(campaign=old)
    if row is None:
        return
    row.campaign, row.prize, row.pk = copy, prizes.get(row.prize_id or 0), None
    row._state.adding = True
    row.save(force_insert=True)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a member sends. `picture`: (name of the file, its bytes), or None."""

    order_id: int
    text: str
    picture: tuple[str, bytes] | None = None
    is_permitted: bool = False


def order_show(*, tenant: "Tenant", play: ShowPlay, person_id: int, told: Told) -> ShownOrder:
    """A member shows an order of theirs. Once each person; what was refused may be shown anew. Safe to repeat.

    Asks not whether the person may take part: the page does. Raises ShowRefused with the reason, CampaignNotRunning,
    CampaignPaused.
    """
    text = told.text.strip()[:TEXT_MOST]
    with transaction.atomic():
        # The row of the play is held: one person, one order and one picture are decided one after another.
        ShowPlay.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=play.pk)
        check_open(Campaign.objects.get(tenant=tenant, pk=play.campaign_id))
        tries = shown_by(play=play, person_id=person_id)
        standing = next((one for one in tries if one.state != ShowState.REFUSED), None)
        if standing is not None:
            if standing.order_id == told.order_id:
                return standing
            raise _refused(ShowRefusal.HAD)
        _check(play, person_id, told, text, tries)
        row = ShownOrder(
            tenant=tenant, play=play, customer_id=person_id, order_id=told.order_id, text=text, at=clock.now(),
            permitted_at=clock.now() if told.is_permitted else None, asset_id=_picture(tenant, told.picture, person_id),
        )  # fmt: skip
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise _refused(ShowRefusal.TAKEN) from error
        _put_work(tenant, play)
    return row


def _check(play: ShowPlay, person_id: int, told: Told, text: str, tries: list[ShownOrder]) -> None:
    until = shows_until(play)
    if until is not None and until <= clock.now():
        raise _refused(ShowRefusal.LATE)
    if len(tries) >= TRIES_MOST:
        raise _refused(ShowRefusal.TOO_OFTEN)
    if told.order_id not in {one.pk for one in orders_to_show(play=play, person_id=person_id)}:
        raise _refused(ShowRefusal.FOREIGN)
    if len(text) < TEXT_LEAST:
        raise _refused(ShowRefusal.SHORT)
    if told.picture is None and play.needs_picture:
        raise _refused(ShowRefusal.NO_PICTURE)


def _picture(tenant: "Tenant", picture: tuple[str, bytes] | None, person_id: int) -> int | None:
    """The picture as one of our files. The same bytes are taken of one person only, and not of what staff stored:
    nobody shows somebody else's, and whoever is erased takes theirs along."""
    if picture is None:
        return None
    name, content = picture
    if len(content) > PICTURE_BYTES_MOST:
        raise _refused(ShowRefusal.BAD_PICTURE)
    try:
        row = asset_store(
            tenant=tenant, kind="image", name=name[-100:] or "picture.jpg", content=content, actor=SYSTEM
        )
    except AssetInvalid as error:
        raise _refused(ShowRefusal.BAD_PICTURE) from error
    known = ShownOrder.objects.filter(tenant=tenant, asset_id=row.pk).exclude(customer_id=person_id)
    if row.created_by != SYSTEM.name or known.exists():
        raise _refused(ShowRefusal.SAME_PICTURE)
    return row.pk


def _refused(why: ShowRefusal) -> ShowRefused:
    return ShowRefused(why.label, code=why.value)


# --- Staff


def shown_grant(*, tenant: "Tenant", campaign_id: int, shown_id: int, actor: Actor) -> ShownOrder:
    """It is in order: the prize is set aside, and with permission it becomes a testimonial. Where none or no money is
    left it is GONE.

    Once, however many decide at the same moment. Raises StateWrong, OrderNotPaid, CampaignNotRunning, CampaignPaused,
    NotPermitted; ShownOrder.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _waiting(tenant, campaign_id, shown_id)
        if row.order is None or row.order.state != OrderState.PAID:
            raise OrderNotPaid
        try:
            with transaction.atomic():
                award = award_make(
                    tenant=tenant, campaign_id=campaign_id, prize_id=row.play.prize_id or 0,
                    customer_id=row.customer_id, source=AwardSource.SHOW, key=f"show:{row.pk}", note="", actor=actor,
                )  # fmt: skip
        except (StockOut, BudgetSpent):
            row.state = ShowState.GONE
        else:
            row.state, row.award_id = ShowState.GRANTED, award.pk
        _permit(tenant, row)
        _decided(tenant, row, actor, "campaigns.show.granted")
    return row


def shown_refuse(
    *, tenant: "Tenant", campaign_id: int, shown_id: int, fault: str, reason: str, actor: Actor
) -> ShownOrder:
    """It is not in order, for one of the reasons that there are; the member reads them and may show it anew.

    Raises ReasonMissing without one of ShowFault, PraiseAsked where the words ask for praise, StateWrong, NotPermitted;
    ShownOrder.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _waiting(tenant, campaign_id, shown_id)
        if fault not in ShowFault.values:
            raise ReasonMissing
        if asks_praise(reason):
            raise PraiseAsked
        row.state, row.fault, row.reason = ShowState.REFUSED, ShowFault(fault), reason.strip()[:200]
        _decided(tenant, row, actor, "campaigns.show.refused")
    return row


def _waiting(tenant: "Tenant", campaign_id: int, shown_id: int) -> ShownOrder:
    """The row, held to the end of the transaction. Raises StateWrong where it was decided already."""
    rows = ShownOrder.objects.select_for_update(of=("self",), no_key=True).filter(
        play__campaign_id=campaign_id
    )
    row = rows.select_related("play__prize", "order").get(tenant=tenant, pk=shown_id)
    if row.state != ShowState.WAITING:
        raise StateWrong
    return row


def _decided(tenant: "Tenant", row: ShownOrder, actor: Actor, verb: str) -> None:
    row.decided_at, row.decided_by = clock.now(), actor.name[:128]
    row.save()
    audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes={"state": [None, row.state]})
    _put_work(tenant, row.play)


def _put_work(tenant: "Tenant", play: ShowPlay) -> None:
    """One task for all that waits, of whoever answers for the campaign; done once nothing waits."""
    campaign = Campaign.objects.get(tenant=tenant, pk=play.campaign_id)
    waiting = waiting_count(play=play)
    if not waiting:
        work_item_close(tenant_id=tenant.pk, source_kind=LOOK_WORK, source_id=play.pk, state=WorkState.DONE)
        return
    work_item_put(
        tenant_id=tenant.pk, source_kind=LOOK_WORK, source_id=play.pk, staff_id=campaign.owner_id,
        kind=WorkKind.SOP_TASK, bucket=Bucket.MUST,
        title=say_count("%(campaign)s: %(n)s shown order waits", "%(campaign)s: %(n)s shown orders wait", waiting)
        % {"campaign": campaign.name, "n": waiting},
        rule_code="R88", starts_at=clock.now(), due_at=campaign.ends_at,
        url=reverse("campaigns:show", args=[tenant.slug, campaign.pk]),
    )  # fmt: skip


# --- Permission


def permission_set(*, tenant: "Tenant", play: ShowPlay, person_id: int, is_permitted: bool) -> ShownOrder:
    """The member allows others to read what stands, or takes that back: its testimonial stands or goes with it.

    At any time while the page is there, also after the campaign. Safe to repeat. Raises StateWrong where nothing of
    theirs stands.
    """
    with transaction.atomic():
        rows = ShownOrder.objects.select_for_update(of=("self",), no_key=True).exclude(
            state=ShowState.REFUSED
        )
        row = rows.select_related("order").filter(tenant=tenant, play=play, customer_id=person_id).first()
        if row is None:
            raise StateWrong
        if (row.permitted_at is not None) == is_permitted:
            return row
        row.permitted_at = clock.now() if is_permitted else None
        if is_permitted:
            _permit(tenant, row)
        elif row.proof_id is not None:
            reason = _("Taken back on the page of the shown order, no. %(n)s") % {"n": row.pk}
            proof_withdraw(tenant=tenant, proof_id=row.proof_id, reason=reason, actor=SYSTEM)
        row.save(update_fields=["permitted_at", "proof_id"])
    return row


def _permit(tenant: "Tenant", row: ShownOrder) -> None:
    """A testimonial of what was looked at and is in order; the caller saves the row."""
    if (
        row.permitted_at is None
        or row.order_id is None
        or row.state not in (ShowState.GRANTED, ShowState.GONE)
    ):
        return
    wish = ProofWish(
        kind=ProofKind.SHOW_ORDER, title=row.text[:30], text=row.text, customer_id=row.customer_id,
        order_id=row.order_id, scope=ProofScope.GROUPS, name_shown=NameShown.MASKED, permitted=True,
        permitted_until=None, asset_id=row.asset_id,
        permission_note=_("Ticked by the customer on the page of the shown order, no. %(n)s") % {"n": row.pk},
    )  # fmt: skip
    row.proof_id = proof_save(tenant=tenant, wish=wish, actor=SYSTEM, proof_id=row.proof_id).pk


def shown_pictures_erase(tenant_id: int, rows: "QuerySet[ShownOrder]") -> int:
    """Remove the pictures of rows that are about to be erased: they are nobody else's. How many."""
    ids = {one for one in rows.values_list("asset_id", flat=True) if one is not None}
    return assets_erase(tenant_id=tenant_id, asset_ids=ids) if ids else 0
