"""Train the model of personal names: `python -m training.names`.

Reads the first files of `training/posts/`, writes the weights and their hash into `transforms/redaction/names/data/` and the model
card `training/names.md`. Deterministic: the same posts, seed and versions give the same bytes.

Belongs here: labels from marked posts, the objective and its optimiser, cross-validation, the card.
Does not: features and use of the model (`transforms.redaction.names`).
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from evaluation import gold
from training.name_swaps import Namer, rename_facilities, swap
from transforms.redaction.names.features import REACH, Description
from transforms.redaction.names.finder import NameFinder
from transforms.redaction.names.joining import join, place_code
from transforms.redaction.names.model import (
    BUCKETS,
    HASH_FILE,
    WEIGHTS_FILE,
    Model,
    Weights,
    bucket,
    describe_unit,
    dump_weights,
    padded,
    parse_weights,
    window_strings,
    with_spaces,
)
from transforms.redaction.names.spotting import spot
from transforms.text.fold import fold
from transforms.text.tokens import Token, get_tokenizer

POSTS = Path(__file__).parent / "posts"
CARD = Path(__file__).parent / "names.md"
PACKAGE = Path(__file__).parents[1] / "transforms/redaction/names"

FOLDS = 4

LAST_FILE = "21.jsonl"
"""The later files train the labels alone."""

Row = dict[str, Any]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Settings:
    """How the model is trained.

    Attributes:
        copies: of each post that names somebody, with other names (`name_swaps`).
        epochs: passes over the posts.
        rate: step of AdaGrad.
        ridge: strength of the squared penalty, per update.
        batch: segments an update.
        seed: of the order of the batches.
        longest: tokens of the longest segment; longer ones are cut.
    """

    copies: int = 6
    epochs: int = 30
    rate: float = 0.2
    ridge: float = 1e-5
    batch: int = 1500
    seed: int = 20261126
    longest: int = 8


@dataclass
class Segments:
    """Runs of neighbouring candidates, as integers.

    Attributes:
        features: buckets of all rows, one after the other.
        starts: where each row's buckets begin, with the end as the last entry.
        labels: 1 where the row's token belongs to a name.
        runs: first row and length of each run.
    """

    features: Ints
    starts: Ints
    labels: npt.NDArray[np.int8]
    runs: list[tuple[int, int]]


def labelled_tokens(text: str, people: Iterable[tuple[int, int]]) -> tuple[list[Token | None], list[int]]:
    """The units of a text as the model reads them, with 1 for those that touch a person's name.

    Args:
        text: as given.
        people: spans of names, in code points of `text`.
    """
    folded = fold(text)
    tokens = get_tokenizer().tokenize(folded)
    tokens = spot(tokens, folded.text) or tokens
    tokens = join(tokens, "".join(map(place_code, tokens))) or tokens
    covered = {i for start, end in people for i in range(start, end)}
    units = with_spaces(tokens, folded.text)
    labels = []
    for unit in units:
        if unit is None or not unit.surface:
            labels.append(0)
            continue
        start, end = folded.origin_span(unit.start, unit.end)
        labels.append(int(any(i in covered for i in range(start, end))))
    return units, labels


class SegmentBuilder:
    """Turns labelled posts into `Segments`."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._features: list[int] = []
        self._starts: list[int] = [0]
        self._labels: list[int] = []
        self._runs: list[tuple[int, int]] = []

    def add(self, descriptions: Sequence[Description], labels: Sequence[int]) -> None:
        """Add a post."""
        window = padded(descriptions)
        length = 0
        for i, here in enumerate(descriptions):
            if not here.candidate:
                length = 0
                continue
            if length in {0, self._longest}:
                self._runs.append((len(self._labels), 0))
                length = 0
            length += 1
            self._features += map(bucket, window_strings(window[i : i + 2 * REACH + 1]))
            self._starts.append(len(self._features))
            self._labels.append(labels[i])
            self._runs[-1] = (self._runs[-1][0], length)

    def build(self) -> Segments:
        """All that was added."""
        return Segments(
            np.array(self._features, np.int64),
            np.array(self._starts, np.int64),
            np.array(self._labels, np.int8),
            self._runs,
        )


def _batches(data: Segments, settings: Settings) -> list[Ints]:
    """Rows of each batch, shape (runs, length): runs of one length together."""
    by_length: dict[int, list[int]] = {}
    for first, length in data.runs:
        by_length.setdefault(length, []).append(first)
    order = np.random.default_rng(settings.seed)
    batches = []
    for length, firsts in sorted(by_length.items()):
        shuffled = order.permutation(np.array(firsts, np.int64))
        for at in range(0, len(shuffled), max(1, settings.batch // length)):
            part = shuffled[at : at + max(1, settings.batch // length)]
            batches.append(part[:, None] + np.arange(length))
    return batches


def marginals(evidence: Floats, transitions: Floats) -> tuple[Floats, Floats]:
    """Forward and backward over binary chains of one length.

    Args:
        evidence: shape (chains, length), of state 1 against state 0.
        transitions: shape (2, 2).

    Returns:
        Probability of state 1, shape (chains, length), and expected transitions, shape (2, 2), summed.
    """
    chains, length = evidence.shape
    scores = np.stack([np.zeros_like(evidence), evidence], axis=2)
    forward = np.empty((chains, length, 2), np.float32)
    backward = np.zeros((chains, length, 2), np.float32)
    forward[:, 0] = scores[:, 0]
    for t in range(1, length):
        step = forward[:, t - 1, :, None] + transitions
        forward[:, t] = np.logaddexp(step[:, 0], step[:, 1]) + scores[:, t]
    for t in range(length - 2, -1, -1):
        step = transitions + (scores[:, t + 1] + backward[:, t + 1])[:, None, :]
        backward[:, t] = np.logaddexp(step[:, :, 0], step[:, :, 1])
    total = np.logaddexp(forward[:, -1, 0], forward[:, -1, 1])
    ones = np.exp(forward[:, :, 1] + backward[:, :, 1] - total[:, None])
    expected = np.zeros((2, 2), np.float32)
    for t in range(1, length):
        joint = forward[:, t - 1, :, None] + transitions + (scores[:, t] + backward[:, t])[:, None, :]
        expected += np.exp(joint - total[:, None, None]).sum(axis=0)
    return ones, expected


def _rows(data: Segments, rows: Ints) -> tuple[Ints, Ints]:
    """Buckets of some rows, one after the other, and how many each has."""
    starts, sizes = data.starts[rows], data.starts[rows + 1] - data.starts[rows]
    ends = np.cumsum(sizes)
    offsets = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    return data.features[np.repeat(starts, sizes) + offsets], sizes


def train(data: Segments, settings: Settings) -> Weights:
    """Fit the weights by AdaGrad on the penalised likelihood (Duchi, Hazan, Singer 2011)."""
    values = np.zeros(BUCKETS, np.float32)
    speed = np.full(BUCKETS, 1e-6, np.float32)
    small = np.zeros(5, np.float32)  # transitions, bias
    small_speed = np.full(5, 1e-6, np.float32)
    batches = _batches(data, settings)
    gathered = [(_rows(data, rows.ravel()), rows) for rows in batches]
    order = np.random.default_rng(settings.seed)
    for _ in range(settings.epochs):
        for at in order.permutation(len(batches)):
            (features, sizes), rows = gathered[at]
            ends = np.cumsum(sizes)
            evidence = np.add.reduceat(values[features], ends - sizes).reshape(rows.shape) + small[4]
            transitions = small[:4].reshape(2, 2)
            ones, expected = marginals(evidence.astype(np.float32), transitions)
            labels = data.labels[rows]
            error = (ones - labels).astype(np.float32)
            gradient = np.bincount(features, np.repeat(error.ravel(), sizes), BUCKETS).astype(np.float32)
            gradient += settings.ridge * rows.size * values
            speed += gradient * gradient
            values -= settings.rate * gradient / np.sqrt(speed)
            observed = np.zeros((2, 2), np.float32)
            if rows.shape[1] > 1:
                np.add.at(observed, (labels[:, :-1].ravel(), labels[:, 1:].ravel()), 1)
            step = np.append((expected - observed).ravel(), error.sum())
            small_speed += step * step
            small -= settings.rate * step / np.sqrt(small_speed)
    return Weights(values, small[:4].reshape(2, 2), float(small[4]))


def build(rows: Iterable[Row], longest: int) -> Segments:
    """Segments of gold rows (`evaluation.gold.read`)."""
    builder = SegmentBuilder(longest)
    for row in rows:
        people = [(s["start"], s["end"]) for s in row["spans"] if s["type"] == "PERSON"]
        units, labels = labelled_tokens(row["text"], people)
        builder.add([describe_unit(u) for u in units], labels)
    return builder.build()


def with_copies(rows: Sequence[Row], copies: int, seed: int) -> list[Row]:
    """The rows, and copies with other names: of people, and of facilities called after people."""
    namer = Namer(seed)
    named = [row for row in rows if any(s["type"] == "PERSON" for s in row["spans"])]
    renamed = [other for row in rows if (other := rename_facilities(row, namer))]
    return [*rows, *(swap(row, namer.instead_of) for _ in range(copies) for row in named), *renamed]


def build_files(files: dict[str, list[Row]], settings: Settings) -> dict[str, Segments]:
    """Segments of each file with its copies."""
    parts = {}
    for number, (name, rows) in enumerate(sorted(files.items())):
        parts[name] = build(with_copies(rows, settings.copies, settings.seed + number), settings.longest)
        print(f"{name}: {len(parts[name].labels)} words")
    return parts


def together(parts: Sequence[Segments]) -> Segments:
    """The segments of several files as one."""
    starts, runs, buckets, rows = [], [], 0, 0
    for part in parts:
        starts.append(part.starts[:-1] + buckets)
        runs += [(first + rows, length) for first, length in part.runs]
        buckets += len(part.features)
        rows += len(part.labels)
    return Segments(
        np.concatenate([p.features for p in parts]),
        np.append(np.concatenate(starts), buckets),
        np.concatenate([p.labels for p in parts]),
        runs,
    )


def packed_weights(parts: Sequence[Segments], settings: Settings) -> bytes:
    """Train on files and give the weights as the bytes of their file."""
    return dump_weights(train(together(parts), settings))


def read_posts() -> dict[str, list[Row]]:
    """The training posts by file name."""
    return {path.name: gold.read(path) for path in sorted(POSTS.glob("*.jsonl")) if path.name <= LAST_FILE}


def posts_hash(files: dict[str, list[Row]]) -> str:
    """SHA-256 over the marked posts, a line each, in order of file: labels train no names."""
    marked = [str(row["marked"]) for rows in files.values() for row in rows]
    return hashlib.sha256("\n".join(marked).encode()).hexdigest()


class Score(NamedTuple):
    """Counts of what a finder did, over posts.

    Attributes:
        masked: names of which every letter lies in some span.
        names: names in all.
        over: characters outside all marked spans that the finder covers.
        outside: characters outside all marked spans, white space left out.
        touched: posts without any identifier in which it finds something.
        clean: posts without any identifier.
    """

    masked: int = 0
    names: int = 0
    over: int = 0
    outside: int = 0
    touched: int = 0
    clean: int = 0

    def plus(self, other: Score) -> Score:
        """Both together."""
        return Score(*(a + b for a, b in zip(self, other, strict=True)))

    def line(self) -> str:
        """A row of the card's table."""
        low, high = gold.wilson(self.masked, self.names)
        return (
            f"{self.masked}/{self.names} = {self.masked / max(1, self.names):.3f} ({low:.3f}-{high:.3f}) |"
            f" {self.over / max(1, self.outside):.4f} | {self.touched}/{self.clean} = {self.touched / max(1, self.clean):.3f}"
        )


def score(finder: NameFinder, rows: Iterable[Row]) -> Score:
    """Count what a finder does on gold rows, as `evaluation.score_redaction` counts."""
    total = Score()
    for row in rows:
        text = row["text"]
        folded = fold(text)
        found = finder.find(folded, get_tokenizer().tokenize(folded))
        mask = {i for span in found for i in range(span.start, span.end)}
        marked = {i for s in row["spans"] for i in range(s["start"], s["end"])}
        people = [range(s["start"], s["end"]) for s in row["spans"] if s["type"] == "PERSON"]
        outside = [i for i in range(len(text)) if i not in marked and not text[i].isspace()]
        total = total.plus(
            Score(
                sum(all(i in mask for i in name if text[i].isalnum()) for name in people),
                len(people),
                sum(i in mask for i in outside),
                len(outside),
                int(not row["spans"] and bool(found)),
                int(not row["spans"]),
            )
        )
    return total


def cross_validate(
    files: dict[str, list[Row]], parts: dict[str, Segments], settings: Settings
) -> dict[str, Score]:
    """Score each file by a model that has not seen it, nor any file of its fold."""
    names = sorted(files)
    scores = {}
    for fold_number in range(FOLDS):
        left_out = names[fold_number::FOLDS]
        packed = packed_weights([parts[name] for name in names if name not in left_out], settings)
        finder = NameFinder(Model(parse_weights(packed, hashlib.sha256(packed).hexdigest())))
        scores.update({name: score(finder, files[name]) for name in left_out})
        print(f"fold {fold_number + 1} of {FOLDS} done")
    return dict(sorted(scores.items()))


_CARD = """# Model of personal names

A linear-chain conditional random field over the words of a post, with two states, that tells names of private people
from other words. It is one part of `transforms/redaction/names`: cues lower the bar that its probability must pass, and
lists keep eponyms, brands and public figures.

* Trained by `python -m training.names`, deterministic; versions: numpy {numpy}, unidic-lite {unidic}.
* Data: {posts} invented posts ({files} files) with {people} names, SHA-256 of their marked texts `{data}`, and {copies} copies of each post that
  names somebody, with other names from japanese-personal-name-dataset (MIT) and UniDic (BSD licence, Copyright (c)
  2011-2013 The UniDic Consortium). The gold posts are never trained on.
* Settings: {settings}.
* File: `data/weights.npz`, {size} bytes, SHA-256 `{weights}`; one with another hash is refused.

## What the whole finder does on files that its model has not seen ({folds} folds over files)

| file | names fully masked (95 %) | characters over-redacted | posts without identifiers touched |
|---|---|---|---|
{table}

The files differ in what they were written for: 04, 05 and 13 are made of rare surface forms and hard look-alikes, the
others of everyday posts. `make eval` measures on the gold posts.

## Limits

Names that are ordinary words and stand without any cue are missed; so are most names in scripts other than Japanese and
Latin. Nicknames are found where a cue or a repetition shows them. The posts are invented: names of foreign
residents and of old people are more frequent than on any platform.
"""


def write_card(
    files: dict[str, list[Row]], scores: dict[str, Score], packed: bytes, settings: Settings
) -> None:
    """Write the model card."""
    total = Score()
    for part in scores.values():
        total = total.plus(part)
    table = [f"| {name} | {part.line()} |" for name, part in [*scores.items(), ("all", total)]]
    CARD.write_text(
        _CARD.format(
            numpy=version("numpy"),
            unidic=version("unidic-lite"),
            posts=sum(map(len, files.values())),
            files=len(files),
            people=total.names,
            data=posts_hash(files),
            copies=settings.copies,
            settings=", ".join(f"{k} {v}" for k, v in asdict(settings).items()),
            size=len(packed),
            weights=hashlib.sha256(packed).hexdigest(),
            folds=FOLDS,
            table="\n".join(table),
        ),
        encoding="utf-8",
    )


def main() -> None:
    """Train, cross-validate and write."""
    parser = argparse.ArgumentParser(
        prog="python -m training.names", description="Train the model of personal names."
    )
    parser.add_argument("--no-card", action="store_true", help="leave out cross-validation and the card")
    arguments = parser.parse_args()
    settings = Settings()
    files = read_posts()
    parts = build_files(files, settings)
    packed = packed_weights(list(parts.values()), settings)
    (PACKAGE / WEIGHTS_FILE).write_bytes(packed)
    (PACKAGE / HASH_FILE).write_text(hashlib.sha256(packed).hexdigest() + "\n", encoding="ascii")
    print(f"{WEIGHTS_FILE}: {len(packed)} bytes")
    if not arguments.no_card:
        write_card(files, cross_validate(files, parts, settings), packed, settings)
        print(f"{CARD.name} written")


if __name__ == "__main__":
    main()
