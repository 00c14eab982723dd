"""Rules to grids."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.lattice import Grid, find_grids, merged
from extract.marks import Rules

Pieces = list[tuple[float, float, float]]


def ruled(across: Pieces, down: Pieces) -> Rules:
    return Rules(np.array(across, float).reshape(-1, 3), np.array(down, float).reshape(-1, 3))


def only(grids: tuple[Grid, ...]) -> Grid:
    assert len(grids) == 1
    return grids[0]


def test_rules_a_hair_apart_are_one_and_small_gaps_close() -> None:
    pieces = np.array([[10.0, 0, 40], [11.0, 42, 90], [10.4, 91, 120], [30.0, 0, 2], [50.0, 0, 0.4]])
    assert merged(pieces).round(2).tolist() == [[10.47, 0.0, 120.0]]


def test_merged_cells_keep_their_spans() -> None:
    rules = ruled([(0, 0, 90), (20, 30, 90), (40, 0, 90), (60, 0, 90)], [(0, 0, 60), (30, 0, 60), (60, 20, 60), (90, 0, 60)])
    grid = only(find_grids(rules))
    assert grid.cells == ((0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1))
    assert grid.owner.tolist() == [[0, 1, 1], [0, 2, 3], [4, 5, 6]]


def test_dashed_rules_are_rules() -> None:
    dashes = [(y, x, x + 4.0) for y in (0.0, 20.0, 40.0) for x in np.arange(0.0, 100.0, 6.0).tolist()]
    grid = only(find_grids(ruled(dashes, [(0, 0, 40), (50, 0, 40), (100, 0, 40)])))
    assert grid.cells == ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1))


def test_tables_apart_are_two_and_a_lone_box_is_none() -> None:
    first = [(y, 0.0, 100.0) for y in (0.0, 20.0, 40.0)]
    second = [(y, 0.0, 100.0) for y in (100.0, 120.0)]
    lone = [(200.0, 0.0, 100.0), (220.0, 0.0, 100.0)]
    down = [(x, y0, y1) for y0, y1 in ((0.0, 40.0), (100.0, 120.0)) for x in (0.0, 50.0, 100.0)] + [(0.0, 200.0, 220.0), (100.0, 200.0, 220.0)]
    grids = find_grids(ruled(first + second + lone, down))
    assert [grid.box for grid in grids] == [(0.0, 0.0, 100.0, 40.0), (0.0, 100.0, 100.0, 120.0)]
    assert [len(grid.cells) for grid in grids] == [4, 2]


def test_a_table_without_side_borders_is_closed_at_the_ends_of_its_rules() -> None:
    grid = only(find_grids(ruled([(y, 10.0, 110.0) for y in (0.0, 20.0, 40.0)], [(50.0, 0, 40), (80.0, 0, 40)])))
    assert grid.xs.tolist() == [10.0, 50.0, 80.0, 110.0]
    assert len(grid.cells) == 6


def test_a_table_without_head_and_foot_rule_is_closed_at_the_ends_of_its_columns() -> None:
    grid = only(find_grids(ruled([(20.0, 0, 90), (40.0, 0, 90)], [(x, 0.0, 60.0) for x in (0.0, 30.0, 60.0, 90.0)])))
    assert grid.ys.tolist() == [0.0, 20.0, 40.0, 60.0]
    assert len(grid.cells) == 9


def test_columns_that_the_page_break_cuts_are_closed_and_known_as_open() -> None:
    across = [(0.0, 60.0, 120.0), (20.0, 60.0, 120.0), (40.0, 60.0, 120.0)]
    grid = only(find_grids(ruled(across, [(x, 0.0, 40.0) for x in (0.0, 30.0, 60.0, 90.0, 120.0)])))
    assert grid.cells == ((0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 1), (0, 3, 1, 1), (1, 2, 1, 1), (1, 3, 1, 1))
    assert grid.open_top == grid.open_bottom == frozenset({0, 1})


def test_a_cell_with_part_of_a_rule_inside_is_still_one_cell() -> None:
    grid = only(find_grids(ruled([(0, 0, 80), (20, 40, 60), (40, 0, 80)], [(0, 0, 40), (40, 0, 40), (80, 0, 40)])))
    assert grid.cells == ((0, 0, 1, 1), (0, 1, 1, 1))


def test_squares_of_a_legend_are_no_table() -> None:
    squares = [(x, 0.0, 5.0) for x in (0.0, 5.0, 60.0, 65.0)]
    assert find_grids(ruled([(0.0, 0, 5), (5.0, 0, 5), (0.0, 60, 65), (5.0, 60, 65)], squares)) == ()


def test_a_drawing_of_thousands_of_rules_is_left_alone() -> None:
    many = [(y * 4.0, 0.0, 9000.0) for y in range(2000)]
    assert find_grids(ruled(many, [(x * 4.0, 0.0, 9000.0) for x in range(2000)])) == ()


def test_a_thicket_of_broken_rules_is_searched_in_time() -> None:
    rng = np.random.default_rng(7)
    starts = rng.uniform(0, 700, (3000, 2))
    across = [(float(y), float(x), float(x) + 40.0) for x, y in starts[:1500]]
    down = [(float(x), float(y), float(y) + 40.0) for x, y in starts[1500:]]
    started = time.process_time()
    find_grids(ruled(across, down))
    assert time.process_time() - started < 5


def test_points_are_found_in_the_cell_that_covers_them() -> None:
    grid = only(find_grids(ruled([(0, 0, 90), (20, 30, 90), (40, 0, 90)], [(0, 0, 40), (30, 0, 40), (90, 0, 40)])))
    assert grid.locate(np.array([[10.0, 30.0], [50.0, 5.0], [50.0, 30.0], [100.0, 5.0], [10.0, -1.0]])).tolist() == [0, 1, 2, -1, -1]


@given(st.lists(st.integers(10, 60), min_size=2, max_size=6), st.lists(st.integers(10, 40), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_full_grid_comes_back_whatever_the_order_and_wobble_of_its_rules(widths: list[int], heights: list[int], seed: int) -> None:
    xs, ys = np.concatenate(((0,), np.cumsum(widths))), np.concatenate(((0,), np.cumsum(heights)))
    rng = np.random.default_rng(seed)
    across = [(float(y) + rng.uniform(-0.4, 0.4), float(x0), float(x1)) for y in ys for x0, x1 in pairwise(xs)]
    down = [(float(x) + rng.uniform(-0.4, 0.4), float(y0), float(y1)) for x in xs for y0, y1 in pairwise(ys)]
    rng.shuffle(across)
    rng.shuffle(down)
    grid = only(find_grids(ruled(across, down)))
    assert grid.owner.shape == (len(heights), len(widths))
    assert grid.cells == tuple((row, column, 1, 1) for row in range(len(heights)) for column in range(len(widths)))
