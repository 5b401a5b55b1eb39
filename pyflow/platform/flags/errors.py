"""What can go wrong with command-line flags; names and words as in absl.flags."""

from __future__ import annotations

from collections.abc import Sequence


class Error(Exception):
    """The base of all errors about flags."""


class CantOpenFlagFileError(Error):
    """The file given with --flagfile cannot be read."""


class DuplicateFlagError(Error):
    """Two definitions of one flag name."""


class IllegalFlagValueError(Error):
    """A value that the flag's parser or one of its validators refuses."""


class UnparsedFlagAccessError(Error):
    """A flag was read before the command line was parsed."""


class ValidationError(Error):
    """Raised by a validator to give its own words."""


class FlagNameConflictsWithMethodError(Error):
    """A flag named like a method of FlagValues would hide it."""


class UnrecognizedFlagError(Error):
    """A flag on the command line that nobody defined; its name is in `flagname`, what it was given in `flagvalue`."""

    def __init__(self, flagname: str, flagvalue: str = "", suggestions: Sequence[str] | None = None):
        self.flagname = flagname
        self.flagvalue = flagvalue
        # The blank before the question mark keeps it out of a double-click selection of the name.
        tip = f". Did you mean: {', '.join(suggestions)} ?" if suggestions else ""
        super().__init__(f"Unknown command line flag '{flagname}'{tip}")
