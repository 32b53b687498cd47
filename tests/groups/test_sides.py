"""New and old customers are kept apart: whom a group is for, where newcomers land, what overrides it (R15)."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.enums import ChannelKind
from contacts.models import Channel
from contacts.services.channels import channel_save
from groups.enums import Kind, Scenario, Side, State
from groups.errors import MixNeedsReason, ReasonNeeded
from groups.models import Group, JoinWay
from groups.policies.checks import evaluate
from groups.policies.sides import NEWCOMER_CHANNELS, side_of
from groups.selectors import group_facts
from groups.selectors.sides import SIDES, landing_groups
from groups.services.code_wishes import Wish
from groups.services.codes import join_way_change, join_way_create
from groups.services.sides import group_set_side
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.groups import make_group

KINDS = st.sampled_from(["", *Kind.values])
SCENARIOS = st.sampled_from(["", *Scenario.values])


@given(KINDS, SCENARIOS, st.sampled_from(Side.values))
def test_what_a_person_says_goes_before_the_type(kind, scenario, own):
    assert side_of(kind=kind, scenario=scenario, own=own) == own


@pytest.mark.parametrize(
    ("kind", "scenario", "side"),
    [
        (Kind.NEW_USER, Scenario.MEMBER, Side.NEW), (Kind.SUPER_USER, "", Side.OLD), (Kind.DELIVERY, "", Side.OLD),
        ("", Scenario.BOARD, Side.OLD), (Kind.FLASH, "", ""), (Kind.FLASH, Scenario.MEMBER, Side.OLD), ("", "", ""),
    ],
)  # fmt: skip
def test_the_type_says_whom_a_group_is_for(kind, scenario, side):
    assert side_of(kind=kind, scenario=scenario, own="") == side


def test_channels_that_bring_newcomers_are_channels():
    assert set(ChannelKind.values) > NEWCOMER_CHANNELS


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestStored:
    @pytest.fixture
    def scene(self, tenant):
        with tenant_scope(tenant):
            return {
                "new": make_group(tenant=tenant, kind=Kind.NEW_USER, state=State.ACTIVE, name="小芽新客群"),
                "old": make_group(tenant=tenant, kind=Kind.SUPER_USER, state=State.ACTIVE, name="小芽老客群"),
                "referral": channel_save(
                    tenant=tenant, actor=SYSTEM, name="老带新", kind=ChannelKind.ACTIVITY
                ),
                "shop": channel_save(tenant=tenant, actor=SYSTEM, name="包裹卡", kind=ChannelKind.SHOP),
            }

    def wish(self, group, **changes):
        return Wish(name="裂变码", rooms=[(group.pk, 0)], auto_create_room=False, **changes)

    def make(self, tenant, channel, wish):
        return join_way_create(tenant=tenant, channel_id=channel.pk, wish=wish, actor=SYSTEM)

    def test_the_filter_says_what_the_rule_says(self, tenant):
        with tenant_scope(tenant):
            for kind in ["", *Kind.values]:
                for scenario in ["", *Scenario.values]:
                    for own in ["", *Side.values]:
                        make_group(tenant=tenant, kind=kind, scenario=scenario, own_side=own)
            for side, rows in SIDES.items():
                found = set(Group.objects.filter(rows, tenant=tenant).values_list("pk", flat=True))
                wanted = {
                    one.pk
                    for one in Group.objects.filter(tenant=tenant)
                    if side_of(kind=one.kind, scenario=one.scenario, own=one.own_side) == side
                }
                assert found == wanted

    def test_newcomers_enter_an_old_customer_group_only_with_a_reason(self, tenant, scene):
        with tenant_scope(tenant):
            with pytest.raises(MixNeedsReason, match="小芽老客群"):
                self.make(tenant, scene["referral"], self.wish(scene["old"]))
            assert not JoinWay.objects.filter(tenant=tenant).exists()
            self.make(tenant, scene["referral"], self.wish(scene["old"], mix_reason="老客带闺蜜体验"))
            assert AuditEntry.objects.get(verb="groups.code.added").reason == "老客带闺蜜体验"
            self.make(tenant, scene["referral"], self.wish(scene["new"]))
            self.make(tenant, scene["shop"], self.wish(scene["old"]))

    def test_changing_a_code_asks_for_the_reason_too(self, tenant, scene):
        with tenant_scope(tenant):
            way = self.make(tenant, scene["referral"], self.wish(scene["new"]))
            with pytest.raises(MixNeedsReason):
                join_way_change(tenant=tenant, way_id=way.pk, wish=self.wish(scene["old"]), actor=SYSTEM)

    def test_the_constitution_names_the_group_until_a_reason_is_given(self, tenant, scene):
        with tenant_scope(tenant):
            way = self.make(tenant, scene["referral"], self.wish(scene["new"]))
            group = scene["new"]

            def codes():
                return {one.code for one in evaluate(group_facts(tenant=tenant, group=group))}

            assert "MIX-01" not in codes()
            with pytest.raises(ReasonNeeded):
                group_set_side(tenant=tenant, group_id=group.pk, side=Side.OLD, reason="", actor=SYSTEM)
            group_set_side(tenant=tenant, group_id=group.pk, side=Side.OLD, reason="已转老客", actor=SYSTEM)
            group.refresh_from_db()
            assert "MIX-01" in codes()
            join_way_change(
                tenant=tenant, way_id=way.pk, wish=self.wish(group, mix_reason="过渡一周"), actor=SYSTEM
            )
            assert "MIX-01" not in codes()

    def test_referrals_land_in_new_customer_groups_by_default(self, tenant, scene):
        with tenant_scope(tenant):
            assert [one.pk for one in landing_groups(tenant_id=tenant.pk)] == [scene["new"].pk]
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        page = web.get(tenant_url(tenant, "groups:code_new") + f"?channel={scene['referral'].pk}")
        assert page.context["form"].initial["group_1"] == scene["new"].pk
        page = web.get(tenant_url(tenant, "groups:code_new") + f"?channel={scene['shop'].pk}")
        assert "group_1" not in page.context["form"].initial
        told = {
            "channel": scene["referral"].pk, "name": "裂变码", "group_1": scene["old"].pk, "mix_reason": "",
        }  # fmt: skip
        refused = web.post(tenant_url(tenant, "groups:code_new"), told)
        assert "小芽老客群" in refused.content.decode()
        assert "MIX-01" in refused.content.decode()
        fresh = {
            "new_channel": "新裂变",
            "new_kind": "activity",
            "name": "裂变码",
            "group_1": scene["old"].pk,
        }
        for _press in range(2):
            assert "MIX-01" in web.post(tenant_url(tenant, "groups:code_new"), fresh).content.decode()
        with tenant_scope(tenant):
            assert not Channel.objects.filter(name="新裂变").exists()  # a refused press leaves none behind
        web.post(tenant_url(tenant, "groups:code_new"), {**fresh, "mix_reason": "老客带闺蜜"})
        with tenant_scope(tenant):
            assert [one.kind for one in Channel.objects.filter(name="新裂变")] == ["activity"]
        side = tenant_url(tenant, "groups:side", pk=scene["old"].pk)
        web.post(side, {"side": "new", "reason": "改做新客"})
        with tenant_scope(tenant):
            assert landing_groups(tenant_id=tenant.pk).count() == 2
