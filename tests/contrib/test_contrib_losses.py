"""tf.contrib's rarer losses, activations, copies and summaries: as in TensorFlow."""

from __future__ import annotations

import pytest

from tests.contrib.test_image import check
from tests.golden_cases import Golden

GOLDEN = Golden("contrib_loss_cases", "contrib_losses.json")


@pytest.mark.parametrize("name", sorted(GOLDEN.cases))
def test_as_in_tensorflow(name):
    check(GOLDEN.run(name), GOLDEN.expected[name])
