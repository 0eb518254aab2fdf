"""Whatever way a finger goes, what is kept of it is a stroke."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kiosk.pieces.strokes import MOST_POINTS, NEAR, SIDE, stroke

PLACES = st.tuples(st.floats(-5000, 5000, allow_nan=False), st.floats(-5000, 5000, allow_nan=False))


@given(st.lists(PLACES, max_size=300))
def test_a_stroke_lies_in_the_square_keeps_its_ends_and_is_short(way: list[tuple[float, float]]) -> None:
    made = stroke(way)
    assert len(made) <= MOST_POINTS
    assert all(0 <= value <= SIDE for point in made for value in point)
    assert bool(made) == bool(way)
    if way:
        ends = [tuple(min(SIDE, max(0, round(value))) for value in way[at]) for at in (0, -1)]
        assert [made[0], made[-1]] == ends
    assert stroke(made) == made or any(abs(a[0] - b[0]) + abs(a[1] - b[1]) < NEAR for a, b in pairwise(made))


def test_a_trembling_finger_that_stays_is_a_dot_and_a_long_way_is_thinned() -> None:
    assert stroke([(500, 500), (501, 501), (500, 500)]) == ((500, 500),)
    assert stroke([(0, 0), (100, 0), (103, 2)]) == ((0, 0), (100, 0), (103, 2)), "the end is kept, however near"
    assert len(stroke([(x, x % 90 * 10) for x in range(1000)])) == MOST_POINTS
