"""Two colleagues or two tabs at once on a group's culture: what is one thing stays one (R130)."""

import pytest

from groups.errors import NormBusy
from groups.models import Norm, NormVoice, Thanks, Violation
from groups.services.norms import norm_add, norm_ask, norm_voices_tell
from groups.services.thanks import culture_bring_up, thanks_write
from groups.services.violations import violation_record
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.parallel import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


@pytest.fixture
def group(tenant):
    with tenant_scope(tenant):
        made = make_group(tenant=tenant, owner=make_staff(tenant=tenant), state="active")
        return fill_group(group=made, customers=make_customers(tenant=tenant, count=6))


def people(group):
    return list(group.members.order_by("pk").values_list("customer_id", flat=True))


def add(group, text, who):
    return norm_add(tenant=group.tenant, group_id=group.pk, customer_id=who, text=text, actor=SYSTEM)


def test_six_tabs_thank_the_same_person_and_note_the_same_norm_once(tenant, group):
    with tenant_scope(tenant):
        who = people(group)[0]

    def press(number):
        with tenant_scope(tenant):
            thanks_write(
                tenant=tenant,
                group_id=group.pk,
                customer_id=who,
                reason="help",
                words=f"谢谢 {number}",
                actor=SYSTEM,
            )
            add(group, "夜里不发语音", who)

    in_parallel(6, press)
    with tenant_scope(tenant):
        assert (Thanks.objects.count(), Norm.objects.count()) == (1, 1)
        assert WorkItem.objects.filter(source_kind="groups.thanks").count() == 1
        verbs = ["groups.thanks.written", "groups.norm.proposed"]
        assert [AuditEntry.objects.filter(verb=one).count() for one in verbs] == [1, 1]


def test_of_two_norms_asked_at_once_one_is_asked(tenant, group):
    with tenant_scope(tenant):
        rows = [add(group, text, people(group)[0]) for text in ("夜里不发语音", "先说结论")]
    refused = []

    def press(number):
        with tenant_scope(tenant):
            try:
                norm_ask(tenant=tenant, norm_id=rows[number].pk, actor=SYSTEM)
            except NormBusy:
                refused.append(number)

    in_parallel(2, press)
    with tenant_scope(tenant):
        assert sorted(Norm.objects.values_list("state", flat=True)) == ["asked", "proposed"]
        assert len(refused) == 1
        assert WorkItem.objects.filter(source_kind="groups.norm").count() == 1


def test_answers_told_at_once_all_count_and_it_is_agreed_once(tenant, group):
    with tenant_scope(tenant):
        ids = people(group)
        row = add(group, "夜里不发语音", ids[0])
        norm_ask(tenant=tenant, norm_id=row.pk, actor=SYSTEM)

    def press(number):
        with tenant_scope(tenant):
            norm_voices_tell(tenant=tenant, norm_id=row.pk, customer_ids=[ids[number], ids[5]], actor=SYSTEM)

    in_parallel(5, press)
    with tenant_scope(tenant):
        assert (Norm.objects.get().state, NormVoice.objects.count()) == ("agreed", 6)
        assert AuditEntry.objects.filter(verb="groups.norm.agreed").count() == 1


def test_two_ticks_make_one_suggestion_and_two_reports_one_friendly_word(tenant, group):
    with tenant_scope(tenant):
        ids = people(group)
        row = add(group, "夜里不发语音", ids[0])
        norm_ask(tenant=tenant, norm_id=row.pk, actor=SYSTEM)
        norm_voices_tell(tenant=tenant, norm_id=row.pk, customer_ids=ids[:5], actor=SYSTEM)
        userid = group.members.get(customer_id=ids[1]).userid

    def press(number):
        with tenant_scope(tenant):
            violation_record(
                tenant=tenant,
                group_id=group.pk,
                userid=userid,
                rule="夜里不发语音",
                evidence=f"{number}",
                actor=SYSTEM,
            )
            culture_bring_up(tenant=tenant)

    in_parallel(3, press)
    with tenant_scope(tenant):
        assert sorted(Violation.objects.values_list("step", flat=True)) == ["kind", "mute", "warn"]
        assert WorkItem.objects.filter(source_kind="groups.culture").count() == 1
