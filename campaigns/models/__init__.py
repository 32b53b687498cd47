"""Tables of campaigns. Nobody else imports them: selectors read, services write."""

from campaigns.models.awards import Award, Payout, SandboxPayment
from campaigns.models.checkins import CheckIn, CheckInMember, CheckInPlan, CheckInReward
from campaigns.models.coupons import Coupon, CouponOffer
from campaigns.models.deals import DeadlineMove, Deal, GroupPost, PriceStep, Reservation, Team
from campaigns.models.distribution import Distribution, Sale, Seller, SellerTouch
from campaigns.models.flash import FlashNode, FlashRun
from campaigns.models.frame import Campaign, CampaignGroup, Prize
from campaigns.models.joining import Joiner, JoinPlay
from campaigns.models.ledger import Account, Entry
from campaigns.models.lottery import Chance, Draw, DrawGrant, Entrant, Lottery
from campaigns.models.mall import MallGood
from campaigns.models.milestones import MilestoneHit, Milestones, MilestoneShare
from campaigns.models.quiz import Quiz, QuizEntry, QuizQuestion
from campaigns.models.referral import Invite, Inviter, Referral
from campaigns.models.showing import ShownOrder, ShowPlay

__all__ = [
    "Account", "Award", "Campaign", "CampaignGroup", "Chance", "CheckIn", "CheckInMember", "CheckInPlan",
    "CheckInReward", "Coupon", "CouponOffer", "DeadlineMove", "Deal", "Distribution", "Draw", "DrawGrant",
    "Entrant", "Entry", "FlashNode", "FlashRun", "GroupPost", "Invite", "Inviter", "JoinPlay", "Joiner", "Lottery",
    "MallGood", "MilestoneHit", "MilestoneShare", "Milestones", "Payout", "PriceStep", "Prize", "Quiz",
    "QuizEntry", "QuizQuestion", "Referral", "Reservation", "Sale", "SandboxPayment", "Seller", "SellerTouch",
    "ShowPlay", "ShownOrder", "Team",
]  # fmt: skip
