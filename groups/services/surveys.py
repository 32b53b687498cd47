"""Answers of customers that staff heard, written into the behaviour stream like those of any source (R17, R18)."""

from contacts.enums import BehaviourKind
from contacts.services.behaviours import ACCEPTED, BehaviourItem, behaviour_record_many
from groups.enums import Survey
from groups.errors import AnswerInvalid, GroupUnknown
from groups.models import Group
from groups.policies.surveys import RANGES, object_id_of
from groups.selectors import members_current
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.secrets import digest
from tenants.services import require

SOURCE = "staff"


def answer_record(
    *,
    tenant: Tenant,
    group_id: int,
    customer_id: int,
    survey: str,
    value: int | None,
    text: str,
    actor: Actor,
) -> bool:
    """Write down what a customer of the group answered today. Returns whether it is new.

    Safe to repeat: the same answer to the same question on one day counts once. Raises AnswerInvalid for somebody
    who is not in the group, a number off the scale, or nothing said; GroupUnknown, NotPermitted.
    """
    require(actor, Permission.WORK)
    group = Group.objects.filter(tenant=tenant, pk=group_id).first()
    if group is None:
        raise GroupUnknown
    if (
        survey not in Survey.values
        or customer_id not in members_current(tenant_id=tenant.pk, group_ids=[group.pk])[group.pk]
    ):
        raise AnswerInvalid
    least, most = RANGES.get(survey, (0, 0))
    words = text.strip()
    if survey == Survey.FEEDBACK:
        value = None
    if (survey in RANGES and (value is None or not least <= value <= most)) or (value is None and not words):
        raise AnswerInvalid
    day = clock.local_date(clock.now(), tenant.timezone)
    mark = value if value is not None else digest(words)[:12]
    item = BehaviourItem(
        event_id=f"survey:{group.pk}:{customer_id}:{survey}:{day}:{mark}", kind=BehaviourKind.FORM,
        occurred_at=clock.now(), customer_id=customer_id, group_id=group.pk, object_kind="survey",
        object_id=object_id_of(survey), object_title=str(Survey(survey).label), text=words,
        data={"recorded_by": actor.name, **({"value": value} if value is not None else {})},
    )  # fmt: skip
    (outcome,) = behaviour_record_many(tenant_id=tenant.pk, source=SOURCE, items=[item])
    return outcome.state == ACCEPTED
