"""tf.contrib.resampler: as in TensorFlow."""

from __future__ import annotations

import pytest

from tests.contrib.test_image import check
from tests.golden_cases import Golden

GOLDEN = Golden("resampler_cases", "resamplers.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    check(GOLDEN.run(name), GOLDEN.expected[name])
