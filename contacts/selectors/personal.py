"""Who was erased, and what was handed out."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from contacts.models import Erasure, PersonalExport
from tenants import clock

KEPT_DAYS = 7  # how long a file of personal data can be fetched
STUCK = timedelta(minutes=2)
ERASED = "erased-"
_SALT = "contacts.erasure"


def erased_name(customer_id: int) -> str:
    """What stands where WeCom's id of an erased person stood, everywhere."""
    return f"{ERASED}{customer_id}"


def digest_of(*, tenant_id: int, external_userid: str) -> str:
    """A keyed hash of WeCom's id, so that an erased person is known again without keeping who it was."""
    return salted_hmac(_SALT, f"{tenant_id}.{external_userid}", algorithm="sha256").hexdigest()


def erased_among(
    *, tenant_id: int, external_userids: Iterable[str], app_id: int | None = None
) -> dict[str, int]:
    """{external_userid: id of the row without the person} of those who were erased. One query, none of nobody."""
    digests = {digest_of(tenant_id=tenant_id, external_userid=one): one for one in external_userids if one}
    if not digests:
        return {}
    rows = Erasure.objects.filter(tenant_id=tenant_id, digest__in=list(digests))
    if app_id is not None:
        rows = rows.filter(app_id=app_id)
    return {digests[digest]: customer_id for digest, customer_id in rows.values_list("digest", "customer_id")}


def erasure_of(*, tenant_id: int, customer_id: int) -> Erasure | None:
    """That a person was erased, or is being."""
    return Erasure.objects.filter(tenant_id=tenant_id, customer_id=customer_id).first()


def exports_of(*, tenant_id: int, customer_id: int) -> QuerySet[PersonalExport]:
    """What was handed out of one person, the latest first."""
    return PersonalExport.objects.filter(tenant_id=tenant_id, customer_id=customer_id).order_by(
        "-asked_at", "-pk"
    )


def personal_due() -> list[tuple[int, str, dict[str, int]]]:
    """(tenant id, task, its ids): work that stopped halfway, and files whose week is over. Across tenants: call inside
    unscoped()."""
    now = clock.now()
    late, over = now - STUCK, now - timedelta(days=KEPT_DAYS)
    erasures = Erasure.objects.filter(done_at=None, asked_at__lt=late).values_list("tenant_id", "pk")
    exports = PersonalExport.objects.filter(done_at=None, asked_at__lt=late).values_list("tenant_id", "pk")
    ended = (
        PersonalExport.objects.filter(done_at__lt=over).exclude(body="").values_list("tenant_id", flat=True)
    )
    return [
        *((tenant_id, "contacts.erase_person", {"erasure_id": pk}) for tenant_id, pk in erasures),
        *((tenant_id, "contacts.export_person", {"export_id": pk}) for tenant_id, pk in exports),
        *((tenant_id, "contacts.end_exports", {}) for tenant_id in sorted(set(ended))),
    ]
