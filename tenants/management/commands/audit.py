"""`manage.py audit verify|export|head`: the audit chain from the command line (docs/audit.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit_files import export_lines, head_of, heads_kept
from tenants.enums import AuditFinding
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.sealing import audit_seal, head
from tenants.verifying import audit_verify


class Command(BaseCommand):
    """Exits with 1 when a chain does not hold."""

    help = "Verify the audit trail of one company or all, write it as a file, or show the head of its chain."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["verify", "export", "head"])
        parser.add_argument("--tenant", default="", help="slug of one company; without it all of them")
        parser.add_argument("--head", default="", help="a head that you kept: 1234:5ad2...")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = Tenant.objects.order_by("slug")
        if options["tenant"]:
            chosen = chosen.filter(slug=options["tenant"])
        tenants = list(chosen)
        if not tenants or ((options["verb"] == "export" or options["head"]) and len(tenants) != 1):
            raise CommandError("name one company with --tenant")
        for one in tenants:
            getattr(self, f"_{options['verb']}")(one, options["head"])

    def _verify(self, tenant: Tenant, kept: str) -> None:
        try:
            heads = [*heads_kept(tenant=tenant), *([head_of(kept)] if kept else [])]
        except ValueError as error:
            raise CommandError(str(error)) from error
        with tenant_scope(tenant):
            audit_seal(tenant_id=tenant.pk)
            found = audit_verify(tenant_id=tenant.pk, heads=heads)
        where = f" at number {found.broken_number}, entry {found.broken_entry_id}"
        told = (
            f"{tenant.slug}: {found.finding}, {found.entries} entries read, head {found.number}:{found.link}"
        )
        if found.finding != AuditFinding.WHOLE:
            raise CommandError(told + where)
        self.stdout.write(told)

    def _export(self, tenant: Tenant, kept: str) -> None:
        for line in export_lines(tenant=tenant):
            self.stdout.write(line, ending="")

    def _head(self, tenant: Tenant, kept: str) -> None:
        with tenant_scope(tenant):
            self.stdout.write("{}: {}:{}".format(tenant.slug, *head(tenant.pk)))
