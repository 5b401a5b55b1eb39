"""tf.contrib.crf scores, normalises and decodes as TensorFlow 1.15.5 does."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("crf_cases", "crf.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    if not name.startswith("steps"):
        GOLDEN.check(name, rtol=1e-6)
        return
    for ours, theirs in zip(GOLDEN.run(name), GOLDEN.expected[name], strict=True):
        np.testing.assert_allclose(np.array(ours), np.array(theirs), rtol=1e-5, atol=1e-6)
