"""How much a company of 1,000 groups and 200,000 customers keeps in each table, and what tells its rows apart.

Changes are SQL over `n`, which counts from 1; the first row is number 0. References that are not named are spread.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tenants import clock

RUNS, STEPS, TOUCHES = 40, 60, 50_000
_TOUCHES_A_RUN = TOUCHES // RUNS
_RUN = f"({RUNS - 1} - n / {_TOUCHES_A_RUN})"
_PLACE = f"mod(n, {_TOUCHES_A_RUN})"
# The last ten runs are in their middle now, the others ended, a week apart.
_BEGAN = "now() - case when {run} >= 30 then 15 else (40 - {run}) * 7 end * interval '1 day'"
_DUE = f"{_BEGAN.format(run=_RUN)} + mod({_PLACE}, {STEPS}) * interval '12 hours'"
_AGO = "now() - mod(n * 37, 20000) * interval '5 minutes'"


@dataclass(frozen=True)
class Each:
    """The id at a position of another table; none where `but` holds."""

    label: str
    position: str
    but: str = "false"


def _named(column: str = "name") -> dict[str, str | Each]:
    return {column: "'基准' || n"}


# {table: fields of its first row}
FIRST: dict[str, dict[str, Any]] = {
    "sop.Version": {"state": "published", "days": 30, "published_at": clock.now()},
    "sop.Run": {"days": 30},
    "content.Material": {"state": "approved", "edition": 1},
    "content.MaterialEdition": {"state": "approved", "number": 1},
    "sop.ValueEvent": {
        "starts_at": clock.now() + timedelta(days=3),
        "ends_at": clock.now() + timedelta(days=4),
    },
    "sop.Flight": {
        "asked": {"starts_on": "2026-12-01", "groups": 20, "members": 200, "groups_each": 1.1, "seed": 1},
    },
    "contacts.Order": {"state": "paid", "amount_fen": 9_900, "refund_fen": 0, "sku_id": "sku0"},
    "contacts.Sku": {"code": "sku0"},
    "content.KnowledgeCard": {
        "state": "live",
        "edition": 1,
        "archived_at": None,
        "published_at": clock.now(),
    },
    "content.KnowledgeAttempt": {"answered_at": clock.now(), "need_percent": 80},
    "leads.Lead": {"state": "open", "next_action": "call", "next_action_at": clock.now(), "tier": "A"},
    "team.WorkItem": {"state": "open", "staff": None, "done_at": None},
}
# {table: (rows, {column: SQL})}, what others refer to first
TABLES: dict[str, tuple[int, dict[str, str | Each]]] = {
    "contacts.Sku": (50, {"code": "'sku' || n", **_named()}),
    "contacts.Order": (30_000, {
        "order_no": "'o' || n", "sku_id": "'sku' || mod(n, 60)", "title": "'课程' || mod(n, 60)", "ordered_at": _AGO,
        "state": "case when mod(n, 20) = 0 then 'refunded' else 'paid' end",
    }),
    "contacts.ProfileFact": (50_000, {"customer_id": Each("contacts.Customer", "n")}),
    "contacts.Obstacle": (5_000, {"text": "'太贵' || mod(n, 300)"}),
    "contacts.StageMove": (100_000, {"at": _AGO}),
    "contacts.Survey": (20, _named("title")),
    "contacts.SurveyLink": (20_000, {"survey_id": Each("contacts.Survey", "n / 1000"),
                                     "customer_id": Each("contacts.Customer", "n")}),
    "contacts.SurveyAnswer": (15_000, {
        "survey_id": Each("contacts.Survey", "n / 1000"), "customer_id": Each("contacts.Customer", "n"),
        "link_id": Each("contacts.SurveyLink", "n"),
    }),
    "contacts.TagBatch": (50, {"asked_at": _AGO}),
    "contacts.TagMark": (20_000, {"customer_id": Each("contacts.Customer", "n"), "batch_id":
                                  Each("contacts.TagBatch", "n / 400")}),
    "contacts.ExposureWeek": (50_000, {"customer_id": Each("contacts.Customer", "n")}),
    "contacts.Exposure": (100_000, {"touch_key": "'t' || n / 100", "at": _AGO}),
    "contacts.Sheet": (30, _named()),
    "contacts.SheetRow": (20_000, {"sheet_id": Each("contacts.Sheet", "n / 1000"), "line": "n + 1"}),
    "contacts.Question": (20_000, {
        "msgid": "'q' || n", "asked_at": _AGO,
        "replied_at": f"case when mod(n, 9) > 0 then {_AGO} + interval '9 minutes' end",
        "resolved_at": f"case when mod(n, 7) > 0 then {_AGO} + interval '40 minutes' end", "closed_at": "null",
        "closed_as": "''", "lead_at": f"{_AGO} + interval '2 hours'", "due_at": f"{_AGO} + interval '30 minutes'",
    }),
    "contacts.CustomerTransfer": (3_000, {
        "customer_id": Each("contacts.Customer", "n"), "asked_at": _AGO,
        "state": "(array['queued', 'waiting', 'done', 'refused', 'failed'])[1 + mod(n, 5)]",
    }),
    "content.Proof": (100, {}),
    "content.Material": (500, {
        **_named("title"), "kind": "(array['norms', 'value', 'marketing', 'topic', 'activity', 'care'])[1 + mod(n, 6)]",
        "changed_at": _AGO,
    }),
    "content.MaterialEdition": (500, {"material_id": Each("content.Material", "n")}),
    "content.Script": (300, _named("title")),
    "content.KnowledgeCard": (60, {**_named("title"), "builtin": "''"}),
    "content.KnowledgeQuestion": (300, {"card_id": Each("content.KnowledgeCard", "n / 5"), "text": "'问题' || n"}),
    "content.KnowledgeStanding": (3_000, {"card_id": Each("content.KnowledgeCard", "n / 50"),
                                          "staff_id": Each("team.Staff", "n")}),
    "content.KnowledgeAttempt": (3_000, {"card_id": Each("content.KnowledgeCard", "n / 50"),
                                         "staff_id": Each("team.Staff", "n"), "answered_at": _AGO}),
    "content.ScriptAsk": (5_000, {"words": "'问题' || mod(n, 400)", "key": "'问题' || mod(n, 400)", "at": _AGO}),
    "content.ScriptMiss": (200, _named("words")),
    "content.SensitiveWord": (200, {"word": "'词' || n", "key": "'词' || n"}),
    "content.RadarLink": (2_000, {"token": "'t' || n", "source_key": "'s' || n"}),
    "groups.Promise": (3_000, {"due_at": "now() + (mod(n, 60) - 30) * interval '1 day'"}),
    "groups.Incident": (100, _named("title")),
    "groups.IncidentGroup": (500, {"incident_id": Each("groups.Incident", "n / 5"),
                                   "group_id": Each("groups.Group", "n")}),
    "groups.IncidentEntry": (2_000, {}),
    "groups.Koc": (2_000, {"group_id": Each("groups.Group", "n / 2"), "customer_id":
                           Each("contacts.Customer", "n * 100")}),
    "groups.HelperTask": (2_000, {}),
    "groups.SilentCase": (5_000, {"group_id": Each("groups.Group", "n / 5"), "member_id":
                                  Each("groups.Member", "n * 40"), "customer_id": Each("contacts.Customer", "n * 40")}),
    "groups.CircleSpell": (100_000, {"group_id": Each("groups.Group", "n / 100"),
                                     "customer_id": Each("contacts.Customer", "n * 2")}),
    "groups.GroupFinding": (3_000, {"group_id": Each("groups.Group", "n / 3"), "code": "'NEW-0' || mod(n, 3)"}),
    "groups.GroupTag": (50, _named()),
    "groups.GroupTagTie": (3_000, {"group_id": Each("groups.Group", "n / 3"),
                                   "tag_id": Each("groups.GroupTag", "mod(n, 3)")}),
    "groups.Violation": (1_000, {}),
    "groups.Introduction": (20_000, {"group_id": Each("groups.Group", "n / 20"), "userid": "'wmPage' || n * 10",
                                     "customer_id": Each("contacts.Customer", "n * 10")}),
    "sop.Template": (30, {"code": "'t' || n", **_named()}),
    "sop.Version": (RUNS, {"template_id": Each("sop.Template", "n"), "number": "2 + n"}),
    "sop.Step": (RUNS * STEPS, {
        "version_id": Each("sop.Version", f"n / {STEPS}"), "key": f"'s' || mod(n, {STEPS})", **_named("title"),
        "day": f"1 + mod(n, {STEPS}) / 2", "at": "case mod(n, 2) when 0 then '09:00' else '21:00' end::time",
    }),
    "sop.Run": (RUNS, {
        **_named(), "version_id": Each("sop.Version", "n"), "starts_on": f"({_BEGAN.format(run='n')})::date",
        "state": "case when n >= 30 then 'running' else 'ended' end",
        "ended_at": "case when n >= 30 then null else now() end",
    }),
    "sop.RunGroup": (1_000, {"run_id": Each("sop.Run", "n / 25"), "group_id": Each("groups.Group", "n")}),
    "sop.Touch": (TOUCHES, {
        "run_id": Each("sop.Run", _RUN), "step_id": Each("sop.Step", f"{_RUN} * {STEPS} + mod({_PLACE}, {STEPS})"),
        "group_id": Each("groups.Group", f"{_RUN} * 25 + {_PLACE} / {STEPS}"), "planned_at": _DUE, "due_at": _DUE,
        "window_ends_at": f"{_DUE} + interval '2 hours'",
        "channel": "(array['group_forward', 'group_mass', 'staff_task', 'private_mass'])[1 + mod(n, 4)]",
        "state": f"case when {_DUE} > now() then 'planned' else "
                 "(array['confirmed', 'confirmed', 'submitted', 'skipped', 'expired'])[1 + mod(n, 5)] end",
    }),
    "sop.TouchRecipient": (50_000, {"touch_id": Each("sop.Touch", "n"), "customer_id":
                                    Each("contacts.Customer", "n * 3")}),
    "sop.RunExit": (1_000, {"customer_id": Each("contacts.Customer", "n"), "group_id": "null"}),
    "sop.Topic": (300, {**_named("title"), "builtin": "''"}),
    "sop.TopicUse": (3_000, {"touch_id": Each("sop.Touch", "n")}),
    "sop.ValueEvent": (60, {
        **_named("title"), "token": "'e' || n", "check_in": "'c' || n", "run_id": "null",
        "starts_at": "base.starts_at - n * interval '1 day'", "ends_at": "base.ends_at - n * interval '1 day'",
    }),
    "sop.EventSignup": (6_000, {"event_id": Each("sop.ValueEvent", "n / 100"),
                                "customer_id": Each("contacts.Customer", "n")}),
    "sop.Certificate": (90, {"day": "base.day - n"}),
    "sop.PushWeek": (200, {"group_id": Each("groups.Group", "n"), "run_id": "null",
                           "monday": "date_trunc('week', now())::date"}),
    "sop.PushSlot": (2_000, {"week_id": Each("sop.PushWeek", "n / 10"), "number": "1 + mod(n, 7)",
                             "slot": "case when mod(n, 10) < 7 then 'noon' else 'evening' end"}),
    "sop.Flight": (30, {}),
    "sop.Review": (RUNS, {"run_id": Each("sop.Run", "n"), "due_at": _AGO}),
    "sop.ReviewItem": (300, {"review_id": Each("sop.Review", "n")}),
    "leads.Window": (RUNS, {**_named(), "source_kind": "'sop.run'", "source_id": Each("sop.Run", "n")}),
    "leads.WindowMember": (50_000, {"window_id": Each("leads.Window", "n / 1250"),
                                    "customer_id": Each("contacts.Customer", "n")}),
    "leads.Lead": (20_000, {
        "window_id": Each("leads.Window", "n / 500"), "customer_id": Each("contacts.Customer", "n"),
        "tier": "(array['S', 'A+', 'A', 'B'])[1 + mod(n, 4)]", "waiting_since": _AGO, "tier_since": _AGO,
        "sla_due_at": "now() + (mod(n, 100) - 50) * interval '1 hour'",
        "next_action_at": "now() + (mod(n, 100) - 50) * interval '1 hour'",
    }),
    "leads.FollowUp": (20_000, {"key": "'k' || n", "at": _AGO}),
    "leads.Doubt": (5_000, {"text": "'太贵' || n"}),
    "team.WorkItem": (5_000, {
        "source_id": "1000 + n", "title": "'任务' || n", "state": "case when mod(n, 5) < 3 then 'done' else 'open' end",
        "done_at": "case when mod(n, 5) < 3 then now() end", "due_at": "now() + (mod(n, 100) - 50) * interval '1 hour'",
    }),
    "wecom.InboundEvent": (50_000, {"dedupe_key": "'d' || n", "received_at": _AGO, "state": "'done'"}),
    "wecom.OutboundSend": (20_000, {"key": "'k' || n", "created_at": _AGO, "state": "'done'"}),
    "wecom.LostChange": (5_000, {"found_at": _AGO}),
}  # fmt: skip
