"""tf.contrib.image: as in TensorFlow."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("contrib_image_cases", "contrib_images.json")


def check(given, expected) -> None:
    """Equal, numbers nearly."""
    if isinstance(expected, list):
        assert len(given) == len(expected)
        if expected and all(isinstance(x, float) for x in expected):
            np.testing.assert_allclose(given, expected, rtol=2e-4, atol=2e-3)
            return
        for one, other in zip(given, expected):
            check(one, other)
    else:
        assert given == expected


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    check(GOLDEN.run(name), GOLDEN.expected[name])
