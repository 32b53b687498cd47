"""Accounts and tenants."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Lower

from tenants import clock
from tenants.enums import AuditFinding, Role, Suspension
from tenants.scoping import TenantModel


class EmailUserManager(UserManager):
    """Users are found by e-mail, whatever its case."""

    def _create_user(self, username, email, password, **extra):  # type: ignore[no-untyped-def]
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email, password=None, **extra):  # type: ignore[no-untyped-def,override]
        extra.setdefault("is_staff", False)
        extra.setdefault("is_superuser", False)
        return self._create_user(None, email, password, **extra)

    def create_superuser(self, email, password=None, **extra):  # type: ignore[no-untyped-def,override]
        return self._create_user(None, email, password, **{**extra, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username):  # type: ignore[no-untyped-def]
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person who signs in: by e-mail. May belong to several tenants."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    date_joined = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    # The address of somebody who signs in by WeCom only: a domain that can never receive mail (RFC 2606).
    NO_ADDRESS: ClassVar[str] = "@wecom.invalid"
    objects: ClassVar[EmailUserManager] = EmailUserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def has_address(self) -> bool:
        """Whether the person can be written to, and can sign in by e-mail."""
        return not self.email.endswith(self.NO_ADDRESS)


class Tenant(models.Model):
    """One company. Its slug stands in every console URL."""

    name = models.CharField(max_length=64)
    slug = models.SlugField(max_length=40, unique=True)
    brand = models.CharField(max_length=24, blank=True)
    timezone = models.CharField(max_length=40, default="Asia/Shanghai")
    created_at = models.DateTimeField(default=clock.now)
    suspended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A user's place in a tenant. Over at `ended_at`; a suspended member may not enter until let in again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_for = models.CharField(max_length=16, choices=Suspension, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def may_enter(self) -> bool:
        return self.ended_at is None and self.suspended_at is None


class Invitation(TenantModel):
    """A link that makes its first visitor a member. Only the token's digest is kept."""

    token_digest = models.CharField(max_length=64)
    role = models.CharField(max_length=16, choices=Role)
    note = models.CharField(max_length=64, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token_digest"], name="invitation_token_once")
        ]

    def __str__(self) -> str:
        return self.note or self.role


class ApiKey(TenantModel):
    """A key of a tenant's own systems for the event API. Only the digest is kept; `prefix` tells keys apart."""

    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "digest"], name="api_key_digest_once")]

    def __str__(self) -> str:
        return self.name


class Preference(TenantModel):
    """A tenant's own value for a setting declared with `preferences.declare`. No row: the default holds."""

    key = models.CharField(max_length=64)
    value = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="preference_once")]


class AuditEntry(TenantModel):
    """Who did what, to what, why, with the values before and after (R129). Append-only by trigger.

    One exception: a person who is erased is taken out of `target_name`, `changes` and `reason`, which `redacted_at`
    shows for good; who did what to which row and when stays as it was written.
    """

    at = models.DateTimeField(default=clock.now)
    actor_kind = models.CharField(max_length=16)  # user, staff, system
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=128)
    verb = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    target_name = models.CharField(max_length=128)
    changes = models.JSONField(default=dict)  # {"field": [before, after]}
    reason = models.CharField(max_length=500, blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at"], name="audit_recent"),
            models.Index(fields=["tenant", "target_kind", "target_id"], name="audit_target"),
            models.Index(fields=["tenant", "actor_kind", "actor_id", "-at"], name="audit_actor"),
            models.Index(fields=["tenant", "verb", "-at"], name="audit_verb"),
        ]


class AuditSeal(TenantModel):
    """The place of one audit entry in its tenant's hash chain (`tenants.chain`).

    A trigger writes the row in the transaction of the entry, without a number; the sealing worker gives it number,
    hashes and `sealed_at` once. After that only `salt` may change: it goes when the person in the entry is erased.
    """

    entry_id = models.BigIntegerField()
    number = models.BigIntegerField(null=True)  # 1, 2, 3 ... without a gap
    salt = models.BinaryField(null=True)  # 16 bytes; None once the entry's words are erased
    personal = models.BinaryField(null=True)  # sha256 over salt and the words that may be erased
    link = models.BinaryField(null=True)  # sha256 over the link before and the rest of the entry
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entry_id"], name="audit_seal_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="audit_seal_number"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "entry_id"], condition=models.Q(number=None), name="audit_unsealed"
            ),
        ]


class AuditCheck(TenantModel):
    """One verification of the whole chain, and the head that it saw: an anchor for every later one. Append-only."""

    at = models.DateTimeField(default=clock.now)
    asked_by = models.CharField(max_length=128, blank=True)  # empty: the daily one
    entries = models.BigIntegerField()  # how many links were read
    number = models.BigIntegerField()  # of the head; 0: nothing is sealed yet
    link = models.CharField(max_length=64)  # of the head, hex
    finding = models.CharField(max_length=16, choices=AuditFinding, default=AuditFinding.WHOLE)
    broken_number = models.BigIntegerField(null=True)
    broken_entry_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-at"], name="audit_check_recent")]
