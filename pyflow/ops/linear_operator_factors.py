"""What linear operators that are made of a list of others have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.ops.checks import assert_proper_iterable
from pyflow.ops.control_flow import group
from pyflow.ops.linear_operator import LinearOperator


class OfSeveral(LinearOperator):
    """Has several operators of one dtype, and the properties that all of them have."""

    _operators: list[LinearOperator]

    operators = property(lambda self: self._operators, doc="Those that it is made of.")

    @staticmethod
    def _checked(operators: Any, none_given: str) -> list[LinearOperator]:
        assert_proper_iterable(operators)
        operators = list(operators)
        if not operators:
            raise ValueError(f"{none_given} Found: {operators}")
        if any(operator.dtype != operators[0].dtype for operator in operators):
            shown = "   ".join(str((operator.name, operator.dtype)) for operator in operators)
            raise TypeError(f"Expected all operators to have the same dtype.  Found {shown}")
        return operators

    def _kept(self, words: str, *hints: tuple[tuple[str, str], bool | None]) -> list[bool | None]:
        """Hints, made True where every operator has the property; ValueError where it is denied then."""
        result: list[bool | None] = []
        for (attribute, name), hint in hints:
            if all(getattr(operator, attribute) for operator in self._operators):
                if hint is False:
                    raise ValueError(words.format(name))
                hint = True
            result.append(hint)
        return result

    def _all(self, check: Callable[[Any], Any]) -> Any:
        """One operation of a check of each operator."""
        return group(*(check(operator) for operator in self._operators))
