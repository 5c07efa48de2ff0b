"""The account file: what is read, and how each fault is told."""

from pathlib import Path

import pytest

from pipeline.errors import BadInput
from pipeline.route.accounts import load_accounts

HEADER = (
    "account_id,name,parent_id,level,aliases,former_names,legal_name,domain,tickers,country,industry,owner,teams,"
    "regions"
)


def _written(folder: Path, text: str, name: str = "accounts.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def _fault(path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        load_accounts(path)
    return caught.value


def test_a_table_with_two_columns_is_enough(tmp_path: Path) -> None:
    """Only id and name are needed; a row without parent is a group."""
    accounts = load_accounts(_written(tmp_path, "id,name\na,Adler & Söhne\n"))
    assert len(accounts) == 1
    assert accounts["a"].level == "group"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiter_and_byte_order_mark_are_recognised(tmp_path: Path, delimiter: str) -> None:
    """Spreadsheets write commas, semicolons or tabs, and a mark before the first column."""
    rows = [("account_id", "name", "aliases"), ("k", "Kranwerk Öhringen", '"KWÖ;Kranwerk"')]
    text = "\n".join(delimiter.join(row) for row in rows)
    accounts = load_accounts(_written(tmp_path, text, encoding="utf-8-sig"))
    assert accounts["k"].aliases == ("KWÖ", "Kranwerk")


def test_toml_and_jsonl_say_the_same_as_csv(tmp_path: Path) -> None:
    """The three kinds of file give accounts with the same version."""
    table = _written(tmp_path, "id,name,aliases,parent_id,level\ng,Grund,GR,,\nu,Unter,,g,unit\n")
    toml = _written(
        tmp_path,
        (
            '[[account]]\nid = "g"\nname = "Grund"\naliases = ["GR"]\n[[account]]\nid = "u"\nname = "Unter"\nparent_id '
            '= "g"\n'
        ),
        "a.toml",
    )
    lines = _written(
        tmp_path, '{"id":"g","name":"Grund","aliases":"GR"}\n\n{"id":"u","name":"Unter","parent_id":"g"}\n', "a.jsonl"
    )
    assert load_accounts(table).version == load_accounts(toml).version == load_accounts(lines).version


def test_the_version_follows_the_content_not_the_order(tmp_path: Path) -> None:
    """Rows in another order are the same accounts; another alias is not."""
    first = load_accounts(_written(tmp_path, "id,name\na,A1\nb,B1\n"))
    turned = load_accounts(_written(tmp_path, "id,name\nb,B1\na,A1\n"))
    changed = load_accounts(_written(tmp_path, "id,name\nb,B2\na,A1\n"))
    assert first.version == turned.version != changed.version


def test_a_reference_goes_down_from_the_group_and_inherits_the_owner(tmp_path: Path) -> None:
    """The path names every level; owner and regions come from the nearest account that has them."""
    text = (
        "id,name,parent_id,level,owner,regions\ng,Groß,,group,kam,DACH;CEE\nu,Teil,g,unit,,\ns,Werk Ulm,u,site,,DACH\n"
    )
    ref = load_accounts(_written(tmp_path, text)).ref("s")
    assert (ref.id, ref.path, ref.level) == ("g", ("Groß", "Teil", "Werk Ulm"), "site")
    assert (ref.unit_id, ref.site_id, ref.owner, ref.regions) == ("u", "s", "kam", ("DACH",))


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("id,name\na,Eins\nb,\n", 3, "name", "missing"),
        ("id,name\n,Eins\n", 2, "account_id", "missing"),
        ("id,name\na,---\n", 2, "name", "letter"),
        ("id,name\na,Eins\nb,Zwei\na,Drei\n", 4, "account_id", "line 2"),
        ("id,name,parent_id\na,Eins,zz\n", 2, "parent_id", "'zz'"),
        ("id,name,parent_id\na,Eins,a\n", 2, "parent_id", "own parent"),
        ("id,name,parent_id,level\na,Eins,b,unit\nb,Zwei,a,unit\n", 2, "parent_id", "circle"),
        ("id,name,level\na,Eins,division\n", 2, "level", "group, unit or site"),
        ("id,name,level\na,Eins,unit\n", 2, "parent_id", "missing"),
        ("id,name,parent_id,level\na,Eins,,\nb,Zwei,a,group\n", 3, "parent_id", "no parent"),
        ("id,name,parent_id,level\na,Eins,,\ns,Ort,a,site\nu,Teil,s,unit\n", 4, "parent_id", "below a site"),
        ("id,nmae\na,Eins\n", 1, "nmae", "did you mean 'name'"),
        ("id,aliases\na,Eins\n", 1, "name", "first line"),
        ("id,name,name\na,b,c\n", 1, "name", "twice"),
        ("id,name\na,Eins, und mehr\n", 2, "", "quote"),
        ('id,name\n\n\na,"Eins\nZwei"\nb,\n', 6, "name", "missing"),
    ],
)
def test_each_fault_is_told_with_line_and_field(tmp_path: Path, text: str, line: int, field: str, says: str) -> None:
    """The message names file, line and field, and says what is wrong."""
    fault = _fault(_written(tmp_path, text))
    assert (fault.line, fault.field) == (line, field)
    assert says in fault.message
    assert fault.file.endswith("accounts.csv")


@pytest.mark.parametrize(
    ("text", "name", "line", "says"),
    [
        ("", "a.csv", None, "empty"),
        (HEADER + "\n", "a.csv", None, "no accounts"),
        ("id,name\n", "a.xlsx", None, "unknown kind"),
        ('[[account]]\nid = "a"\n\n[[account]]\nid = "b"\nname = "B"\n', "a.toml", 1, "missing"),
        ('[[account]]\nid = "a\n', "a.toml", 2, "not TOML"),
        ('account = "x"\n', "a.toml", None, "[[account]]"),
        ('{"id":"a","name":"A"}\n{"id":"b",\n', "a.jsonl", 2, "not JSON"),
        ('["a"]\n', "a.jsonl", 1, "object"),
        ('{"id":7,"name":"A"}\n', "a.jsonl", 1, "int"),
    ],
)
def test_faulty_files_of_every_kind(tmp_path: Path, text: str, name: str, line: int | None, says: str) -> None:
    """Empty, cut off or of an unknown kind: the reason is told, with a line where there is one."""
    fault = _fault(_written(tmp_path, text, name))
    assert fault.line == line
    assert says in fault.message


def test_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    """A file in Latin-1 says which line it broke at and how to save it."""
    fault = _fault(_written(tmp_path, "id,name\na,Eins\nb,Österwerk\n", encoding="latin-1"))
    assert (fault.line, "UTF-8" in fault.message) == (3, True)


def test_a_missing_file_is_bad_input(tmp_path: Path) -> None:
    """The path that cannot be read is named."""
    assert "cannot be read" in _fault(tmp_path / "none.csv").message


def test_ten_thousand_rows_load_quickly(tmp_path: Path) -> None:
    """The loader stays linear; a hundred thousand rows are a matter of seconds."""
    rows = "\n".join(f"k{number},Firma {number},,group,F{number};Fa {number}" for number in range(10_000))
    assert len(load_accounts(_written(tmp_path, f"id,name,parent_id,level,aliases\n{rows}\n"))) == 10_000
