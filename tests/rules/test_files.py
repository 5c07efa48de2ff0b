"""Rule files: what is wrong is named by file, line, column and field, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.rules.files import check, load_rules, read_rules
from pipeline.signals import Direction, SignalType, Status

GOOD = """
# plants
[[rule]]
id = "a"
type = "new_site"
query = '"neues Werk"~3 AND Polen'

[[rule]]
id = "b"
type = "results"
query = "Gewinn"
status = "completed"
direction = "decline"
probability = 0.5
name = "n"
why = "w"
"""


def faults(text: str) -> list[tuple[int | None, int | None, str]]:
    return [(fault.line, fault.column, fault.field) for fault in check(text, "r.toml")[1]]


def test_a_file_that_is_right() -> None:
    """Fields come through, defaults fill the rest, and the version hangs on the text."""
    rules = read_rules(GOOD, "r.toml")
    first, second = rules.rules
    assert (first.id, first.type, first.status, first.probability) == ("a", SignalType.NEW_SITE, Status.PLANNED, 1.0)
    assert (second.status, second.direction, second.why) == (Status.COMPLETED, Direction.DECLINE, "w")
    assert rules.version == read_rules(GOOD, "other.toml").version != read_rules(GOOD + "\n", "r.toml").version


def test_no_rules_are_fine() -> None:
    """An empty file is how rules are taken away."""
    assert read_rules("# nothing\n", "r.toml").rules == ()


def test_all_faults_at_once() -> None:
    """Each fault stands in its line, the others are still found."""
    text = """[[rule]]
id = "A B"
type = "new_plant"
query = "a and b"
[[rule]]
id = "x"
type = "hiring"
colour = "red"
status = "soon"
[[rule]]
id = "x"
type = "hiring"
query = "werk"
probability = 2
[[rule]]
"""
    assert faults(text) == [
        (2, None, "id"),
        (3, None, "type"),
        (4, 12, "query"),
        (5, None, "query"),
        (8, None, "colour"),
        (9, None, "status"),
        (11, None, "id"),
        (14, None, "probability"),
        (15, None, "id"),
        (15, None, "type"),
        (15, None, "query"),
    ]


def test_a_near_type_is_named() -> None:
    """A slip in a closed list is answered with what was meant."""
    (fault,) = check('[[rule]]\nid = "a"\ntype = "new_sites"\nquery = "w"', "r")[1]
    assert str(fault).endswith("is it new_site?")
    assert str(fault).startswith("r:3: type: ")


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("query = 'Werk and Polen'", 4, 15),
        ('query = "Werk and Polen"', 4, 15),
        ('  query="\\"Werk\\" and Polen"', 4, 19),
        ('query = "\\u0057erk and Polen"', 4, 20),
        ("query = '''\nWerk\n  and Polen'''", 6, 3),
        ('query = """\nWerk\n  and Polen"""', 6, 3),
        ('query = """Werk \\\n   \n  and Polen"""', 6, 3),
        ("'query' = 'Werk and Polen'", 4, 17),
        ("query = '(Werk'", 4, 10),
        ("query = 'Werk AND'", 4, 18),
        ("query = ''", 4, 10),
        ("query = '''\n[[rule]]\nid = 1'''", 5, 1),
        ('why = "]] # no"\nquery = "Werk and Polen"', 5, 15),
        ('name = "a" # [[rule]]\n# query = "x"\nquery = "Werk and Polen"', 6, 15),
    ],
)
def test_the_place_inside_a_query(written: str, line: int, column: int) -> None:
    """Line and column point at the character in the file, whatever quotes and escapes stand before it."""
    assert faults(f'[[rule]]\nid = "a"\ntype = "hiring"\n{written}\n') == [(line, column, "query")]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [("[[rule]\n", 1, 7), ('[[rule]]\nid = "a', 2, None), ("x = 1\n", None, None), ("rule = 3\n", None, None)],
)
def test_files_of_another_kind(text: str, line: int | None, column: int | None) -> None:
    """What is no TOML, or none of ours, is refused with what is known of the place."""
    found = faults(text)
    assert [one[:2] for one in found] == [(line, column)]


def test_inline_tables_are_checked_too() -> None:
    """A list of inline tables has no lines, but its faults are found."""
    assert faults('rule = [{id = "a", type = "hiring", query = "a and b"}]') == [(None, None, "query")]
    assert read_rules('rule = [{id = "a", type = "hiring", query = "a"}]', "r").rules


def test_line_ends_of_windows(tmp_path: Path) -> None:
    """A file from Windows has the same lines, and its byte order mark is no fault."""
    file = tmp_path / "r.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("Polen", "and Polen").replace("\n", "\r\n").encode())
    with pytest.raises(BadInput) as caught:
        load_rules(file)
    assert str(caught.value).startswith(f"{file}:6:29: query: operators are written in capitals")


def test_the_first_fault_says_how_many_more(tmp_path: Path) -> None:
    """Loading stops at the first fault and says that there are others."""
    with pytest.raises(BadInput, match=r"r:1: type: .*and 2 more.*rules check"):
        read_rules('[[rule]]\nid = ""\n', "r")
    with pytest.raises(BadInput, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    (tmp_path / "l1.toml").write_bytes("ä".encode("latin-1"))
    with pytest.raises(BadInput, match="not UTF-8"):
        load_rules(tmp_path / "l1.toml")
