"""WeCom's mass-send limit: windows by rules that change, what is used by whom, the gate's figures."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from tests.factories.tenants import actor_of, make_member
from wecom import selectors, services
from wecom.enums import QuotaRule
from wecom.errors import QuotaRuleInvalid
from wecom.models import QuotaEntry, QuotaRuleChange
from wecom.sending import ledger
from wecom.sending.quota import RuleFrom, Window, rule_on, window_for

DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
RULES = st.lists(
    st.builds(
        RuleFrom,
        rule=st.sampled_from(QuotaRule.values),
        effective_from=DAYS,
        limit=st.none() | st.integers(1, 40),
    ),
    max_size=4,
    unique_by=lambda one: one.effective_from,
)


@pytest.mark.parametrize(
    ("rule", "day", "window"),
    [
        ("month_days", date(2026, 2, 10), Window(date(2026, 2, 1), date(2026, 2, 28), 28)),
        ("month_days", date(2028, 2, 29), Window(date(2028, 2, 1), date(2028, 2, 29), 29)),
        ("7_week", date(2026, 2, 10), Window(date(2026, 2, 9), date(2026, 2, 15), 7)),
        ("1_day", date(2026, 2, 10), Window(date(2026, 2, 10), date(2026, 2, 10), 1)),
    ],
)
def test_window_of_a_rule_that_always_held(rule, day, window):
    assert window_for([RuleFrom(rule)], day) == window


def test_no_rule_stated_is_wecoms_own_and_a_stated_number_wins():
    assert window_for([], date(2026, 4, 3)).limit == 30
    assert window_for([RuleFrom("month_days", limit=4)], date(2026, 4, 3)).limit == 4


def test_a_rule_that_begins_inside_a_month_ends_the_old_window_and_counts_its_own_week():
    rules = [RuleFrom("month_days"), RuleFrom("7_week", date(2026, 2, 18))]  # a Wednesday
    assert window_for(rules, date(2026, 2, 17)) == Window(date(2026, 2, 1), date(2026, 2, 17), 28)
    assert window_for(rules, date(2026, 2, 18)) == Window(date(2026, 2, 16), date(2026, 2, 22), 7)
    back = [*rules, RuleFrom("month_days", date(2026, 2, 20))]
    assert window_for(back, date(2026, 2, 19)).last == date(2026, 2, 19)
    assert window_for(back, date(2026, 2, 20)) == Window(date(2026, 2, 1), date(2026, 2, 28), 28)


def test_a_rule_that_begins_on_the_last_day_of_a_window_takes_that_day():
    rules = [RuleFrom("7_week"), RuleFrom("1_day", date(2026, 2, 22))]  # a Sunday
    assert window_for(rules, date(2026, 2, 21)) == Window(date(2026, 2, 16), date(2026, 2, 21), 7)
    assert window_for(rules, date(2026, 2, 22)) == Window(date(2026, 2, 22), date(2026, 2, 22), 1)


@given(rules=RULES, day=DAYS)
def test_a_day_lies_in_its_window_and_the_window_in_the_reign_of_its_rule(rules, day):
    window = window_for(rules, day)
    assert window.first <= day <= window.last
    assert window.limit >= 1
    assert (window.last - window.first).days <= 30
    assert rule_on(rules, window.last) == rule_on(rules, day)
    later = [one.effective_from for one in rules if one.effective_from > day]
    assert all(window.last < one for one in later)


@given(rules=RULES, day=DAYS)
def test_days_of_one_window_agree_about_it(rules, day):
    window = window_for(rules, day)
    same = [
        one
        for one in (window.first + timedelta(days=n) for n in range((window.last - window.first).days + 1))
        if rule_on(rules, one) == rule_on(rules, day)
    ]
    assert {window_for(rules, one) for one in same} == {window}


@given(rules=RULES, start=DAYS, wanted=st.lists(st.integers(0, 9), min_size=1, max_size=70))
def test_who_sends_only_what_is_left_never_exceeds_any_rule(rules, start, wanted):
    """Against a counter of another kind: sends a natural day, week or month, under the rule of each day."""
    sent: dict[date, int] = {}
    for offset, wish in enumerate(wanted):
        day = start + timedelta(days=offset)
        window = window_for(rules, day)
        used = sum(n for at, n in sent.items() if window.first <= at <= window.last)
        sent[day] = min(wish, max(0, window.limit - used))
        rule = rule_on(rules, day)
        same_period = {
            QuotaRule.ONE_A_DAY: lambda at, day=day: at == day,
            QuotaRule.SEVEN_A_WEEK: lambda at, day=day: at.isocalendar()[:2] == day.isocalendar()[:2],
            QuotaRule.MONTH_DAYS: lambda at, day=day: (at.year, at.month) == (day.year, day.month),
        }[QuotaRule(rule.rule)]
        if sent[day]:
            assert sum(n for at, n in sent.items() if same_period(at)) <= window.limit


# --- the ledger

db = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def use(tenant, receivers, day, key, **more):
    services.quota_use(
        tenant_id=tenant.pk, receiver_kind="group", receiver_ids=receivers, day=day, vendor_msgid=key, **more
    )


class TestLedger:
    pytestmark = db

    @pytest.mark.parametrize(
        ("rule", "day", "left"),
        [
            ("month_days", date(2026, 2, 10), 28 - 3),
            ("7_week", date(2026, 2, 10), 7 - 2),
            ("1_day", date(2026, 2, 10), 0),
            ("1_day", date(2026, 2, 11), 1),
            ("7_week", date(2026, 2, 16), 7),
            ("month_days", date(2026, 3, 1), 31),
        ],
    )
    def test_left_follows_the_tenants_rule(self, tenant, owner, rule, day, left):
        with tenant_scope(tenant), transaction.atomic():
            ledger.quota_rule_state(tenant=tenant, rule=rule, effective_from=date(2026, 1, 1), actor=owner)
            for n, used in enumerate([date(2026, 2, 1), date(2026, 2, 9), date(2026, 2, 10)]):
                for _ in range(2):
                    use(tenant, ["wr1"], used, f"m{n}")
            found = selectors.quota_left(
                tenant_id=tenant.pk, receiver_kind="group", receiver_ids=["wr1", "wr2"], day=day
            )
        assert found["wr1"] == left

    def test_what_is_left_takes_two_queries_for_any_number_and_counts_members_sends(self, tenant):
        day = date(2026, 2, 10)
        receivers = [f"wr{n}" for n in range(50)]
        with tenant_scope(tenant), transaction.atomic():
            use(tenant, receivers[:2], day, "corp")
            use(tenant, receivers[:1], day, "own", source="personal")
            with CaptureQueriesContext(connection) as queries:
                found = selectors.quota_left(
                    tenant_id=tenant.pk, receiver_kind="group", receiver_ids=receivers, day=day
                )
            figures = selectors.quota_figures(tenant_id=tenant.pk, day=day)
        assert len(queries) == 2
        assert [found[one] for one in ("wr0", "wr1", "wr2")] == [26, 27, 28]
        assert (figures.by_company, figures.by_members, figures.receivers, figures.used_up) == (2, 1, 2, 0)

    def test_what_came_over_the_limit_before_it_or_for_another_kind_of_receiver_is_told_apart(self, tenant):
        day, both = date(2026, 2, 10), ["wr1", "wr2"]
        with tenant_scope(tenant), transaction.atomic():
            QuotaRuleChange.objects.create(tenant=tenant, rule="1_day", effective_from=date(2026, 1, 1))
            for n in range(3):
                use(
                    tenant, ["wr1"], day, f"m{n}"
                )  # more than the rule allows: somebody sent by hand meanwhile
            use(tenant, ["wr2"], day - timedelta(days=1), "before")
            use(tenant, ["wr2"], day + timedelta(days=1), "after")
            ask = {"tenant_id": tenant.pk, "receiver_ids": both, "day": day}
            assert selectors.quota_left(**ask, receiver_kind="group") == {"wr1": 0, "wr2": 1}
            assert selectors.quota_left(**ask, receiver_kind="customer") == {"wr1": 1, "wr2": 1}
            days = {"tenant_id": tenant.pk, "first": day, "last": day}
            assert selectors.quota_days(**days, receiver_kind="group") == {"wr1": {day: {"corp": 3}}}
            assert selectors.quota_days(**days, receiver_kind="customer") == {}
            use(tenant, ["wr2"], day, "its one")
            assert selectors.quota_figures(tenant_id=tenant.pk, day=day).used_up == 2

    def test_one_receivers_use_is_given_back_and_the_others_stay(self, tenant):
        day = date(2026, 2, 10)
        with tenant_scope(tenant), transaction.atomic():
            use(tenant, ["wr1", "wr2"], day, "t1")
            use(tenant, ["wr1"], day, "t2")
            given = {"tenant_id": tenant.pk, "vendor_msgids": ["t1"], "receiver_ids": ["wr1"]}
            assert [services.quota_return(**given) for _ in range(2)] == [1, 0]
            left = QuotaEntry.objects.order_by("receiver_id").values_list("receiver_id", "vendor_msgid")
            assert list(left) == [("wr1", "t2"), ("wr2", "t1")]

    def test_only_who_manages_states_a_rule_or_takes_it_back(self, tenant, owner):
        stated = {"tenant": tenant, "rule": "7_week", "effective_from": date(2026, 3, 1), "limit": 1000}
        with tenant_scope(tenant):
            operator = actor_of(make_member(tenant=tenant, role="operator"))
            with pytest.raises(NotPermitted):
                ledger.quota_rule_state(**stated, actor=operator)
            row = ledger.quota_rule_state(**stated, actor=owner)
            with pytest.raises(NotPermitted):
                ledger.quota_rule_forget(tenant=tenant, change_id=row.pk, actor=operator)
            assert selectors.quota_window(tenant_id=tenant.pk, day=date(2026, 3, 2)).limit == 1000

    def test_ten_thousand_uses_are_one_statement_and_a_repeat_adds_none(self, tenant):
        uses = [(f"wm{n}", "t1") for n in range(10_000)]
        with tenant_scope(tenant), transaction.atomic():
            for _ in range(2):
                with CaptureQueriesContext(connection) as queries:
                    services.quota_use_many(
                        tenant_id=tenant.pk, receiver_kind="customer", uses=uses, day=date(2026, 2, 10)
                    )
                assert len(queries) == 1
            assert QuotaEntry.objects.count() == 10_000
            assert services.quota_return(tenant_id=tenant.pk, vendor_msgids=["t1"]) == 10_000

    def test_a_statement_is_audited_replaced_and_taken_back(self, tenant, owner):
        day = date(2026, 3, 1)
        with tenant_scope(tenant):
            first = ledger.quota_rule_state(tenant=tenant, rule="7_week", effective_from=day, actor=owner)
            second = ledger.quota_rule_state(
                tenant=tenant, rule="month_days", limit=4, effective_from=day, actor=owner
            )
            assert second.pk == first.pk
            assert selectors.quota_window(tenant_id=tenant.pk, day=day).limit == 4
            ledger.quota_rule_forget(tenant=tenant, change_id=first.pk, actor=owner)
            ledger.quota_rule_forget(tenant=tenant, change_id=first.pk, actor=owner)
            assert selectors.quota_window(tenant_id=tenant.pk, day=day).limit == 31
            verbs = list(
                AuditEntry.objects.filter(verb__startswith="wecom.quota").values_list("verb", flat=True)
            )
        assert sorted(verbs) == ["wecom.quota_rule.forgotten", *["wecom.quota_rule.stated"] * 2]

    @pytest.mark.parametrize(("rule", "limit"), [("fortnight", None), ("7_week", 0), ("7_week", 1001)])
    def test_a_rule_that_cannot_be_is_refused(self, tenant, owner, rule, limit):
        with tenant_scope(tenant), pytest.raises(QuotaRuleInvalid):
            ledger.quota_rule_state(
                tenant=tenant, rule=rule, limit=limit, effective_from=date(2026, 3, 1), actor=owner
            )


class TestQueueingMany:
    pytestmark = db

    def drafts(self, *keys):
        payload = {"touser": ["lin"], "msgtype": "text", "content": {"content": "看看群"}}
        return [services.SendDraft(kind="app_message", key=one, payload=payload) for one in keys]

    def test_many_are_one_insert_and_one_read_in_the_order_given(self, tenant):
        with tenant_scope(tenant), transaction.atomic():
            (old,) = services.send_queue_many(tenant=tenant, sends=self.drafts("b"))
            with CaptureQueriesContext(connection) as queries:
                rows = services.send_queue_many(tenant=tenant, sends=self.drafts("c", "b", "a", "c"))
        assert len(queries) == 2
        assert [row.key for row in rows] == ["c", "b", "a", "c"]
        assert (rows[1].pk, rows[0].pk) == (old.pk, rows[3].pk)
        assert rows[0].expires_at > rows[0].next_at

    def test_one_bad_payload_queues_none(self, tenant):
        bad = services.SendDraft(kind="mass_send", key="x", payload={})
        with tenant_scope(tenant), transaction.atomic(), pytest.raises(ValueError, match="chat_type"):
            services.send_queue_many(tenant=tenant, sends=[*self.drafts("a"), bad])
        with tenant_scope(tenant):
            assert services.send_queue_many(tenant=tenant, sends=[]) == []
            assert services.OutboundSend.objects.count() == 0
