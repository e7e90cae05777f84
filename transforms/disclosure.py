"""The publication rule: which cells of a release may be shown, so that nobody can be counted out of it.

Belongs here: primary and complementary suppression, the proof that a hidden cell cannot be computed from what is
shown, and the comparison of a release with the one before.
Does not: counting authors, naming marts, reading or writing tables.

The rule, after the tables of Japan's national health data (NDB: below 10 nothing, 0 may be shown) and of economic
statistics (a second cell goes with the first, so that no total gives it back):

1. a cell of 1 to k-1 authors is hidden (primary);
2. wherever a total is published over parts, the hidden parts may not be derivable from the rest: not as the only
   unknown of a sum, not as a group of fewer than k authors together, not by combining several sums (complementary);
3. between two releases no shown cell may change by 1 to k-1 authors.

Authors are not strictly additive (one person may write twice); treating sums as if they were hides rather more than
less, and covers the counts of posts in the same cells, which are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse
from scipy.sparse import csgraph, linalg

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-6
"""A hidden cell that moves less than this in a random direction of all solutions counts as determined."""
_PROJECTIONS = 30
_RIDGE = 1e-6


class Sums(NamedTuple):
    """The sums that a reader of the release knows: total = sum of parts. One entry a member, in any order.

    Attributes:
        equation: number of the sum, from 0, dense.
        cell: row of the cell in the table of cells.
        is_total: whether the cell is the sum's total; one at most in each sum.
    """

    equation: Ints
    cell: Ints
    is_total: Bools


def small(authors: Ints, k: Ints) -> Bools:
    """Primary suppression: cells of 1 to k-1 authors.

    Args:
        authors: distinct authors of each cell, at least 0.
        k: the smallest number that may be shown, of each cell.

    Returns:
        Whether each cell is hidden.
    """
    return (authors > 0) & (authors < k)


def protect(authors: Ints, k: Ints, sums: Sums) -> Bools:
    """Primary and complementary suppression to a fixed point.

    Ties are broken by the cells' order, so equal tables give equal masks, and cells that no sum links do not
    influence each other: a month can be computed alone.

    Args:
        authors: distinct authors of each cell, at least 0.
        k: the smallest number that may be shown, of each cell.
        sums: what the release lets a reader add up.

    Returns:
        Whether each cell is hidden. Cells of 0 authors never are.
    """
    hidden = small(authors, k)
    if not sums.equation.size:
        return hidden
    new = hidden
    earliest: dict[bytes, Bools] = {}
    while True:
        before = hidden
        hidden = _close_sums(authors, k, sums, hidden, new)
        known = determined(hidden, sums, near=new | (hidden & ~before))
        if not known.any():
            return hidden
        which = known.tobytes()
        earliest.setdefault(which, hidden.copy())
        more = _smallest_shown_nearby(authors, sums, hidden, known)
        if not more.size:
            # Every cell that leads to them is hidden or zero: what was hidden since just they were known has hidden nothing else.
            return earliest[which]
        hidden[more] = True
        new = np.zeros_like(hidden)
        new[more] = True


def _close_sums(authors: Ints, k: Ints, sums: Sums, hidden: Bools, new: Bools) -> Bools:
    """Hide further parts until no single sum gives a hidden cell, or a group of fewer than k, away.

    Args:
        authors: distinct authors of each cell.
        k: the smallest number that may be shown, of each cell.
        sums: what the release lets a reader add up.
        hidden: the mask so far.
        new: hidden cells whose sums have not been looked at; all others are in order.

    Returns:
        The wider mask.
    """
    hidden = hidden.copy()
    while True:
        touched = _sums_with(new, sums)
        more = _smallest_shown(authors, touched, hidden, _broken(authors, k, touched, hidden))
        if not more.size:
            return hidden
        hidden[more] = True
        new = np.zeros_like(hidden)
        new[more] = True


def _sums_with(some: Bools, sums: Sums) -> Sums:
    """The sums that hold one of some cells, whole and under their numbers."""
    wanted = np.zeros(int(sums.equation.max()) + 1, dtype=np.bool_)
    wanted[sums.equation[some[sums.cell]]] = True
    member = wanted[sums.equation]
    return Sums(sums.equation[member], sums.cell[member], sums.is_total[member])


def _broken(authors: Ints, k: Ints, sums: Sums, hidden: Bools) -> Ints:
    """Sums with a single unknown, and those whose hidden parts are fewer than k beside a shown total."""
    if not sums.equation.size:
        return sums.equation
    count = int(sums.equation.max()) + 1
    covered = hidden[sums.cell]
    parts = covered & ~sums.is_total
    unknowns = np.bincount(sums.equation, weights=covered, minlength=count)
    total_hidden = np.bincount(sums.equation, weights=covered & sums.is_total, minlength=count) > 0
    together = np.bincount(sums.equation, weights=authors[sums.cell] * parts, minlength=count)
    limit = np.zeros(count, dtype=np.int64)
    np.maximum.at(limit, sums.equation, k[sums.cell] * parts)
    return np.flatnonzero((unknowns == 1) | (~total_hidden & (together > 0) & (together < limit)))


def _smallest_shown(authors: Ints, sums: Sums, hidden: Bools, equations: Ints) -> Ints:
    """The smallest shown non-zero part of each of the sums, or its total where no part is left."""
    if not equations.size:
        return equations
    wanted = np.zeros(int(sums.equation.max()) + 1, dtype=np.bool_)
    wanted[equations] = True
    candidate = wanted[sums.equation] & ~hidden[sums.cell] & (authors[sums.cell] > 0)
    equation, cell, is_total = sums.equation[candidate], sums.cell[candidate], sums.is_total[candidate]
    order = np.lexsort((cell, authors[cell], is_total, equation))
    first = np.unique(equation[order], return_index=True)[1]
    return np.unique(cell[order][first])


def determined(hidden: Bools, sums: Sums, *, near: Bools | None = None) -> Bools:
    """Which hidden cells follow from the shown ones by linear algebra, however the sums are combined.

    A hidden cell is free exactly if some change of the hidden cells leaves every sum as it is and moves that cell. A
    random change is projected onto all such changes (least squares); a cell that it does not move is
    determined. The projection is checked to leave the sums alone, so "free" is proven and never assumed.

    Args:
        hidden: the mask.
        sums: what the release lets a reader add up.
        near: look only at cells that some chain of sums and hidden cells links with one of these; all if None.

    Returns:
        Whether each cell is hidden and yet determined.

    Raises:
        ArithmeticError: the projection does not settle; the release must not be made on a guess.
    """
    result = np.zeros(hidden.size, dtype=np.bool_)
    inside = hidden[sums.cell]
    if near is not None:
        inside &= _linked(near & hidden, hidden, sums)[sums.cell]
    if not inside.any():
        return result
    cells, column = np.unique(sums.cell[inside], return_inverse=True)
    rows, row = np.unique(sums.equation[inside], return_inverse=True)
    sign = np.where(sums.is_total[inside], -1.0, 1.0)
    matrix = sparse.csr_array((sign, (row, column)), shape=(rows.size, cells.size))
    generator = np.random.default_rng(20240401)  # any fixed number: equal tables must give equal releases
    together = _moving_together(matrix)
    merged = (matrix @ together).tocsr()
    merged.eliminate_zeros()
    merged = merged[np.diff(merged.indptr) > 0]
    # By chance a free cell may hardly move in one direction.
    directions = _free_directions(merged, generator, count=2) @ together.T
    result[cells] = np.abs(directions).max(axis=0) < _TOLERANCE
    return result


def _moving_together(matrix: sparse.csr_array) -> sparse.csr_array:
    """Cells by group: in a sum of two unknowns one moves as the other does (1), or against it (-1).

    Half of all sums are such, and half of all cells is left without them. Each cell stands twice in a graph, as it is and turned
    round; where both are linked, it cannot move at all, and its row is empty.
    """
    count = matrix.shape[1]
    first = matrix.indptr[:-1][np.diff(matrix.indptr) == 2]
    one, other = matrix.indices[first], matrix.indices[first + 1]
    against = matrix.data[first] == matrix.data[first + 1]
    start = np.concatenate([one, one + count])
    end = np.concatenate([np.where(against, other + count, other), np.where(against, other, other + count)])
    graph = sparse.coo_array((np.ones(start.size, dtype=np.int8), (start, end)), shape=(2 * count, 2 * count))
    group = csgraph.connected_components(graph, directed=False)[1]
    turn = np.sign(group[count:] - group[:count]).astype(np.float64)
    groups = sparse.csr_array((turn, (np.arange(count), np.minimum(group[count:], group[:count]))))
    groups.eliminate_zeros()
    return groups


def _linked(some: Bools, hidden: Bools, sums: Sums) -> Bools:
    """The hidden cells that chains of sums and hidden cells link with some of them."""
    inside = hidden[sums.cell]
    cells, equations = hidden.size, int(sums.equation.max()) + 1
    graph = sparse.coo_array(
        (np.ones(int(inside.sum()), dtype=np.int8), (sums.cell[inside], cells + sums.equation[inside])),
        shape=(cells + equations, cells + equations),
    )
    group = csgraph.connected_components(graph, directed=False)[1][:cells]
    wanted = np.zeros(int(group.max()) + 1, dtype=np.bool_)
    wanted[group[some]] = True
    near: Bools = hidden & wanted[group]
    return near


def _smallest_shown_nearby(authors: Ints, sums: Sums, hidden: Bools, known: Bools) -> Ints:
    """The smallest shown non-zero cell of each sum that holds a known cell, or of the nearest sums that lead to one.

    Where all other cells of its sums are hidden or zero, a cell may still follow from sums that it is not in.
    """
    reached = known & hidden
    while True:
        near = np.zeros(int(sums.equation.max()) + 1, dtype=np.bool_)
        near[sums.equation[reached[sums.cell]]] = True
        more = _smallest_shown(authors, sums, hidden, np.flatnonzero(near))
        wider = reached.copy()
        wider[sums.cell[near[sums.equation] & hidden[sums.cell]]] = True
        if more.size or (wider == reached).all():
            return more
        reached = wider


def _free_directions(matrix: sparse.csr_array, generator: np.random.Generator, count: int) -> Floats:
    """Random vectors of the null space, up to rounding: x - A' (A A' + r I)^-1 A x, repeated.

    The small ridge r lets one sparse factorisation serve sums that follow from each other; what it leaves over of A x shrinks
    with each round.
    """
    if not matrix.shape[0]:
        return np.array([_any_direction(matrix.shape[1], generator) for _ in range(count)])
    gram = (matrix @ matrix.T + _RIDGE * sparse.eye_array(matrix.shape[0])).tocsc()
    solver = linalg.splu(gram, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return np.array([_projected(matrix, solver, generator) for _ in range(count)])


def _projected(matrix: sparse.csr_array, solver: linalg.SuperLU, generator: np.random.Generator) -> Floats:
    direction = _any_direction(matrix.shape[1], generator)
    for _ in range(_PROJECTIONS):
        left = matrix @ direction
        if float(np.abs(left).max()) < _TOLERANCE / 1e2:
            return direction
        direction = direction - matrix.T @ solver.solve(left)
    raise ArithmeticError("the check of hidden cells does not settle; no mask is given")


def _any_direction(size: int, generator: np.random.Generator) -> Floats:
    direction: Floats = generator.choice((-1.0, 1.0), size) * generator.uniform(1.0, 2.0, size)
    return direction


def hold_back(previous: pl.DataFrame, candidate: pl.DataFrame, *, keys: list[str], k: int) -> pl.DataFrame:
    """Keep a release from telling who joined or left a cell since the one before.

    A row whose authors would change by 1 to k-1 keeps all values of the previous release until the change is 0 or at
    least k. A row that appears, disappears, or changes between hidden and shown is taken as it comes: a hidden value
    lies anywhere from 1 to k-1, so its appearance tells no difference.

    A column that came since then holds, in a held row, no number: it would be computed from the new count.

    Args:
        previous: the mart as published last; columns `keys` and `authors` (null where hidden), and any others. Where it
            lacks them, or they do not name its rows, nothing can be compared.
        candidate: the same mart as it would be published now.
        keys: columns that name a cell.
        k: the smallest change that may be seen.

    Returns:
        The candidate's rows in its order, held rows with their previous values, and a column `is_held`.
    """
    named = {*keys, "authors"} <= {*previous.columns}
    if not named or previous.select(keys).is_duplicated().any():
        return candidate.with_columns(pl.lit(value=False).alias("is_held"))
    others = [c for c in candidate.columns if c not in keys and c in previous.columns]
    came = [c for c, t in candidate.schema.items() if c not in previous.columns and t.is_numeric()]
    joined = candidate.join(
        previous.select(keys + others),
        on=keys,
        how="left",
        suffix="__before",
        nulls_equal=True,
        maintain_order="left",
    )
    change = (pl.col("authors") - pl.col("authors__before")).abs()
    joined = joined.with_columns(change.is_between(1, k - 1).fill_null(value=False).alias("is_held"))
    kept = [
        pl.when("is_held")
        .then(pl.col(f"{c}__before").cast(candidate.schema[c], strict=False))
        .otherwise(pl.col(c))
        .alias(c)
        for c in others
    ]
    kept += [pl.when(~pl.col("is_held")).then(pl.col(c)).alias(c) for c in came]
    return joined.with_columns(kept).select([*candidate.columns, "is_held"])


def hold_numbers(
    previous: pl.DataFrame,
    candidate: pl.DataFrame,
    *,
    keys: list[str],
    k: int,
    people: Sequence[str],
    evidence: Sequence[str],
) -> pl.DataFrame:
    """Keep numbers that are computed from other cells from telling what `hold_back` keeps of those.

    An expected number or a ratio moves a little when one of the counts behind it does, though the row's own count stays. So the
    fractions of a row stay as they were published while its authors and its evidence do; a fraction that is hidden now is
    hidden. Further counts of people in the row change by nothing or by at least k.

    Args:
        previous: the mart as published last.
        candidate: the mart after `hold_back`.
        keys: columns that name a row.
        k: the smallest change that may be seen.
        people: further columns that count people.
        evidence: columns that say how much a row is computed from, such as weeks: with more of it, its fractions are new ones.

    Returns:
        The candidate's rows in its order.
    """
    fractions = [c for c, t in candidate.schema.items() if t.is_float()]
    compared = [*dict.fromkeys(["authors", *people, *evidence, *fractions])]
    if not {*keys, *compared} <= {*previous.columns} or previous.select(keys).is_duplicated().any():
        return candidate
    joined = candidate.join(
        previous.select(keys + compared).with_columns(pl.lit(value=True).alias("was_there")),
        on=keys, how="left", suffix="__before", nulls_equal=True, maintain_order="left",
    )  # fmt: skip
    same = pl.col("was_there").fill_null(value=False)
    for column in ("authors", *evidence):
        same &= pl.col(column).eq_missing(pl.col(f"{column}__before"))
    few = [
        (pl.col(c) - pl.col(f"{c}__before")).abs().is_between(1, k - 1).fill_null(value=False) for c in people
    ]
    kept = [
        pl.when(is_few).then(pl.col(f"{c}__before")).otherwise(pl.col(c)).alias(c)
        for c, is_few in zip(people, few, strict=True)
    ]
    kept += [
        pl.when(same & pl.col(c).is_not_null())
        .then(pl.coalesce(f"{c}__before", c))
        .otherwise(pl.col(c))
        .alias(c)
        for c in fractions
    ]
    return joined.with_columns(kept).select(candidate.columns)


CELL_COLUMNS = ("mart", "d1", "breakdown", "value")
"""Together they name what a cell counts; `all` stands for "not broken down"."""
MEASURES = ("authors", "posts", "clusters", "sources", "amount", "amounts")
"""Numbers of a cell that are hidden with it."""
_WIDER = {"day": ("week", "week_on"), "week": ("month", "month_on")}


def publishable(cells: pl.DataFrame) -> pl.DataFrame:
    """Apply `protect` to a table of cells of all marts together.

    The sums that a reader knows: the parts of a breakdown make its total; a cell may name another one that holds it
    (`parent`, in the entity `parent_entity`; siblings of one `family` are parts of one sum); days make weeks and weeks
    months.

    Args:
        cells: one row a cell: grain (day, week, month), period_on, week_on, month_on, entity, voice_class,
            `CELL_COLUMNS`, parent, parent_entity, family, `MEASURES`, k. Parents are written `mart|d1|breakdown|value`.

    Returns:
        The cells in a fixed order, the measures of hidden ones null, and a column `is_suppressed`.
    """
    cells = cells.sort("grain", "period_on", "entity", "voice_class", *CELL_COLUMNS)
    if cells.is_empty():
        return cells.with_columns(pl.lit(value=False).alias("is_suppressed"))
    hidden = protect(
        cells["authors"].to_numpy().astype(np.int64), cells["k"].to_numpy().astype(np.int64), _sums(cells)
    )
    mask = pl.Series("is_suppressed", hidden)
    return cells.with_columns(mask).with_columns(
        pl.when("is_suppressed").then(None).otherwise(pl.col(c)).alias(c) for c in MEASURES
    )


def _sums(cells: pl.DataFrame) -> Sums:
    rows = cells.with_row_index("row").select(
        "row",
        "grain",
        "period_on",
        "week_on",
        "month_on",
        "entity",
        "voice_class",
        "breakdown",
        "parent",
        "parent_entity",
        "family",
        pl.concat_str(CELL_COLUMNS, separator="|").alias("cell"),
        pl.concat_str("mart", "d1", pl.lit("all|all"), separator="|").alias("whole"),
    )
    place = ["grain", "period_on", "entity", "voice_class", "cell"]
    wholes = rows.select("row", *place).rename({"row": "total"})
    own = ["row", "grain", "period_on", "entity", "voice_class"]
    parts = [
        rows.filter(pl.col("breakdown") != "all").select(
            *own, pl.col("whole").alias("cell"), pl.col("breakdown").alias("family")
        ),
        rows.filter(pl.col("parent").is_not_null()).select(
            "row",
            "grain",
            "period_on",
            pl.col("parent_entity").alias("entity"),
            "voice_class",
            pl.col("parent").alias("cell"),
            "family",
        ),
    ]
    parts.extend(
        rows.filter(pl.col("grain") == grain).select(
            "row",
            pl.lit(wider).alias("grain"),
            pl.col(begins).alias("period_on"),
            "entity",
            "voice_class",
            "cell",
            pl.lit("time").alias("family"),
        )
        for grain, (wider, begins) in _WIDER.items()
    )
    links = pl.concat(parts).join(wholes, on=place, how="inner", maintain_order="left")
    equations = links.select("total", "family").unique(maintain_order=True).with_row_index("equation")
    members = links.join(equations, on=["total", "family"], how="inner", maintain_order="left")
    part = members.select("equation", pl.col("row").alias("cell"), pl.lit(value=False).alias("is_total"))
    total = equations.select("equation", pl.col("total").alias("cell"), pl.lit(value=True).alias("is_total"))
    table = pl.concat([part, total])
    return Sums(
        table["equation"].to_numpy().astype(np.int64),
        table["cell"].to_numpy().astype(np.int64),
        table["is_total"].to_numpy().astype(np.bool_),
    )
