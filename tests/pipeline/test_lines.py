"""JSON lines: what is read, and how an error names its place."""

import pytest

from pipeline.errors import BadInput
from pipeline.lines import numbered, read_object


def test_empty_lines_count_but_are_passed_over() -> None:
    """The numbers are those that an editor shows."""
    assert list(numbered([b"a\n", b" \n", b"b"])) == [(1, b"a\n"), (3, b"b")]


def test_an_object_comes_out_as_it_is() -> None:
    """With its line break."""
    assert read_object(b'{"id": "1"}\n', 1, "f") == {"id": "1"}


@pytest.mark.parametrize(
    ("line", "told"), [(b"{", "f:7: not JSON"), (b"[1]", "f:7: not a JSON object"), (b"\xff", "f:7: not JSON")]
)
def test_what_is_no_object_is_refused_with_its_place(line: bytes, told: str) -> None:
    """File, line, and what is wrong."""
    with pytest.raises(BadInput, match=told):
        read_object(line, 7, "f")
