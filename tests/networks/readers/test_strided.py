"""Views of numbers in a row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srnet_cli.errors import ModelError
from srnet_cli.networks.readers.strided import strided_copy

small = st.integers(-1, 4)


@given(st.integers(-1, 5), st.lists(st.tuples(small, small), max_size=3), st.integers(0, 8))
def test_every_number_is_where_the_strides_say(
    offset: int, axes: list[tuple[int, int]], count: int
) -> None:
    """The elements are those that counting gives, or there are too few numbers."""
    shape, strides = [size for size, _ in axes], [step for _, step in axes]
    numbers = np.arange(count)
    try:
        found = strided_copy(numbers, offset, shape, strides, most=1 << 20)
    except ModelError:
        is_possible = min(shape, default=0) >= 0 and min(strides, default=0) >= 0 and offset >= 0
        last = offset + sum((size - 1) * step for size, step in axes)
        assert not is_possible or last >= count
        return
    assert found.shape == tuple(shape)
    for place in np.ndindex(*shape):
        expected = offset + sum(int(p) * step for p, step in zip(place, strides, strict=True))
        assert found[place] == numbers[expected]


def test_memory_is_not_taken_for_what_is_repeated() -> None:
    """A stride of zero repeats a number any number of times."""
    with pytest.raises(ModelError, match="larger than its numbers"):
        strided_copy(np.zeros(1), 0, [1 << 40], [0], most=1 << 20)
