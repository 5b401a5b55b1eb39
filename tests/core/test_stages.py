"""Tables of names of which a part comes later."""

from __future__ import annotations

import pytest

from pyflow.core import stages


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(stages, "_tables", [])
    monkeypatch.setattr(stages, "_load", None)
    table = stages.Table()
    table["near"] = 1
    return table


def load_into(table, **more):
    """Begins with what gives a table more; the names that it was asked for."""
    asked = []

    def load(name):
        asked.append(name)
        table.update(more)
        return True

    stages.begin(load)
    return asked


def test_what_is_there_loads_nothing(table):
    asked = load_into(table, far=2)
    assert table["near"] == 1 and table.get("near") == 1 and "near" in table and table.there() == {"near": 1}
    assert asked == []


@pytest.mark.parametrize("look", [lambda t: t["far"], lambda t: t.get("far"), lambda t: "far" in t and t["far"]])
def test_a_missing_name_has_the_rest_loaded_once(table, look):
    asked = load_into(table, far=2)
    assert look(table) == 2 and look(table) == 2
    assert asked == ["far"] and type(table) is stages.Table


@pytest.mark.parametrize("go_through", [list, len, lambda t: list(t.items()), lambda t: list(t.values()), sorted])
def test_who_goes_through_a_table_sees_all_of_it(table, go_through):
    asked = load_into(table, far=2)
    assert go_through(table) == go_through({"near": 1, "far": 2})
    assert asked == [""]


def test_a_name_that_there_is_not_is_missing_as_in_a_dictionary(table):
    load_into(table)
    assert table.get("none", 5) == 5 and "none" not in table
    with pytest.raises(KeyError):
        table["none"]


def test_while_the_rest_is_loaded_a_table_has_what_it_has(table):
    found = []
    stages.begin(lambda name: found.append(table.get("other")) or True)
    assert "far" not in table and found == [None]


def test_what_could_not_be_loaded_is_tried_again(table):
    def fail(name):
        raise OSError("no network")

    stages.begin(fail)
    for _ in range(2):
        with pytest.raises(OSError, match="no network"):
            table["far"]


def test_more_may_come_bit_by_bit(table):
    asked = []

    def load(name):
        asked.append(name)
        table[name] = len(asked)
        return False

    stages.begin(load)
    assert table["a"] == 1 and table["b"] == 2 and table["a"] == 1 and asked == ["a", "b"]


def test_without_stages_there_is_nothing_to_load():
    assert not stages.complete("anything")
