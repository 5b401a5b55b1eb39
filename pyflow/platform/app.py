"""tf.app.run: parse the command line, call the program's main, exit with what it returns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from pyflow.core.api import export
from pyflow.platform.flags import FLAGS, DEFINE_flag, help_text
from pyflow.platform.flags.flag import BooleanFlag


class _HelpFlag(BooleanFlag):
    """Prints the help instead of running the program; `full` tells of all modules' flags, not just the main one's."""

    def __init__(self, name: str, text: str, full: bool, short_name: str | None = None):
        super().__init__(name, False, text, short_name)
        self._full = full

    def parse(self, argument: Any) -> None:
        if self.parse_argument(argument):
            _print_usage(self._full)
            if not self._full:
                print("\nTry --helpfull to get a list of all flags.")
            sys.exit(1)


def _define_help_flags() -> None:
    for flag in (
        _HelpFlag("help", "show this help", full=False, short_name="?"),
        _HelpFlag("helpshort", "show this help", full=False),
        _HelpFlag("helpfull", "show full help", full=True),
    ):
        if flag.name not in FLAGS:
            DEFINE_flag(flag, module_name=__name__)


def _print_usage(full: bool) -> None:
    program = sys.argv[0] if sys.argv else ""
    text = sys.modules["__main__"].__doc__
    if text:
        try:
            # As in gflags: %s stands for the program, %% for %.
            text %= (program,) * (text.count("%") - 2 * text.count("%%"))
        except (TypeError, ValueError, OverflowError):
            pass  # A docstring with other percent signs is shown as it is.
    else:
        text = help_text.text_wrap(f"\nUSAGE: {program} [flags]\n", indent="       ", firstline_indent="")
    flags = FLAGS.get_help() if full else FLAGS.main_module_help()
    print(text + (f"\nflags:\n{flags}" if flags else ""))


@export("app.run")
def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> NoReturn:
    """Parses the flags in `argv` (default: sys.argv) and exits with `main(rest)`.

    `main` is by default the one of the running script; `rest` is what is left of argv, program name first: flags that
    nobody defined stay in it. Raises SystemExit always; flags.Error when a flag's value is not acceptable.
    """
    called = main or sys.modules["__main__"].main
    _define_help_flags()
    rest = FLAGS(argv or sys.argv or [""], known_only=True)
    sys.exit(called(rest))
