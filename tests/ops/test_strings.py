"""Operations on strings give what TensorFlow 1.15.5 gives."""

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("string_cases", "strings.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)
