"""Screenshots of staff that a colleague looks at, and what came of calls and text messages."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _

from groups.policies.pictures import LARGEST_BYTES, LARGEST_MB, picture_type
from sop.enums import PULL_CHANNELS, REF, Channel, RecipientState, TouchState
from sop.enums.proofs import PROOFS_REF, Outcome, ProofKind, ProofState
from sop.errors import OwnProof, PictureInvalid, ReasonMissing, TouchFixed
from sop.models import Run, Touch, TouchProof, TouchRecipient
from sop.services.proving import proof_confirms
from sop.services.results import bundles_close, touches_confirmed
from sop.services.state import touch_move, touches_store
from team.selectors import staff_for_user
from team.services import work_items_close, work_items_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say, say_count

if TYPE_CHECKING:
    from tenants.models import Tenant

BY_HAND = frozenset({Channel.CALL, Channel.SMS, Channel.OFFICIAL})


def _checked_type(content: bytes) -> str:
    """By the bytes. Raises PictureInvalid for what is empty, too large, or neither PNG nor JPEG."""
    if len(content) > LARGEST_BYTES:
        raise PictureInvalid(_("The picture is larger than %(most)s MB.") % {"most": LARGEST_MB})
    kind = picture_type(content)
    if not kind:
        raise PictureInvalid
    return kind


def touch_locked(tenant: "Tenant", touch_id: int) -> Touch:
    rows = Touch.objects.select_for_update(of=("self",)).select_related("step", "run", "group", "staff")
    return rows.get(tenant=tenant, pk=touch_id)


def post_locked(tenant: "Tenant", touch_id: int) -> tuple[Touch, list[Touch]]:
    """A touch and, of a post on Moments, the others that the same post carries out, all locked: staff post once,
    whatever groups it is planned for. Raises Touch.DoesNotExist."""
    known = Touch.objects.filter(tenant=tenant, bundle__isnull=False, channel__in=PULL_CHANNELS)
    bundle = known.filter(pk=touch_id).values_list("bundle", flat=True).first()
    if bundle is None:
        return touch_locked(tenant, touch_id), []
    rows = Touch.objects.select_for_update(of=("self",)).select_related("step", "run", "group", "staff")
    every = {one.pk: one for one in rows.filter(tenant=tenant, bundle=bundle).order_by("pk")}
    touch = every.pop(touch_id, None) or touch_locked(tenant, touch_id)
    return touch, [one for one in every.values() if is_same_post(one, touch)]


def is_same_post(one: Touch, other: Touch) -> bool:
    """Whether two touches of one task are one post on Moments."""
    return one.channel in PULL_CHANNELS and (one.staff_id, one.text) == (other.staff_id, other.text)


def proof_offer(*, tenant: "Tenant", touch_id: int, content: bytes, actor: Actor) -> TouchProof:
    """A staff member gives a screenshot of what they sent: the touch is submitted and waits for a colleague's look.

    A newer picture takes the place of one that waits still. Raises PictureInvalid, TouchFixed for what WeCom itself
    reports on or what is over, NotPermitted.
    """
    require(actor, Permission.WORK)
    kind, now = _checked_type(content), clock.now()
    with transaction.atomic():
        touch, others = post_locked(tenant, touch_id)
        if touch.state not in {TouchState.HANDED, TouchState.SUBMITTED} or touch.send_id:
            raise TouchFixed
        said = [one for one in (touch, *others) if one.state == TouchState.HANDED]
        for one in said:
            touch_said(one, actor)
        touches_store(said)
        bundles_close(tenant_id=tenant.pk, touches=said, state="done")
        TouchProof.objects.filter(
            tenant=tenant, touch__in=[touch, *others], state=ProofState.WAITING
        ).delete()
        proof = TouchProof.objects.create(
            tenant=tenant, touch=touch, kind=ProofKind.SCREENSHOT, at=now, picture=content, picture_type=kind,
            offered_by=actor.name[:64], offered_by_staff_id=actor.id if actor.kind == "staff" else touch.staff_id,
        )  # fmt: skip
        audit.record(tenant=tenant, actor=actor, verb="sop.proof.offered", target=touch)
        reviews_put(tenant=tenant, run_ids=[touch.run_id])
    return proof


def touch_said(touch: Touch, actor: Actor) -> None:
    """Somebody says that a handed-over touch is sent, in memory; its people count as written to."""
    now = clock.now()
    told = {
        "submitted_by": actor.name,
        "submitted_by_id": f"{actor.kind}:{actor.id}",
        "submitted_at": now.isoformat(),
    }
    touch_move(touch, TouchState.SUBMITTED, at=now, evidence={**touch.evidence, **told})
    TouchRecipient.objects.filter(
        tenant_id=touch.tenant_id, touch=touch, state=RecipientState.PLANNED
    ).update(state=RecipientState.SENT, at=now)


def touch_unsaid(touch: Touch, **evidence: str) -> None:
    """The word is taken back, in memory: the touch waits again."""
    kept = {key: value for key, value in touch.evidence.items() if not key.startswith("submitted_")}
    TouchRecipient.objects.filter(
        tenant_id=touch.tenant_id, touch=touch, state=RecipientState.SENT, at=touch.done_at
    ).update(state=RecipientState.PLANNED, at=None)
    touch_move(touch, TouchState.HANDED, done_at=None, evidence={**kept, **evidence})


def is_own(touch: Touch, actor: Actor) -> bool:
    """Whether the actor is the one whose touch it is, or who said that it is sent."""
    if actor.kind == "system":
        return False
    if touch.evidence.get("submitted_by_id") == f"{actor.kind}:{actor.id}":
        return True
    if actor.kind == "staff":
        return actor.id == touch.staff_id
    staff = staff_for_user(tenant_id=touch.tenant_id, user_id=actor.id or 0)
    return staff is not None and staff.pk == touch.staff_id


def proof_accept(*, tenant: "Tenant", proof_id: int, actor: Actor) -> Touch:
    """A colleague has looked at the picture: the touch is confirmed. Safe to repeat.

    Raises OwnProof for one's own touch, TouchFixed, NotPermitted, TouchProof.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        proof, touch, others = _reviewed(tenant, proof_id, actor)
        if proof.state == ProofState.ACCEPTED:
            return touch
        if proof.state != ProofState.WAITING or touch.state != TouchState.SUBMITTED:
            raise TouchFixed
        _settle(proof, ProofState.ACCEPTED, actor)
        shown = [touch, *(one for one in others if one.state == TouchState.SUBMITTED)]
        for one in shown:
            proof_confirms(one, proof, by=actor.name)
        touches_store(shown)
        audit.record(tenant=tenant, actor=actor, verb="sop.proof.accepted", target=touch)
        touches_confirmed(tenant_id=tenant.pk, touches=shown, now=clock.now())
        reviews_put(tenant=tenant, run_ids=[touch.run_id])
    return touch


def proof_refuse(*, tenant: "Tenant", proof_id: int, reason: str, actor: Actor) -> Touch:
    """The picture does not show it: back to the staff member with the reason; open again while the window is.

    Safe to repeat. Raises ReasonMissing, OwnProof, TouchFixed, NotPermitted, TouchProof.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        proof, touch, others = _reviewed(tenant, proof_id, actor)
        if proof.state == ProofState.REFUSED:
            return touch
        if proof.state != ProofState.WAITING:
            raise TouchFixed
        _settle(proof, ProofState.REFUSED, actor, reason.strip())
        words = say("Proof refused: %(reason)s") % {"reason": reason.strip()}
        is_open = touch.window_ends_at > clock.now()
        if touch.state == TouchState.SUBMITTED:
            said = [touch, *(one for one in others if one.state == TouchState.SUBMITTED)]
            for one in said:
                _send_back(one, reason.strip()[:200], is_open=is_open)
            touches_store(said)
            item = {
                "reason": words,
                "state": "open",
                "window_ends_at": touch.window_ends_at if is_open else None,
            }
            work_items_put(tenant_id=tenant.pk, source_kind=REF, items={touch.bundle or touch.pk: item})
        audit.record(tenant=tenant, actor=actor, verb="sop.proof.refused", target=touch, reason=reason)
        reviews_put(tenant=tenant, run_ids=[touch.run_id])
    return touch


def _send_back(touch: Touch, reason: str, *, is_open: bool) -> None:
    if is_open:
        touch_unsaid(touch, refused=reason)
    else:
        touch.evidence = {**touch.evidence, "refused": reason}


def _reviewed(tenant: "Tenant", proof_id: int, actor: Actor) -> tuple[TouchProof, Touch, list[Touch]]:
    """A picture, its touch and the others of the same post, all locked, touches first as everybody does."""
    pictures = TouchProof.objects.filter(tenant=tenant, kind=ProofKind.SCREENSHOT)
    touch, others = post_locked(tenant, pictures.values_list("touch_id", flat=True).get(pk=proof_id))
    proof = pictures.select_for_update().defer("picture").get(pk=proof_id)
    if is_own(touch, actor) or (actor.kind == "staff" and proof.offered_by_staff_id == actor.id):
        raise OwnProof
    return proof, touch, others


def _settle(proof: TouchProof, state: ProofState, actor: Actor, reason: str = "") -> None:
    proof.state, proof.reviewed_by, proof.reviewed_at = state, actor.name[:64], clock.now()
    proof.reason = reason[:200]
    proof.save(update_fields=["state", "reviewed_by", "reviewed_at", "reason"])


def reviews_put(*, tenant: "Tenant", run_ids: Iterable[int]) -> None:
    """One task a run for whoever may review, while pictures wait. In the caller's transaction. Repeatable."""
    wanted = set(run_ids)
    rows = (
        TouchProof.objects.filter(tenant=tenant, touch__run__in=wanted, state=ProofState.WAITING)
        .values("touch__run")
        .annotate(count=Count("pk"), first_at=Min("at"))
    )
    waiting = {row["touch__run"]: row for row in rows}
    names = dict(Run.objects.filter(tenant=tenant, pk__in=waiting).values_list("pk", "name"))
    url = reverse("sop:proofs", kwargs={"tenant_slug": tenant.slug})
    items = {
        run_id: {
            "staff_id": None, "kind": "check", "bucket": "remind",
            "title": say_count("Look at %(n)s screenshot", "Look at %(n)s screenshots", row["count"])
            % {"n": row["count"]},
            "detail": names[run_id],
            "reason": say("Somebody else than the sender says whether the picture shows it"),
            "starts_at": row["first_at"], "url": f"{url}?run={run_id}", "verb_label": say("Look"),
        }
        for run_id, row in waiting.items()
    }  # fmt: skip
    if items:
        work_items_put(tenant_id=tenant.pk, source_kind=PROOFS_REF, items=items)
    done = sorted(wanted - set(waiting))
    work_items_close(tenant_id=tenant.pk, source_kind=PROOFS_REF, source_ids=done, state="done")


def outcomes_note(
    *, tenant: "Tenant", touch_id: int, outcomes: dict[int, tuple[str, str]], actor: Actor
) -> Touch:
    """What came of a call, text message or official-account message, person by person: {recipient: (outcome, note)}.

    Confirmed once each person has an outcome; who was not reached counts as missed. Safe to repeat; later words
    replace earlier ones. Raises TouchFixed, ValueError for an unknown outcome, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        touch = touch_locked(tenant, touch_id)
        open_states = {TouchState.HANDED, TouchState.SUBMITTED, TouchState.CONFIRMED}
        if touch.channel not in BY_HAND or touch.state not in open_states:
            raise TouchFixed
        rows = list(
            TouchRecipient.objects.select_for_update()
            .filter(tenant=tenant, touch=touch)
            .exclude(state=RecipientState.BLOCKED)
            .order_by("pk")
        )
        _store_outcomes(rows, outcomes)
        left = sum(1 for row in rows if not row.outcome)
        if not left and touch.state != TouchState.CONFIRMED:
            told = {"kind": "outcome", "confirmed_by": actor.name, "people": len(rows)}
            touch_move(
                touch,
                TouchState.CONFIRMED,
                at=touch.done_at or clock.now(),
                evidence={**touch.evidence, **told},
            )
            touches_store([touch])
            touches_confirmed(tenant_id=tenant.pk, touches=[touch], now=clock.now())
        audit.record(
            tenant=tenant, actor=actor, verb="sop.touch.outcomes", target=touch,
            changes={"people": [None, len(rows) - left]},
        )  # fmt: skip
    return touch


def _store_outcomes(rows: list[TouchRecipient], outcomes: dict[int, tuple[str, str]]) -> None:
    now = clock.now()
    for row in rows:
        if row.pk not in outcomes:
            continue
        outcome, note = outcomes[row.pk]
        row.outcome, row.outcome_note = Outcome(outcome), note.strip()[:200]
        reached = row.outcome in (Outcome.REACHED, Outcome.REFUSED)
        row.state, row.at = (RecipientState.SENT if reached else RecipientState.MISSED), now
    TouchRecipient.objects.bulk_update(rows, ["outcome", "outcome_note", "state", "at"], batch_size=500)
