"""What campaigns add to the menu, the search, the approvals and what is known of a person."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import AwardSource, CampaignState, GoalKind, PrizeKind, Theme
from campaigns.enums.distribution import SellerState
from campaigns.enums.flash import FlashUse, Rhythm
from campaigns.enums.referral import InviteReason, InviteState
from campaigns.enums.showing import ShowState
from campaigns.selectors import coupons, distribution, joining, milestones, quiz, referral, showing
from campaigns.selectors.checkins import checkin_lacks, checkin_token, plans_in
from campaigns.selectors.deals import deals_in, deals_lack, deals_token
from campaigns.selectors.flash import flash_lacks, runs_in
from campaigns.selectors.flash import token_of as flash_token_of
from campaigns.selectors.frame import campaign_list
from campaigns.selectors.ledger import awards_of_people
from campaigns.selectors.lottery import lotteries_in, lottery_lacks, token_of
from campaigns.selectors.mall import goods_in, mall_token
from campaigns.selectors.plays import COUPONS, Play, register_play
from campaigns.services.awards import register_made, register_taken_back
from campaigns.services.checkins import checkin_copied
from campaigns.services.coupons import coupon_made, offers_copied
from campaigns.services.deals import deals_copied
from campaigns.services.distribution import distribution_copied
from campaigns.services.flash import flash_copied
from campaigns.services.frame import register_copied
from campaigns.services.joining import join_copied
from campaigns.services.life import BUDGET, START, budget_granted, start_granted
from campaigns.services.lottery import lottery_copied
from campaigns.services.mall import mall_copied, redemption_undone
from campaigns.services.milestones import milestones_copied
from campaigns.services.quiz import quiz_copied
from campaigns.services.referral import referral_copied
from campaigns.services.sales import sale_undone
from campaigns.services.showing import show_copied, shown_pictures_erase
from console import nav
from console.audit_changes import register_changes
from console.shell import tenant_url
from contacts.services.holdings import Holding, register_holding
from team.services import register_approval
from tenants.models import Tenant

HITS = 5


def _search(tenant: Tenant, text: str) -> list[nav.Hit]:
    rows = campaign_list(tenant_id=tenant.pk).filter(name__icontains=text)[:HITS]
    return [
        nav.Hit(kind=_("Campaigns"), label=one.name, url=tenant_url(tenant, "campaigns:detail", pk=one.pk),
                icon="ticket", detail=str(one.get_state_display()))
        for one in rows
    ]  # fmt: skip


def _entries(tenant_id: int, records: Collection[Any]) -> Q:
    """Entries of the person's prizes, and of the person's own account."""
    people = list(records)
    prizes = awards_of_people(tenant_id=tenant_id, customer_ids=[one.pk for one in people])
    mine = Q(source__customer__in=people) | Q(target__customer__in=people)
    return mine | Q(award_id__in=prizes.values("pk"))


nav.register(key="campaigns", label=_("Campaigns"), icon="ticket", url_name="campaigns:list", order=70)
nav.register_search(_search)
register_play(
    Play(
        key="deals", label=_("Flash sale and group-buy"),
        about=_("Real pieces at a published price until a real deadline, alone or as a team."), icon="ticket",
        url_name="campaigns:deals", rows=deals_in, lacks=deals_lack, token=deals_token,
    )
)  # fmt: skip
register_play(
    Play(
        key="distribution", label=_("Distribution"),
        about=_(
            "Members recommend and get a commission for paid orders; one level, off until a leader switches it on."
        ),
        icon="coin", url_name="campaigns:distribution", rows=distribution.distributions_in,
        lacks=distribution.distribution_lacks, token=distribution.token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="flash", label=_("Flash run"),
        about=_("Four nodes in flash groups within hours or days, with tasks and figures; then the groups close."),
        icon="clock", url_name="campaigns:flash", rows=runs_in,
        lacks=flash_lacks, token=flash_token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key=COUPONS, label=_("Coupons"),
        about=_("Money or percent off, or a gift, taken on the phone and redeemed by a code."), icon="ticket",
        url_name="campaigns:coupons",
        rows=coupons.offers_in, lacks=coupons.coupons_lack, token=coupons.coupons_token,
    )
)  # fmt: skip
register_play(
    Play(
        key="invite", label=_("Invitations"),
        about=_("Members bring friends: a prize for enough who fit and stay, and a draw for each."), icon="qrcode",
        url_name="campaigns:referral", rows=referral.referrals_in, lacks=referral.referral_lacks,
        token=referral.token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="join", label=_("Join and get"),
        about=_("A red packet, a prize after a task, or draws for whoever joins a group."), icon="user-plus",
        url_name="campaigns:join", rows=joining.joins_in, lacks=joining.join_lacks, token=joining.token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="checkin", label=pgettext_lazy("play", "Check-in"),
        about=_("A task each day, a calendar, days in a row, make-up cards; points, draws or a gift at the goal."),
        icon="list-check", url_name="campaigns:checkin", rows=plans_in, lacks=checkin_lacks, token=checkin_token,
    )
)  # fmt: skip
register_play(
    Play(
        key="lottery", label=_("Lottery"), about=_("Nine grid, wheel or blind boxes over odds that anybody can check."),
        icon="dice-5", url_name="campaigns:lottery", rows=lotteries_in, lacks=lottery_lacks, token=token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="mall",
        label=_("Points mall"),
        about=_("Prizes that members have for the points they earned."),
        icon="star",
        url_name="campaigns:mall",
        rows=goods_in,
        lacks=lambda campaign: [],
        token=mall_token,
    )
)
register_play(
    Play(
        key="milestones", label=_("Milestones"),
        about=_("A red packet of the group at every 50 customers, a large one at every 100."), icon="coin",
        url_name="campaigns:milestones", rows=milestones.milestones_in, lacks=milestones.milestones_lack,
        token=milestones.token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="quiz", label=_("Quiz"),
        about=_("Questions to answer once: a prize for enough right ones, for the first, or drawn."),
        icon="help-circle",
        url_name="campaigns:quiz", rows=quiz.quizzes_in, lacks=quiz.quiz_lacks, token=quiz.token_of,
    )
)  # fmt: skip
register_play(
    Play(
        key="show", label=_("Show an order"),
        about=_("Members show what came of a paid order; staff look at each and grant a prize, whatever they think of "
                "it."),
        icon="photo",
        url_name="campaigns:show", rows=showing.shows_in, lacks=showing.show_lacks, token=showing.token_of,
    )
)  # fmt: skip
register_approval(START, _("Start of a campaign"), start_granted)
register_approval(BUDGET, _("Another budget of a campaign"), budget_granted)
register_changes(
    "campaigns.campaign",
    labels={
        "name": _("Name"), "theme": _("Theme"), "goal_kind": _("Goal"), "goal_target": _("To reach"),
        "starts_at": _("Begins"), "ends_at": _("Ends"), "groups": _("Groups"), "budget_fen": _("Budget, fen"),
        "media_fen": _("Advertising, fen"), "labour_minutes": _("Work, minutes"),
        "rules": pgettext_lazy("campaign", "Rules"),
        "owner": _("Answers for it"), "prize": _("Prize"), "unit_fen": _("One piece costs, fen"),
        "stock": _("Pieces"), "from": _("Copied from"), "needed": _("Invitees for the prize"),
        "stay_days": _("Days that an invitee has to stay"), "code": _("Group code"),
        "goal_days": _("Days that reach the goal"), "day_points": _("Points for each day"),
        "goods": pgettext_lazy("mall", "Goods"), "note": _("Compliance note"),
    },
    values={"theme": dict(Theme.choices), "goal_kind": dict(GoalKind.choices),
            "state": dict(CampaignState.choices)},
)  # fmt: skip
register_changes(
    "campaigns.award",
    labels={"prize": _("Prize"), "amount_fen": _("Cost, fen"), "reference": _("Reference of the payment")},
)
register_changes(
    "campaigns.campaign",
    labels={
        "deal": _("SKU"),
        "price_fen": _("Price, fen"),
        "deadline": _("Deadline"),
        "lines": _("Lines"),
        "use": pgettext_lazy("flash", "What for"),
        "rhythm": _("Rhythm"),
        "node": pgettext_lazy("flash", "Node"),
    },
    values={"use": dict(FlashUse.choices), "rhythm": dict(Rhythm.choices)},
)
register_made(PrizeKind.COUPON, coupon_made)
register_copied(offers_copied)
register_copied(checkin_copied)
register_copied(lottery_copied)
register_copied(mall_copied)
register_taken_back(AwardSource.MALL, redemption_undone)
register_taken_back(AwardSource.DISTRIBUTION, sale_undone)
register_copied(flash_copied)
register_copied(join_copied)
register_copied(referral_copied)
register_changes(
    "campaigns.invite",
    labels={"state": _("State"), "why": _("Why")},
    values={"state": dict(InviteState.choices), "why": dict(InviteReason.choices)},
)
register_copied(deals_copied)
register_copied(distribution_copied)
register_copied(milestones_copied)
register_copied(quiz_copied)
register_copied(show_copied)
register_changes(
    "campaigns.seller", labels={"state": _("State")}, values={"state": dict(SellerState.choices)},
)  # fmt: skip
register_changes(
    "campaigns.checkin", labels={"day": pgettext_lazy("check-in", "Day")},
)  # fmt: skip
register_changes(
    "campaigns.shownorder", labels={"state": _("State")}, values={"state": dict(ShowState.choices)},
)  # fmt: skip
register_changes(
    "campaigns.coupon",
    labels={"prize": _("Prize"), "order_no": _("Order number"), "code": _("Code")},
)
# The ledger holds numbers and no words: it stays whole and balanced when a person is erased.
register_holding(
    Holding("campaigns.Award", _("Prizes of campaigns"), clear={"note": "", "proof": ""}),
    Holding("campaigns.Account", _("Points")),
    Holding("campaigns.Entry", _("Ledger"), where=_entries),
    Holding("campaigns.CheckIn", _("Check-ins"), clear={"proof": "", "reject_reason": ""}),
    Holding("campaigns.CheckInMember", pgettext_lazy("play", "Check-in")),
    Holding("campaigns.CheckInReward", _("What check-ins gave")),
    Holding("campaigns.Coupon", _("Coupons"), clear={"order_no": ""}),
    Holding("campaigns.Joiner", _("Join and get")),
    Holding("campaigns.MilestoneShare", _("Milestones")),
    Holding("campaigns.Seller", _("Distributors"), clear={"note": ""}),
    Holding("campaigns.SellerTouch", _("Recommended by a distributor")),
    Holding("campaigns.Sale", _("Orders by distributors")),
    Holding("campaigns.QuizEntry", _("Quiz")),
    Holding(
        "campaigns.ShownOrder",
        _("Orders shown"),
        clear={"text": "", "reason": "", "asset_id": None},
        beside=shown_pictures_erase,
    ),
    Holding("campaigns.Entrant", _("Lottery")),
    Holding("campaigns.Inviter", _("Invitations")),
    Holding("campaigns.Invite", _("Invited by a friend"), clear={"note": ""}),
    Holding("campaigns.DrawGrant", _("Draws granted"), path="entrant__customer"),
    Holding("campaigns.Draw", _("Draws"), path="entrant__customer"),
    Holding("campaigns.Reservation", _("Reservations"), clear={"wish": "", "order_no": ""}),
    Holding("campaigns.Payout", _("Red packet"), path="award__customer", clear={"error": ""}),
)
