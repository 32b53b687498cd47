"""The hash chain over the audit trail: who alters, removes, adds or moves an entry is found, whatever rights he has."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from tenants import audit
from tenants.audit import Actor
from tenants.audit_files import export_lines, head_keep
from tenants.enums import AuditFinding
from tenants.models import AuditCheck, AuditEntry, AuditSeal, Tenant
from tenants.redaction import audit_redact
from tenants.scoping import tenant_scope
from tenants.sealing import audit_seal, head
from tenants.verifying import Verdict, audit_check, audit_verify
from tests.factories.tenants import make_tenant
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

WHO = Actor(kind="user", id=7, name="周岚 🧧")
Owner = Callable[..., None]


@pytest.fixture
def by_owner(tenant: Tenant) -> Owner:
    """Statements as the role that owns the tables, with every trigger of ours switched off."""

    def run(*statements: str) -> None:
        own = settings.DATABASES["owner"]
        link = psycopg2.connect(
            host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"],
            dbname=connection.settings_dict["NAME"],
        )  # fmt: skip
        link.autocommit = True
        tables = ("tenants_auditentry", "tenants_auditseal", "tenants_auditcheck")
        with link.cursor() as cursor:
            cursor.execute("select set_config('qunce.tenant', %s, false)", [str(tenant.pk)])
            for table in tables:
                cursor.execute(f"alter table {table} disable trigger user")
            for statement in statements:
                cursor.execute(statement)
                assert cursor.rowcount > 0
            for table in tables:
                cursor.execute(f"alter table {table} enable trigger user")
        link.close()

    return run


@contextmanager
def owning(tenant: Tenant) -> Iterator[Any]:
    """A cursor of the role that owns the tables, with the triggers of the trail switched off meanwhile."""
    own = settings.DATABASES["owner"]
    link = psycopg2.connect(
        host=own["HOST"], port=own["PORT"], user=own["USER"], password=own["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
    )  # fmt: skip
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("alter table tenants_auditentry disable trigger user, disable row level security")
        try:
            yield cursor
        finally:
            cursor.execute("alter table tenants_auditentry enable trigger user, enable row level security")
    link.close()


@pytest.fixture
def sealed(tenant: Tenant) -> list[int]:
    """Ten entries in the chain, beside those of the sign-up; their ids."""
    with tenant_scope(tenant):
        made = [
            audit.record(
                tenant=tenant, actor=WHO, verb="groups.group.edited", target=tenant, reason="因为 “开营”",
                changes={"name": ["旧名", f"新名 {number} 🎉"], "share": [0.1, 1.50]},
            ).pk
            for number in range(10)
        ]  # fmt: skip
        audit_seal(tenant_id=tenant.pk)
    return made


def verified(tenant: Tenant, **kept: object) -> Verdict:
    with tenant_scope(tenant):
        return audit_verify(tenant_id=tenant.pk, **kept)  # type: ignore[arg-type]


def test_a_trail_that_nobody_touched_is_whole_and_every_entry_has_its_place(
    tenant: Tenant, sealed: list[int]
) -> None:
    told = verified(tenant)
    with tenant_scope(tenant):
        places = list(AuditSeal.objects.order_by("entry_id").values_list("number", flat=True))
        assert places == list(range(1, AuditEntry.objects.count() + 1))
        assert (told.finding, told.entries, told.link) == (
            AuditFinding.WHOLE,
            len(places),
            head(tenant.pk)[1],
        )


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("update tenants_auditentry set actor_name = '别人' where id = {one}", AuditFinding.ALTERED),
        ("update tenants_auditentry set reason = '' where id = {one}", AuditFinding.ALTERED),
        ("update tenants_auditentry set at = at + interval '1 second' where id = {one}", AuditFinding.ALTERED),
        ("update tenants_auditentry set changes = '{{\"name\": [1, 2]}}' where id = {one}", AuditFinding.ALTERED),
        ("update tenants_auditentry set target_name = 'x', redacted_at = now() where id = {one}", AuditFinding.ALTERED),
        ("delete from tenants_auditentry where id = {one}", AuditFinding.REMOVED),
        ("delete from tenants_auditseal where entry_id = {one}", AuditFinding.REMOVED),
        ("update tenants_auditseal set salt = null where entry_id = {one}", AuditFinding.ALTERED),
    ],
)  # fmt: skip
def test_one_altered_or_removed_row_is_detected_and_named(
    tenant: Tenant, sealed: list[int], by_owner: Owner, statement: str, finding: AuditFinding
) -> None:
    with tenant_scope(tenant):
        place = AuditSeal.objects.get(entry_id=sealed[4]).number
    by_owner(statement.format(one=sealed[4]))
    told = verified(tenant)
    assert (told.finding, told.broken_number) == (finding, place)


# What each column of an entry may be changed to. Every column of the table is here, or the test below fails.
_WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=16
)
_MOMENTS = st.integers(1_500_000_000, 2_200_000_000).map(lambda one: datetime.fromtimestamp(one, UTC))
_JSON = st.dictionaries(
    _WORDS, st.lists(st.none() | st.integers(-9, 9) | _WORDS, min_size=2, max_size=2), max_size=3
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(10**9, 10**12), "tenant_id": st.just(0), "at": _MOMENTS, "actor_kind": _WORDS,
    "actor_id": st.none() | st.integers(0, 10**15), "actor_name": _WORDS, "verb": _WORDS, "target_kind": _WORDS,
    "target_id": _WORDS, "target_name": _WORDS, "changes": _JSON.map(json.dumps), "reason": _WORDS,
    "redacted_at": st.none() | _MOMENTS,
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_whatever_column_of_whatever_entry_is_altered_is_detected(
    tenant: Tenant, sealed: list[int], column: str
) -> None:
    """Beside entries as they are written there is one that was erased before its seal, and one after."""
    assert set(COLUMNS) == {one.column for one in AuditEntry._meta.concrete_fields}
    with tenant_scope(tenant):
        late = audit.record(
            tenant=tenant, actor=WHO, verb="contacts.customer.tagged", reason="13800138000"
        ).pk
        sealed_one = audit.record(
            tenant=tenant, actor=WHO, verb="contacts.customer.tagged", reason="13900139000"
        ).pk
        audit_redact(tenant_id=tenant.pk, targets={}, words=["13800138000"])
        audit_seal(tenant_id=tenant.pk)
        audit_redact(tenant_id=tenant.pk, targets={}, words=["13900139000"])
        audit_seal(tenant_id=tenant.pk)
    assert verified(tenant).finding == AuditFinding.WHOLE
    rows = [*sealed[:2], late, sealed_one, max(sealed)]

    @settings_of_hypothesis(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(one=st.sampled_from(rows), value=COLUMNS[column])
    def alter(one: int, value: Any) -> None:
        value = make_tenant().pk if column == "tenant_id" else value
        cursor.execute(f"select {column} from tenants_auditentry where id = %s", [one])
        (before,) = cursor.fetchone()
        kept = json.dumps(before) if column == "changes" else before
        assume((json.loads(value) if column == "changes" else value) != before)
        cursor.execute(f"update tenants_auditentry set {column} = %s where id = %s", [value, one])
        assert cursor.rowcount == 1
        told = verified(tenant).finding
        cursor.execute(
            f"update tenants_auditentry set {column} = %s where id = %s",
            [kept, value if column == "id" else one],
        )
        assert told != AuditFinding.WHOLE

    with owning(tenant) as cursor:
        alter()
    assert verified(tenant).finding == AuditFinding.WHOLE  # each change was taken back


def test_an_entry_that_takes_the_place_of_another_is_detected(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    by_owner(
        f"update tenants_auditseal set entry_id = -1 where entry_id = {sealed[2]}",
        f"update tenants_auditseal set entry_id = {sealed[2]} where entry_id = {sealed[3]}",
        f"update tenants_auditseal set entry_id = {sealed[3]} where entry_id = -1",
    )
    told = verified(tenant)
    assert (told.finding, told.broken_entry_id) == (AuditFinding.ALTERED, sealed[3])


def test_an_entry_put_in_beside_the_chain_and_one_that_never_got_a_seal_are_detected(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    columns = "tenant_id, at, actor_kind, actor_id, actor_name, verb, target_kind, target_id, target_name, changes, reason"  # noqa: E501
    by_owner(
        f"insert into tenants_auditentry ({columns}) select {columns} from tenants_auditentry where id = {sealed[1]}"
    )
    told = verified(tenant)
    with tenant_scope(tenant):
        newest = AuditEntry.objects.latest("pk").pk
    assert (told.finding, told.broken_entry_id) == (AuditFinding.INSERTED, newest)
    by_owner(f"insert into tenants_auditseal (tenant_id, entry_id) values ({tenant.pk}, {newest})")
    with tenant_scope(tenant):
        assert audit_verify(tenant_id=tenant.pk).finding == AuditFinding.WHOLE  # it may still wait its turn
    by_owner(f"update tenants_auditentry set at = at - interval '1 day' where id = {newest}")
    assert verified(tenant).finding == AuditFinding.UNSEALED


def test_an_entry_written_now_with_a_date_of_long_ago_is_detected(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    columns = "actor_kind, actor_id, actor_name, verb, target_kind, target_id, target_name, changes, reason"
    with tenant_scope(tenant), connection.cursor() as cursor:
        cursor.execute(
            f"insert into tenants_auditentry (tenant_id, at, {columns}) select tenant_id, at - interval '3 days', {columns} "  # noqa: E501
            f"from tenants_auditentry where id = {sealed[0]}"
        )
        audit_seal(tenant_id=tenant.pk)
    assert verified(tenant).finding == AuditFinding.MISDATED


def test_a_tail_that_was_cut_off_is_detected_by_an_earlier_check_and_by_a_head_kept_outside(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    with tenant_scope(tenant):
        seen = audit_check(tenant_id=tenant.pk, asked_by="周岚")
    by_owner(
        f"delete from tenants_auditseal where entry_id >= {sealed[8]}",
        f"delete from tenants_auditentry where id >= {sealed[8]}",
    )
    assert verified(tenant).finding == AuditFinding.CUT
    by_owner("delete from tenants_auditcheck")
    assert verified(tenant).finding == AuditFinding.WHOLE  # inside, nothing tells any more
    assert verified(tenant, heads=[(seen.number, seen.link)]).finding == AuditFinding.CUT


def test_a_chain_written_anew_after_a_change_is_detected_by_a_head_kept_outside(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    with tenant_scope(tenant):
        kept = head(tenant.pk)
    by_owner(
        f"update tenants_auditentry set reason = '另一个' where id = {sealed[4]}",
        "update tenants_auditseal set number = null, salt = null, personal = null, link = null",
    )
    with tenant_scope(tenant):
        audit_seal(tenant_id=tenant.pk)
    assert verified(tenant).finding == AuditFinding.WHOLE
    assert verified(tenant, heads=[kept]).finding == AuditFinding.CUT


def test_who_is_erased_leaves_a_whole_chain_and_no_word_to_guess_from(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    with tenant_scope(tenant):
        audit.record(tenant=tenant, actor=WHO, verb="contacts.customer.tagged", reason="电话 13800138000")
        audit_redact(tenant_id=tenant.pk, targets={}, words=["旧名", "13800138000"])
        audit_seal(tenant_id=tenant.pk)
        assert AuditSeal.objects.filter(entry_id__in=sealed, salt__isnull=False).count() == 0
        told = audit_verify(tenant_id=tenant.pk)
        assert told.finding == AuditFinding.WHOLE
    by_owner("delete from tenants_auditentry where verb = 'tenants.audit.redacted'")
    assert verified(tenant).finding in {AuditFinding.REMOVED, AuditFinding.BLANKED}


def test_words_taken_without_an_erasure_are_detected(
    tenant: Tenant, sealed: list[int], by_owner: Owner
) -> None:
    by_owner(
        f"update tenants_auditentry set redacted_at = now(), target_name = '', reason = '',"
        f' changes = \'{{"name": [null, null], "share": [null, null]}}\' where id = {sealed[4]}',
        f"update tenants_auditseal set salt = null where entry_id = {sealed[4]}",
    )
    told = verified(tenant)
    assert (told.finding, told.broken_entry_id) == (AuditFinding.BLANKED, sealed[4])


def test_the_application_itself_can_neither_change_nor_remove_a_seal(
    tenant: Tenant, sealed: list[int]
) -> None:
    with tenant_scope(tenant):
        rows = AuditSeal.objects.filter(entry_id=sealed[0])
        for change in ({"number": 999}, {"link": b"x"}, {"salt": None}, {"entry_id": 1}):
            with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
                rows.update(**change)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            rows.delete()
        audit_check(tenant_id=tenant.pk)
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            AuditCheck.objects.update(link="x")


def test_writers_and_sealers_at_once_leave_one_chain_without_a_gap(tenant: Tenant) -> None:
    def write(number: int) -> None:
        with tenant_scope(tenant):
            for turn in range(20):
                with transaction.atomic():
                    audit.record(tenant=tenant, actor=WHO, verb="a.b.c", changes={"n": [number, turn]})

    def seal() -> None:
        with tenant_scope(tenant):
            for _turn in range(40):
                audit_seal(tenant_id=tenant.pk)

    in_parallel(6, lambda number: write(number) if number < 4 else seal())
    with tenant_scope(tenant):
        audit_seal(tenant_id=tenant.pk)
        assert AuditEntry.objects.filter(verb="a.b.c").count() == 80
        assert AuditSeal.objects.filter(number=None).count() == 0
    assert verified(tenant).finding == AuditFinding.WHOLE


def test_a_writer_does_not_wait_for_another_writer_of_the_tenant_nor_for_the_sealer(tenant: Tenant) -> None:
    def elsewhere(number: int) -> None:
        with tenant_scope(tenant), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("set local lock_timeout = '1s'")
            audit.record(tenant=tenant, actor=WHO, verb="a.b.c")

    with tenant_scope(tenant), transaction.atomic():
        audit.record(tenant=tenant, actor=WHO, verb="a.b.c")
        audit_seal(tenant_id=tenant.pk)
        in_parallel(1, elsewhere)
        assert AuditEntry.objects.filter(verb="a.b.c").count() == 2


def exported(tenant: Tenant, path: Path) -> list[dict]:
    path.write_text("".join(export_lines(tenant=tenant)), encoding="utf-8")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def offline(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script of docs/audit.md, as it is written there, in a Python of its own."""
    text = (Path(settings.BASE_DIR) / "docs" / "audit.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len([line for line in source.splitlines() if line.strip()]) <= 24
    script = tmp_path / "verify_audit.py"
    script.write_text(source, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", str(script), *arguments], capture_output=True, text=True, check=False
    )


def test_the_exported_file_is_verified_by_the_script_of_the_handbook(
    tenant: Tenant, sealed: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    with tenant_scope(tenant):
        audit_redact(tenant_id=tenant.pk, targets={}, words=["新名 3"])
        audit_seal(tenant_id=tenant.pk)
        number, link = head(tenant.pk)
    rows = exported(tenant, path)
    assert (rows[0]["entries"], rows[0]["head"], len(rows)) == (number, link, number + 1)
    told = offline(tmp_path, str(path), f"{number - 2}:{rows[number - 2]['link']}")
    assert (told.returncode, told.stdout) == (0, f"whole: {number} entries, head {number}:{link}\n")

    def spoiled(change: Callable[[list[dict]], object]) -> str:
        copy = [dict(row) for row in rows]
        change(copy)
        path.write_text("".join(json.dumps(row) + "\n" for row in copy), encoding="utf-8")
        done = offline(tmp_path, str(path), f"{number}:{link}")
        assert done.returncode == 1
        return done.stderr

    assert "number 5" in spoiled(lambda all_rows: all_rows[5].update(actor_name="x"))
    assert "number 6" in spoiled(lambda all_rows: all_rows[6].update(reason="x"))
    assert "number 4" in spoiled(lambda all_rows: all_rows.pop(4))
    assert "head" in spoiled(lambda all_rows: all_rows.pop())
    shorter = {"entries": number - 1, "head": rows[-2]["link"]}
    assert "kept head" in spoiled(lambda all_rows: (all_rows.pop(), all_rows[0].update(shorter)))


def test_the_command_says_what_holds_and_remembers_heads_outside_the_database(
    tenant: Tenant, sealed: list[int], by_owner: Owner, settings, tmp_path: Path
) -> None:
    settings.AUDIT_HEADS = str(tmp_path / "heads")
    with tenant_scope(tenant):
        head_keep(tenant=tenant, check=audit_check(tenant_id=tenant.pk))
    said = io.StringIO()
    call_command("audit", "verify", tenant=tenant.slug, stdout=said)
    assert said.getvalue().startswith(f"{tenant.slug}: whole, ")
    by_owner(
        "delete from tenants_auditcheck",
        f"delete from tenants_auditseal where entry_id >= {sealed[8]}",
        f"delete from tenants_auditentry where id >= {sealed[8]}",
    )
    with pytest.raises(CommandError, match="cut"):
        call_command("audit", "verify", tenant=tenant.slug)
    with pytest.raises(CommandError, match="not a head"):
        call_command("audit", "verify", tenant=tenant.slug, head="12:kurz")
