"""After an erasure: every text of every table of the company, searched for the person; what is left is named here."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction

from contacts.models import Behaviour, Customer
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.customers import customer_archive_consent, customer_set_opt_out
from contacts.services.profile import profile_edit
from contacts.services.tags import customer_tag_add
from groups.models import IntroRule, Member, Violation
from groups.policies.wire import Change, SeenGroup, SeenMember
from groups.services.membership_read import membership_apply_read
from outbox.models import EventRow
from tenants import clock
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant
from tenants.redaction import redacting
from tenants.scoping import TenantModel, tenant_scope
from tests.conftest import MovableClock
from tests.contacts.erasing import erase
from tests.factories.contacts import make_follow, make_tag
from tests.factories.team import make_staff
from wecom.archive.consent import Answer, agreed_in, consent_set_many, refused_in
from wecom.models import ArchiveConsent, InboundEvent, OutboundSend, QuotaEntry
from wecom.services import send_queue

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WHO = ("刘女士", "13800138000", "wmsecret001", "union-secret")
# What may still name somebody: nothing that is stored of itself. Words that staff write into texts about others
# (a group's notes, a statement) are theirs, and nobody can tell whom they mean.
LEFT: dict[str, str] = {}


def said_of(tenant: Tenant) -> dict[str, list[str]]:
    """{app.Model: the words of WHO that stand anywhere in its rows} of every table of the company."""
    found = {}
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            text = repr(list(model.objects.filter(tenant=tenant).values()))
            if words := [word for word in WHO if word in text]:
                found[model._meta.label] = words
    return found


def full(person: Customer, members: list[SeenMember]) -> SeenGroup:
    return SeenGroup(
        chat_id="wrG", name="小芽群", owner_userid="", notice="", created_at=clock.now(), version="1",
        admin_userids=(), members=tuple(members),
    )  # fmt: skip


def read_group(tenant: Tenant, person: Customer, *, revision: int | None, inside: bool = True) -> int:
    """A full read of the group with or without the person, as WeCom answers: by the id it knows them by."""
    who = SeenMember(
        "wmsecret001", False, clock.now(), nickname="刘女士", name="刘女士", unionid="union-secret",
        invited_by="wmsecret001",
    )  # fmt: skip
    applied = membership_apply_read(
        tenant_id=tenant.pk, app_id=person.app_id, seen=full(person, [who] if inside else []), read_at=clock.now(),
        base_revision=revision,
    )  # fmt: skip
    assert applied is not None
    applied.group.refresh_from_db()
    return applied.group.revision


@pytest.fixture
def known(tenant: Tenant, owner: Actor, person: Customer) -> Customer:
    """The person in everything that this test searches."""
    told: dict[str, Any] = {"tenant": tenant, "customer_id": person.pk, "actor": owner}
    with tenant_scope(tenant):
        read_group(tenant, person, revision=None)
        group = Member.objects.get(userid="wmsecret001").group
        IntroRule.objects.create(
            tenant=tenant, group=group, template="请介绍", asked=["wmsecret001", "wmother1"]
        )
        Violation.objects.create(
            tenant=tenant, group=group, customer=person, userid="wmsecret001", rule="广告", happened_at=clock.now(),
            step="warn", proposed="warn", recorded_by="林晓",
        )  # fmt: skip
        behaviour_record_many(
            tenant_id=tenant.pk,
            source="groups",
            items=[
                BehaviourItem(
                    event_id="join:wrG:wmsecret001:1",
                    kind="join",
                    occurred_at=clock.now(),
                    customer_id=person.pk,
                )
            ],
        )
        profile_edit(**told, values={"occupation": "会计"})
        customer_set_opt_out(**told, opted_out=True, reason="刘女士说不要")
        customer_archive_consent(**told, agreed=True, ground="刘女士口头同意")
        make_follow(tenant=tenant, customer=person, staff=make_staff(tenant=tenant))
        customer_tag_add(**told, tag_id=make_tag(tenant=tenant).pk)
        for key, ids in (("both", ["wmsecret001", "wmother1"]), ("alone", ["wmsecret001"])):
            payload = {"chat_type": "single", "sender": "lin", "external_userids": ids, "text": "早"}
            send_queue(tenant=tenant, kind="mass_send", key=key, payload=payload, app_id=person.app_id)
        send_queue(
            tenant=tenant, kind="mass_send", key="sent", app_id=person.app_id,
            payload={"chat_type": "single", "sender": "lin", "external_userids": ["wmsecret001"], "text": "昨"},
        )  # fmt: skip
        OutboundSend.objects.filter(key="sent").update(state="done", answer={"fail_list": ["wmsecret001"]})
        QuotaEntry.objects.create(
            tenant=tenant, receiver_kind="customer", receiver_id="wmsecret001", local_date=clock.now().date(),
            source="ours", vendor_msgid="m1",
        )  # fmt: skip
        heard = {"tenant": tenant, "app_id": person.app_id, "state": "done"}
        InboundEvent.objects.create(
            **heard, source="callback", dedupe_key="d1", mailbox="customer:wmsecret001",
            body="<xml><ExternalUserID>wmsecret001</ExternalUserID></xml>",
        )  # fmt: skip
        batch = [
            {"id": "a1", "kind": "message", "external_userid": "wmsecret001", "text": "我是刘女士"},
            {"id": "a2", "kind": "message", "unionid": "union-secret", "text": "13800138000"},
            {"id": "a3", "kind": "message", "external_userid": "wmother1", "text": "别人的话"},
        ]
        InboundEvent.objects.create(
            **heard, source="api", dedupe_key="d2", body=json.dumps({"events": batch}, ensure_ascii=False)
        )
    return person


def test_no_table_of_the_company_names_who_was_erased(tenant: Tenant, owner: Actor, known: Customer) -> None:
    with tenant_scope(tenant):
        before = said_of(tenant)
        for table in (
            "groups.Member", "groups.IntroRule", "groups.Violation", "contacts.Behaviour", "tenants.AuditEntry",
            "wecom.OutboundSend", "wecom.ArchiveConsent", "wecom.QuotaEntry", "wecom.InboundEvent", "outbox.EventRow",
        ):  # fmt: skip
            assert table in before
        erase(tenant, owner, known)
        assert {table: words for table, words in said_of(tenant).items() if table not in LEFT} == {}


def test_what_was_sent_stays_provable_and_what_waits_goes_to_the_others_only(
    tenant: Tenant, owner: Actor, known: Customer
) -> None:
    with tenant_scope(tenant):
        erase(tenant, owner, known)
        sends = {row.key: row for row in OutboundSend.objects.all()}
        assert (sends["both"].state, sends["both"].payload["external_userids"]) == ("queued", ["wmother1"])
        assert sends["alone"].state == "cancelled"
        assert (sends["sent"].state, sends["sent"].answer) == ("done", {"fail_list": [f"erased-{known.pk}"]})
        assert {row.state for row in sends.values() if row.kind == "mark_tag"} == {"cancelled"}
        bodies = "".join(InboundEvent.objects.values_list("body", flat=True))
        assert "别人的话" in bodies
        assert bodies.count(f"erased-{known.pk}") == 3


def test_the_trail_says_who_decided_what_when_and_can_be_changed_in_no_other_way(
    tenant: Tenant, owner: Actor, known: Customer
) -> None:
    columns = ("pk", "at", "actor_kind", "actor_id", "actor_name", "verb", "target_kind", "target_id")
    with tenant_scope(tenant):
        before = list(AuditEntry.objects.order_by("pk").values_list(*columns))
        fields = {row.pk: set(row.changes) for row in AuditEntry.objects.all()}
        erase(tenant, owner, known)
        after = AuditEntry.objects.filter(pk__in=fields).order_by("pk")
        assert list(after.values_list(*columns)) == before
        assert {row.pk: set(row.changes) for row in after} == fields
        redacted = AuditEntry.objects.exclude(redacted_at=None)
        assert {row.target_kind for row in redacted} >= {"contacts.customer"}
        assert not AuditEntry.objects.get(verb="contacts.customer.erased").redacted_at
        for change in ({"target_name": "x"}, {"verb": "x"}):
            with pytest.raises(DatabaseError), transaction.atomic():
                AuditEntry.objects.filter(tenant=tenant).update(**change)
        with pytest.raises(DatabaseError), redacting():
            AuditEntry.objects.filter(tenant=tenant).update(actor_name="x")
        with pytest.raises(DatabaseError), transaction.atomic():
            EventRow.objects.filter(tenant=tenant).update(name="x")


def test_wecom_goes_on_naming_them_and_the_group_stays_whole(
    tenant: Tenant, owner: Actor, known: Customer
) -> None:
    with tenant_scope(tenant):
        erase(tenant, owner, known)
        group = Member.objects.get(customer=known).group
        again = read_group(tenant, known, revision=group.revision)
        row = Member.objects.get(customer=known)
        assert (row.userid, row.nickname, row.left_at, row.group.customer_count) == (
            f"erased-{known.pk}", "", None, 1,
        )  # fmt: skip
        told = BehaviourItem(
            event_id="leave:wrG:wmsecret001:2",
            kind="leave",
            occurred_at=clock.now(),
            external_userid="wmsecret001",
        )
        for _again in range(2):
            behaviour_record_many(tenant_id=tenant.pk, source="groups", items=[told])
        assert Behaviour.objects.filter(event_id=f"leave:wrG:erased-{known.pk}:2").count() == 1
        left = Change(
            kind="update",
            chat_id="wrG",
            occurred_at=clock.now(),
            detail="del_member",
            userids=("wmsecret001",),
        )
        applied = membership_apply_read(
            tenant_id=tenant.pk, app_id=known.app_id, seen=full(known, []), read_at=clock.now(),
            base_revision=again, change=left,
        )  # fmt: skip
        assert applied is not None
        assert Member.objects.get(customer=known).left_at is not None
        assert said_of(tenant) == {}


def test_a_refusal_to_keep_messages_holds_without_the_id(
    tenant: Tenant, owner: Actor, known: Customer, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        frozen.move(minutes=1)
        erase(tenant, owner, known)
        frozen.move(minutes=1)
        assert refused_in(tenant_id=tenant.pk, person_ids=["wmsecret001", "wmother1"]) == {"wmsecret001"}
        answer = Answer("wmsecret001", True, clock.now(), "callback")
        consent_set_many(tenant_id=tenant.pk, app_id=known.app_id, answers=[answer])
        assert agreed_in(tenant_id=tenant.pk, person_ids=["wmsecret001"]) == {"wmsecret001"}
        assert ArchiveConsent.objects.count() == 1
        assert "wecom.ArchiveConsent" not in said_of(tenant)
        assert Customer.objects.count() == 1
