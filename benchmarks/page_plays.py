"""How much the campaigns of such a company keep: 60 of them, the newest with 10,000 people in each of its plays."""

from datetime import timedelta
from typing import Any

from benchmarks.page_work import Each

CAMPAIGNS, PEOPLE = 60, 10_000
_ROWS = 2 * PEOPLE  # the newest campaign and the one before have as many
_NEWEST = f"{CAMPAIGNS - 1} - n / {PEOPLE}"
_AGO = "now() - mod(n, 9000) * interval '1 minute'"


def _one_each(label: str) -> tuple[str, tuple[int, dict[str, str | Each]]]:
    """A play that each campaign has once."""
    return label, (CAMPAIGNS, {"campaign_id": Each("campaigns.Campaign", "n")})


def _person(**more: str | Each) -> dict[str, str | Each]:
    return {"customer_id": Each("contacts.Customer", f"mod(n, {PEOPLE})"), **more}


# {table: fields of its first row}
FIRST: dict[str, dict[str, Any]] = {
    "campaigns.Campaign": {"state": "running", "goal_target": 1000, "budget_fen": 100_000_000},
    "campaigns.Prize": {"kind": "goods", "unit_fen": 100, "stock": 100_000},
    "campaigns.Award": {"state": "given", "source": "lottery", "amount_fen": 100},
    "campaigns.CheckIn": {"rejected_at": None, "reject_reason": "", "rejected_by": ""},
    "campaigns.Deal": {"stock": 30_000, "taken": 0, "price_fen": 9_900},
    "campaigns.FlashNode": {"part": "wake", "after": timedelta(hours=1)},
    "campaigns.Account": {"unit": "points", "kind": "person"},
}
# {table: (rows, {column: SQL})}, what others refer to first
TABLES: dict[str, tuple[int, dict[str, str | Each]]] = {
    "campaigns.Campaign": (CAMPAIGNS, {
        "name": "'活动' || n", "starts_at": "now() - interval '7 days'", "ends_at": "now() + interval '7 days'",
        "state": "case when n >= 40 then 'running' else 'ended' end",
    }),
    "campaigns.CampaignGroup": (1_500, {
        "campaign_id": Each("campaigns.Campaign", "n / 25"), "group_id": Each("groups.Group", "n"),
    }),
    "campaigns.Prize": (3 * CAMPAIGNS, {
        "campaign_id": Each("campaigns.Campaign", "n / 3"), "name": "'奖品' || n", "position": "1 + mod(n, 3)",
    }),
    "campaigns.CouponOffer": (CAMPAIGNS, {"prize_id": Each("campaigns.Prize", "n * 3")}),
    "campaigns.MallGood": (CAMPAIGNS, {"prize_id": Each("campaigns.Prize", "n * 3 + 1")}),
    **dict(_one_each(f"campaigns.{play}") for play in (
        "CheckInPlan", "FlashRun", "JoinPlay", "Lottery", "Quiz", "Referral",
    )),
    "campaigns.FlashNode": (4 * CAMPAIGNS, {
        "run_id": Each("campaigns.FlashRun", "n / 4"), "after": "(1 + mod(n, 4)) * interval '1 hour'",
        "part": "(array['wake', 'relay', 'stream', 'timer'])[1 + mod(n, 4)]",
    }),
    "campaigns.Deal": (3 * CAMPAIGNS, {
        "campaign_id": Each("campaigns.Campaign", "n / 3"), "sku_id": Each("contacts.Sku", "n"),
    }),
    "campaigns.Award": (2 * _ROWS, {
        "campaign_id": Each("campaigns.Campaign", f"{CAMPAIGNS - 1} - n / (2 * {PEOPLE})"),
        "prize_id": Each("campaigns.Prize", f"3 * ({CAMPAIGNS - 1} - n / (2 * {PEOPLE})) + mod(n, 3)"),
        "key": "'k' || n", "made_at": _AGO, **_person(),
    }),
    "campaigns.Coupon": (_ROWS, {
        "offer_id": Each("campaigns.CouponOffer", _NEWEST), "award_id": Each("campaigns.Award", "2 * n"),
        "code": "'B' || lpad(n::text, 11, '0')", "issued_at": _AGO, "valid_until": "now() + interval '3 days'",
        "order_no": "''", "redeemed_at": f"case when n > {PEOPLE} then {_AGO} end", **_person(),
    }),
    "campaigns.Account": (PEOPLE, {"balance": "mod(n, 90)", **_person()}),
    "campaigns.Entry": (3 * _ROWS, {
        "campaign_id": Each("campaigns.Campaign", f"{CAMPAIGNS - 1} - n / (3 * {PEOPLE})"), "key": "'k' || n",
        "source_id": Each("campaigns.Account", "n + 1"), "target_id": Each("campaigns.Account", "n"),
        "unit": "'points'", "amount": "1 + mod(n, 5)", "at": _AGO,
        "reason": "'earned'",
    }),
    "campaigns.CheckInMember": (_ROWS, {"plan_id": Each("campaigns.CheckInPlan", _NEWEST), **_person()}),
    "campaigns.CheckIn": (3 * _ROWS, {
        "plan_id": Each("campaigns.CheckInPlan", f"{CAMPAIGNS - 1} - n / (3 * {PEOPLE})"), "made_at": _AGO,
        "day": f"current_date - mod(n, 3 * {PEOPLE}) / {PEOPLE}", **_person(),
    }),
    "campaigns.Joiner": (_ROWS, {
        "play_id": Each("campaigns.JoinPlay", _NEWEST), "person_id": "null", "joined_at": _AGO, **_person(),
    }),
    "campaigns.Entrant": (_ROWS, {
        "lottery_id": Each("campaigns.Lottery", _NEWEST), "code": "'e' || n", "granted": "3", "used": "3", **_person(),
    }),
    "campaigns.Draw": (3 * _ROWS, {
        "lottery_id": Each("campaigns.Lottery", f"{CAMPAIGNS - 1} - n / (3 * {PEOPLE})"),
        "entrant_id": Each("campaigns.Entrant", "n / 3"), "number": "1 + n", "key": "'k' || n", "at": _AGO,
    }),
    "campaigns.QuizEntry": (_ROWS, {"quiz_id": Each("campaigns.Quiz", _NEWEST), "at": _AGO, **_person()}),
    "campaigns.Inviter": (2_000, {
        "referral_id": Each("campaigns.Referral", f"{CAMPAIGNS - 1} - n / 1000"), "way_id": "null",
        "customer_id": Each("contacts.Customer", "mod(n, 1000)"), "made_at": _AGO,
    }),
    "campaigns.Invite": (_ROWS, {
        "referral_id": Each("campaigns.Referral", _NEWEST), "inviter_id": Each("campaigns.Inviter", "n / 10"),
        "customer_id": Each("contacts.Customer", f"1000 + mod(n, {PEOPLE})"), "touched_at": _AGO,
    }),
    "campaigns.Team": (1_000, {"deal_id": Each("campaigns.Deal", f"3 * ({CAMPAIGNS - 1} - n / 500)"),
                               "code": "'t' || n"}),
    "campaigns.Reservation": (_ROWS, {
        "deal_id": Each("campaigns.Deal", f"3 * ({_NEWEST})"), "number": "1 + n", "key": "'k' || n", "made_at": _AGO,
        **_person(),
    }),
}  # fmt: skip
