"""Invitations as members, their friends and operators see them, in both languages."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from campaigns.enums.referral import INVITES_AN_HOUR
from campaigns.models import Campaign, Invite, Inviter
from campaigns.selectors.pages import page_path
from campaigns.selectors.referral import invitation_token, token_of
from campaigns.services.frame import campaign_clone
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import preference_set
from tests.e2e.conftest import look
from tests.e2e.test_members_looks import look_at, open_phone  # noqa: F401 - a fixture
from tests.factories.contacts import make_customer
from tests.factories.referrals import join, leave, make_referral, make_way

pytestmark = pytest.mark.django_db(transaction=True)
FRIENDS = ("朵朵妈妈", "小满妈妈", "果果爸爸", "安安爸爸", "李", "一个名字特别特别长的家长朋友")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_invitations_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, open_phone: Callable[..., Page],  # noqa: F811
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    """A member invites, a friend looks at it, the operator sees who does not count and decides."""
    with tenant_scope(tenant):
        preference_set(tenant=tenant, setting=INVITES_AN_HOUR, raw="5", actor=owner)
        played, referral = make_referral(tenant=tenant, owner=owner, has_lottery=True, name="邀好友抽绘本")
        referral.way = make_way(tenant=tenant, group=played.group)
        referral.save(update_fields=["way"])
        home = page_path(token_of(played.campaign))
    page = open_phone(played, language)
    page.goto(home)
    look_at(page, "invite-begin")
    page.locator(".q-h5-foot button").click()
    page.wait_for_load_state()
    with tenant_scope(tenant):
        inviter = Inviter.objects.get()
        people = [
            join(played, played.people[0], person=make_customer(tenant=tenant, name=one)) for one in FRIENDS
        ]
        leave(played, people[3])
        Invite.objects.filter(customer__in=people[:2]).update(state="counted", settled_at=clock.now())
        Invite.objects.filter(customer=people[2]).update(due_at=clock.now() + timedelta(days=2))
        there = page_path(invitation_token(campaign=played.campaign, inviter=inviter))
    page.goto(home)
    look_at(page, "invite")
    page.goto(f"{there}poster/")
    look_at(page, "invite-poster")
    page.goto(there)
    look_at(page, "invitation-own")
    stranger = open_phone(played, language, is_known=False)
    stranger.goto(there)
    look_at(stranger, "invitation-stranger")
    User.objects.filter(pk=owner.id).update(language="en" if language == "en" else "zh-hans")
    desk = make_page(User.objects.get(pk=owner.id))
    root = f"/t/{tenant.slug}/campaigns"
    for part in ("invitations", "invitees", "inviters"):
        desk.goto(f"{root}/{played.campaign.pk}/{part}/")
        look(desk, f"camp-{part}")
    desk.goto(f"{root}/{played.campaign.pk}/invitees/?state=held")
    desk.locator(".q-table button[hx-get]").first.click()
    desk.locator("#q-drawer form").wait_for()
    look(desk, "camp-invitee-decide")
    with tenant_scope(tenant):
        draft = campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        assert Campaign.objects.get(pk=draft.pk).state == "draft"
    desk.goto(f"{root}/{draft.pk}/invitations/")
    look(desk, "camp-invitations-draft")
