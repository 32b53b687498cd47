"""Migrations that render fewer models leave the same database."""

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.migrations import AddField, AlterField, RunPython
from django.db.migrations.state import ModelState, ProjectState

from scrm.migrating import NarrowState, is_of_one_table


def keys_of_models():
    return {
        (model._meta.db_table, field.column, field.related_model._meta.db_table)
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        for field in model._meta.local_concrete_fields
        if field.is_relation and field.db_constraint
    }


@pytest.mark.integration
@pytest.mark.django_db
def test_every_key_of_a_model_binds_in_the_migrated_database():
    with connection.cursor() as cursor:
        cursor.execute(
            """select source.relname, key.attname, target.relname from pg_constraint c
               join pg_class source on source.oid = c.conrelid join pg_class target on target.oid = c.confrelid
               join pg_attribute key on key.attrelid = c.conrelid and key.attnum = c.conkey[1]
               where c.contype = 'f' and c.conparentid = 0"""
        )
        bound = set(cursor.fetchall())
    assert keys_of_models() - bound == set()


@pytest.mark.integration
@pytest.mark.django_db
def test_every_index_and_rule_of_a_model_stands_in_the_migrated_database():
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class union select conname from pg_constraint")
        there = {name for (name,) in cursor.fetchall()}
    wanted = {
        one.name
        for model in apps.get_models()
        if model._meta.managed
        for one in [*model._meta.indexes, *model._meta.constraints]
    }
    assert wanted - there == set()


def state():
    """A book of an author of a town; a shelf holds books; a train knows nobody."""
    made = ProjectState()
    number = models.AutoField(primary_key=True)
    for name, fields in {
        "Town": [],
        "Author": [("town", models.ForeignKey("shop.Town", models.CASCADE))],
        "Book": [("author", models.ForeignKey("shop.Author", models.CASCADE))],
        "Shelf": [("books", models.ManyToManyField("shop.Book"))],
        "Train": [("next", models.ForeignKey("self", models.CASCADE, null=True))],
    }.items():
        made.add_model(ModelState("shop", name, [("id", number.clone()), *fields]))
    return NarrowState(made.models, set())


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("Town", {"town"}),
        ("Book", {"book", "author", "town"}),
        ("Shelf", {"shelf", "shelf_books", "book", "author", "town"}),
        ("Train", {"train"}),
    ],
)
def test_a_model_is_rendered_with_what_it_points_to_and_nothing_else(name, reached):
    found = state().apps.get_model("shop", name)
    assert set(found._meta.apps.all_models["shop"]) == reached


def test_a_model_that_is_not_there_is_not_found():
    with pytest.raises(LookupError):
        state().apps.get_model("shop", "Ship")


def test_a_change_is_seen_and_the_state_before_it_stays():
    now = state()
    before = now.clone()
    now.add_field("shop", "author", "name", models.CharField(max_length=9), preserve_default=True)
    names = [
        {field.name for field in one.apps.get_model("shop", "Book").author.field.related_model._meta.fields}
        for one in (before, now)
    ]
    assert names == [{"id", "town"}, {"id", "town", "name"}]


@pytest.mark.parametrize(
    ("operation", "is_narrow"),
    [
        (AddField("book", "name", models.CharField(max_length=9)), True),
        (AlterField("book", "name", models.CharField(max_length=19)), True),
        (AlterField("book", "name", models.CharField(max_length=19, unique=True)), False),
        (AlterField("book", "id", models.BigAutoField(primary_key=True)), False),
        (RunPython(RunPython.noop), False),
    ],
)
def test_what_may_touch_those_who_point_to_it_runs_as_ever(operation, is_narrow):
    assert is_of_one_table(operation) is is_narrow
