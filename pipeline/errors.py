"""What can go wrong, as one tree.

    StellwerkError
    ├── Transient          trying again may help: the broker is away, a host does not answer
    └── Permanent          trying again cannot help; the message says what to do
        ├── Undecodable    bytes on a topic that are no record of that topic
        │   └── UnknownVersion   a record of a schema version that this reader does not know
        ├── Unprocessable  a record that a step refuses to work on
        ├── BadInput       a file of the user's: names file, line and field
        ├── BadModel       a model that may not be loaded: changed, unsigned, of another kind
        └── NotReady       the place is not prepared: topics missing, Java missing, port taken

Whoever raises chooses between the two words; the guard (`stream/guard.py`) only obeys.
"""

from __future__ import annotations


class StellwerkError(Exception):
    """Everything that Stellwerk raises by its own decision."""


class Transient(StellwerkError):
    """Trying again may help; the guard does, with growing pauses."""


class Permanent(StellwerkError):
    """Trying again cannot help; the guard buries the record as a dead letter."""


class Undecodable(Permanent):
    """Bytes on a topic that do not decode to that topic's record."""


class UnknownVersion(Undecodable):
    """A record that another version of Stellwerk wrote; a reader of that version can read it."""


class Unprocessable(Permanent):
    """A valid record that a step cannot work on."""


class BadInput(Permanent):
    """A user's file is wrong.

    Args:
        message: what is wrong and what to do about it.
        file: the file's name as the user gave it.
        line: counted from 1; None where the file has no lines (a missing file).
        column: counted from 1, in that line; None where the line says enough.
        field: the column or key at fault, where there is one.
    """

    def __init__(
        self, message: str, *, file: str = "", line: int | None = None, column: int | None = None, field: str = ""
    ) -> None:
        self.message, self.file, self.line, self.column, self.field = message, file, line, column, field
        place = ":".join(str(part) for part in (file, line, column) if part)
        named = f"{field}: {message}" if field else message
        super().__init__(f"{place}: {named}" if place else named)


class BadModel(Permanent):
    """A model version that may not be loaded, and why."""


class NotReady(Permanent):
    """Something that must be there before work can begin is missing; says what and how to get it."""
