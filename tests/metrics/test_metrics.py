"""Metrics give, batch after batch, what TensorFlow 1.15.5 gives, with its variables and collections."""

from __future__ import annotations

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("metric_cases", "metrics.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name, rtol=1e-4)
