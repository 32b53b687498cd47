"""URLs of campaigns: the console's under /t/<slug>/, members' pages at the root."""

from django.urls import URLPattern, path, re_path

from campaigns.phone.door import DoorView
from campaigns.views import (
    acts,
    awards,
    checkins,
    coupons,
    deals,
    detail,
    distribution,
    flash,
    joining,
    lists,
    lottery,
    mall,
    milestones,
    nodes,
    quiz,
    redeem,
    referral,
    showing,
    steps,
)

app_name = "campaigns"
urlpatterns: list[URLPattern] = [
    path("campaigns/", lists.CampaignsPage.as_view(), name="list"),
    path("campaigns/new/", lists.CampaignNewPage.as_view(), name="new"),
    path("campaigns/calendar/", nodes.CalendarPage.as_view(), name="calendar"),
    path("campaigns/calendar/begin/", nodes.NodeBeginView.as_view(), name="node_begin"),
    path("campaigns/redeem/", redeem.RedeemFindPage.as_view(), name="redeem"),
    path("campaigns/redeem/<str:code>/", redeem.RedeemPage.as_view(), name="redeem_code"),
    path("campaigns/points/", mall.PointsPage.as_view(), name="points"),
    path("campaigns/<int:pk>/", detail.CampaignPage.as_view(), name="detail"),
    path("campaigns/<int:pk>/set-up/<slug:step>/", steps.StepPage.as_view(), name="step"),
    path("campaigns/<int:pk>/prizes/new/", steps.PrizeNewPage.as_view(), name="prize_new"),
    path("campaigns/<int:pk>/prizes/<int:prize_pk>/", steps.PrizePage.as_view(), name="prize"),
    path(
        "campaigns/<int:pk>/prizes/<int:prize_pk>/remove/",
        steps.PrizeRemoveView.as_view(),
        name="prize_remove",
    ),
    path("campaigns/<int:pk>/coupons/", coupons.CouponsPage.as_view(), name="coupons"),
    path("campaigns/<int:pk>/coupons/new/", coupons.OfferNewPage.as_view(), name="offer_new"),
    path("campaigns/<int:pk>/coupons/of/<int:prize_pk>/", coupons.OfferPage.as_view(), name="offer"),
    path(
        "campaigns/<int:pk>/coupons/<int:coupon_pk>/undo/",
        coupons.CouponUndoPage.as_view(),
        name="coupon_undo",
    ),
    path("campaigns/<int:pk>/awards/", awards.AwardsPage.as_view(), name="awards"),
    path(
        "campaigns/<int:pk>/awards/<int:award_pk>/handed-over/",
        awards.HandOverPage.as_view(),
        name="award_hand_over",
    ),
    path("campaigns/<int:pk>/awards/<int:award_pk>/paid/", awards.PaidPage.as_view(), name="award_paid"),
    path(
        "campaigns/<int:pk>/awards/<int:award_pk>/again/", awards.AwardAgainView.as_view(), name="award_again"
    ),
    path(
        "campaigns/<int:pk>/awards/<int:award_pk>/take-back/",
        awards.TakeBackPage.as_view(),
        name="award_take_back",
    ),
    path("campaigns/<int:pk>/give/", awards.GivePage.as_view(), name="give"),
    path("campaigns/<int:pk>/deals/", deals.DealsPage.as_view(), name="deals"),
    path("campaigns/<int:pk>/deals/new/", deals.DealNewPage.as_view(), name="deal_new"),
    path("campaigns/<int:pk>/deals/<int:deal_pk>/", deals.DealPage.as_view(), name="deal"),
    path(
        "campaigns/<int:pk>/deals/<int:deal_pk>/remove/", deals.DealRemoveView.as_view(), name="deal_remove"
    ),
    path(
        "campaigns/<int:pk>/deals/<int:deal_pk>/deadline/", deals.DeadlinePage.as_view(), name="deal_deadline"
    ),
    re_path(r"^campaigns/(?P<pk>\d+)/text/(?P<kind>relay|stream)/$", deals.PostPage.as_view(), name="post"),
    path("campaigns/<int:pk>/distribution/", distribution.DistributionPage.as_view(), name="distribution"),
    path(
        "campaigns/<int:pk>/distribution/on/",
        distribution.DistributionSwitchPage.as_view(),
        name="distribution_switch",
    ),
    path(
        "campaigns/<int:pk>/distribution/remove/",
        distribution.DistributionRemoveView.as_view(),
        name="distribution_remove",
    ),
    path("campaigns/<int:pk>/distributors/", distribution.SellersPage.as_view(), name="sellers"),
    path("campaigns/<int:pk>/distributors/new/", distribution.SellerNewPage.as_view(), name="seller_new"),
    path(
        "campaigns/<int:pk>/distributors/<int:seller_pk>/",
        distribution.SellerDecidePage.as_view(),
        name="seller_decide",
    ),
    path("campaigns/<int:pk>/sales/", distribution.SalesPage.as_view(), name="sales"),
    path("campaigns/<int:pk>/flash/", flash.FlashPage.as_view(), name="flash"),
    path("campaigns/<int:pk>/flash/remove/", flash.FlashRemoveView.as_view(), name="flash_remove"),
    path(
        "campaigns/<int:pk>/flash/<int:node_pk>/<slug:verb>/", flash.NodeActView.as_view(), name="flash_node"
    ),
    path("campaigns/<int:pk>/join/", joining.JoinPage.as_view(), name="join"),
    path("campaigns/<int:pk>/join/remove/", joining.JoinRemoveView.as_view(), name="join_remove"),
    path("campaigns/<int:pk>/joiners/", joining.JoinersPage.as_view(), name="joiners"),
    path("campaigns/<int:pk>/lottery/", lottery.LotteryPage.as_view(), name="lottery"),
    path("campaigns/<int:pk>/lottery/remove/", lottery.LotteryRemoveView.as_view(), name="lottery_remove"),
    path("campaigns/<int:pk>/draws/", lottery.DrawsPage.as_view(), name="draws"),
    path("campaigns/<int:pk>/invitations/", referral.ReferralPage.as_view(), name="referral"),
    path(
        "campaigns/<int:pk>/invitations/remove/",
        referral.ReferralRemoveView.as_view(),
        name="referral_remove",
    ),
    path("campaigns/<int:pk>/invitations/code/", referral.ReferralCodePage.as_view(), name="referral_code"),
    path("campaigns/<int:pk>/invitations/again/", referral.RewardsAgainView.as_view(), name="rewards_again"),
    path("campaigns/<int:pk>/invitees/", referral.InvitesPage.as_view(), name="invites"),
    path("campaigns/<int:pk>/invitees/<int:invite_pk>/", referral.DecidePage.as_view(), name="invite_decide"),
    path("campaigns/<int:pk>/inviters/", referral.InvitersPage.as_view(), name="inviters"),
    path(
        "campaigns/<int:pk>/inviters/<int:inviter_pk>/code/",
        referral.InviterCodePage.as_view(),
        name="inviter_code",
    ),
    path("campaigns/<int:pk>/reservations/", deals.ReservationsPage.as_view(), name="reservations"),
    path("campaigns/<int:pk>/checkin/", checkins.CheckInPage.as_view(), name="checkin"),
    path("campaigns/<int:pk>/checkin/remove/", checkins.CheckInRemoveView.as_view(), name="checkin_remove"),
    path("campaigns/<int:pk>/checkins/", checkins.CheckInsPage.as_view(), name="checkins"),
    path(
        "campaigns/<int:pk>/checkins/<int:checkin_pk>/reject/",
        checkins.CheckInRejectPage.as_view(),
        name="checkin_reject",
    ),
    path("campaigns/<int:pk>/mall/", mall.MallPage.as_view(), name="mall"),
    path("campaigns/<int:pk>/mall/remove/", mall.MallRemoveView.as_view(), name="mall_remove"),
    path("campaigns/<int:pk>/redemptions/", mall.RedemptionsPage.as_view(), name="redemptions"),
    path("campaigns/<int:pk>/milestones/", milestones.MilestonesPage.as_view(), name="milestones"),
    path(
        "campaigns/<int:pk>/milestones/remove/",
        milestones.MilestonesRemoveView.as_view(),
        name="milestones_remove",
    ),
    path("campaigns/<int:pk>/quiz/", quiz.QuizPage.as_view(), name="quiz"),
    path("campaigns/<int:pk>/quiz/remove/", quiz.QuizRemoveView.as_view(), name="quiz_remove"),
    path("campaigns/<int:pk>/answers/", quiz.AnswersPage.as_view(), name="answers"),
    path("campaigns/<int:pk>/show/", showing.ShowPage.as_view(), name="show"),
    path("campaigns/<int:pk>/show/remove/", showing.ShowRemoveView.as_view(), name="show_remove"),
    path("campaigns/<int:pk>/shown/", showing.ShownPage.as_view(), name="shown"),
    path("campaigns/<int:pk>/shown/<int:shown_pk>/", showing.ShownDecidePage.as_view(), name="shown_decide"),
    path("campaigns/<int:pk>/ledger/", awards.LedgerPage.as_view(), name="ledger"),
    path("campaigns/<int:pk>/rules/", detail.RulesPage.as_view(), name="rules"),
    path("campaigns/<int:pk>/review/", detail.ReviewPage.as_view(), name="review"),
    path("campaigns/<int:pk>/ask-start/", acts.AskStartPage.as_view(), name="ask_start"),
    path("campaigns/<int:pk>/end/", acts.EndPage.as_view(), name="end"),
    path("campaigns/<int:pk>/budget/", acts.BudgetPage.as_view(), name="budget"),
    path("campaigns/<int:pk>/<slug:verb>/", acts.CampaignActView.as_view(), name="act"),
]
phone_urlpatterns: list[URLPattern] = [
    path("coupons/", redeem.PhoneFindPage.as_view(), name="redeem"),
    path("coupons/<str:code>/", redeem.PhoneRedeemPage.as_view(), name="redeem_code"),
]
public_urlpatterns: list[URLPattern] = [
    path("r/c/<str:token>/", DoorView.as_view(), name="page"),
    path("r/c/<str:token>/<slug:part>/", DoorView.as_view(), name="part"),
]
