"""Companies, members, invitations, keys: what a person can and cannot do."""

import pytest
from django.db import connection

from tenants import preferences
from tenants.audit import Actor
from tenants.enums import PreferenceKind, Role
from tenants.errors import InvitationInvalid, LastOwner, NotPermitted, PreferenceInvalid
from tenants.models import ApiKey, AuditEntry, Membership, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tenants.selectors import api_key_by_token, invitation_by_token, place_list_for_user
from tenants.services import (
    api_key_create,
    api_key_revoke,
    api_key_used,
    invitation_accept,
    invitation_create,
    invitation_revoke,
    member_remove,
    member_set_role,
    preference_set,
)

pytestmark = pytest.mark.django_db


def place_for_user(user, slug):
    return next((one for one in place_list_for_user(user) if one.tenant.slug == slug), None)


PER_DAY = preferences.declare(
    "tests.per_day", default=3, kind=PreferenceKind.INTEGER, label="a day", minimum=1, maximum=9
)


@pytest.fixture
def guest(make_user) -> User:
    return make_user("guest@example.com", "何静")


def _invite(tenant, owner, role=Role.OPERATOR) -> tuple:
    with tenant_scope(tenant):
        return invitation_create(tenant=tenant, role=role, actor=owner)


def test_invitation_works_once(tenant, owner, guest, make_user):
    _, token = _invite(tenant, owner)
    assert invitation_accept(token=token, user=guest) == tenant
    assert place_for_user(guest, tenant.slug).role == Role.OPERATOR
    with pytest.raises(InvitationInvalid):
        invitation_accept(token=token, user=make_user("late@example.com", "陈默"))


def test_invitation_expires_after_a_week(tenant, owner, guest, frozen):
    _, token = _invite(tenant, owner)
    frozen.move(days=7)
    with pytest.raises(InvitationInvalid):
        invitation_accept(token=token, user=guest)


def test_revoked_invitation_is_useless(tenant, owner, guest):
    row, token = _invite(tenant, owner)
    with tenant_scope(tenant):
        invitation_revoke(tenant=tenant, invitation_id=row.pk, actor=owner)
    assert invitation_by_token(token) is None


def test_invitation_token_is_not_stored(tenant, owner):
    row, token = _invite(tenant, owner)
    assert token not in str(row.__dict__)


def test_member_who_clicks_a_second_link_keeps_the_role_held(tenant, owner, guest):
    _, first = _invite(tenant, owner, Role.LEADER)
    _, second = _invite(tenant, owner, Role.VIEWER)
    invitation_accept(token=first, user=guest)
    invitation_accept(token=second, user=guest)
    assert place_for_user(guest, tenant.slug).role == Role.LEADER


def test_foreign_slug_looks_like_an_unknown_one(tenant, other_tenant):
    user = User.objects.get(email="lin@example.com")
    assert place_for_user(user, other_tenant.slug) is None
    assert place_for_user(user, "no-such-place") is None
    assert [place.tenant for place in place_list_for_user(user)] == [tenant]


def test_last_owner_cannot_step_down_or_leave(tenant, owner):
    with tenant_scope(tenant):
        member = Membership.objects.get()
        with pytest.raises(LastOwner):
            member_set_role(tenant=tenant, member_id=member.pk, role=Role.SALES, actor=owner)
        with pytest.raises(LastOwner):
            member_remove(tenant=tenant, member_id=member.pk, actor=owner)


def test_removed_member_is_out_at_once_and_can_be_invited_again(tenant, owner, guest):
    _, token = _invite(tenant, owner)
    invitation_accept(token=token, user=guest)
    with tenant_scope(tenant):
        member_remove(tenant=tenant, member_id=Membership.objects.get(user=guest).pk, actor=owner)
    assert place_for_user(guest, tenant.slug) is None
    _, again = _invite(tenant, owner, Role.SALES)
    invitation_accept(token=again, user=guest)
    assert place_for_user(guest, tenant.slug).role == Role.SALES


@pytest.mark.parametrize("role", [Role.LEADER, Role.OPERATOR, Role.SALES, Role.VIEWER])
def test_only_an_owner_manages_members_and_keys(tenant, owner, role):
    actor = Actor(kind="user", id=owner.id, name="x", permissions=PERMISSIONS[role])
    with tenant_scope(tenant):
        with pytest.raises(NotPermitted):
            invitation_create(tenant=tenant, role=Role.OWNER, actor=actor)
        with pytest.raises(NotPermitted):
            api_key_create(tenant=tenant, name="k", actor=actor)
        with pytest.raises(NotPermitted):
            preference_set(tenant=tenant, setting=PER_DAY, raw=4, actor=actor)


def test_member_of_another_tenant_is_not_found(tenant, other_tenant, owner):
    with tenant_scope(other_tenant):
        foreign = Membership.objects.get().pk
    with tenant_scope(tenant), pytest.raises(Membership.DoesNotExist):
        member_set_role(tenant=tenant, member_id=foreign, role=Role.SALES, actor=owner)


def test_api_key_opens_its_tenant_until_revoked(tenant, owner):
    with tenant_scope(tenant):
        key, token = api_key_create(tenant=tenant, name="课程系统", actor=owner)
    assert api_key_by_token(token).tenant == tenant
    assert api_key_by_token(token[:-1]) is None
    with tenant_scope(tenant):
        api_key_revoke(tenant=tenant, key_id=key.pk, actor=owner)
        assert token not in str(list(ApiKey.objects.values()))
    assert api_key_by_token(token) is None


def test_api_key_remembers_its_last_use_by_the_minute(tenant, owner, frozen):
    with tenant_scope(tenant):
        _, token = api_key_create(tenant=tenant, name="课程系统", actor=owner)
    first = frozen.moment
    api_key_used(key=api_key_by_token(token))
    frozen.move(seconds=30)
    api_key_used(key=api_key_by_token(token))
    assert api_key_by_token(token).last_used_at == first
    frozen.move(seconds=40)
    api_key_used(key=api_key_by_token(token))
    assert api_key_by_token(token).last_used_at == frozen.moment


@pytest.mark.parametrize("raw", [0, 10, "", "three", None])
def test_preference_outside_its_bounds_is_refused(tenant, owner, raw):
    with tenant_scope(tenant):
        with pytest.raises(PreferenceInvalid):
            preference_set(tenant=tenant, setting=PER_DAY, raw=raw, actor=owner)
        assert preferences.value(tenant.pk, PER_DAY) == 3


def test_preference_is_the_tenants_own(tenant, other_tenant, owner):
    with tenant_scope(tenant):
        preference_set(tenant=tenant, setting=PER_DAY, raw="5", actor=owner)
        assert preferences.value(tenant.pk, PER_DAY) == 5
    with tenant_scope(other_tenant):
        assert preferences.value(other_tenant.pk, PER_DAY) == 3


def test_each_change_leaves_an_audit_entry_with_before_and_after(tenant, owner):
    with tenant_scope(tenant):
        preference_set(tenant=tenant, setting=PER_DAY, raw=5, actor=owner)
        entry = AuditEntry.objects.latest("pk")
        assert (entry.verb, entry.actor_name, entry.changes) == (
            "tenants.preference.set",
            "林晓",
            {"tests.per_day": ["3", "5"]},
        )


def test_secret_is_encrypted_in_the_table(tenant, plant):
    from tenants import secrets  # noqa: PLC0415

    token = secrets.encrypt("hunter2")
    assert "hunter2" not in token
    assert secrets.decrypt(token) == "hunter2"
    assert connection.alias == "default"
