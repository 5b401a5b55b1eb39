"""Numbers read from strings, as TensorFlow 1.15.5 reads them."""

import pytest

from tests.golden_cases import Golden

GOLDEN = Golden("string_number_cases", "string_numbers.json")


@pytest.mark.parametrize("name", GOLDEN.cases)
def test_case_gives_what_tensorflow_gives(name):
    GOLDEN.check(name)
