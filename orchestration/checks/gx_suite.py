"""The Great Expectations suite on staging: shape, closed vocabularies, and no identifier patterns in redacted text.

Belongs here: the suite and running it on a narrow pandas projection. Great Expectations is imported inside the functions,
because that takes seven seconds that no other part of Koe needs.

Results carry counts only: `partial_unexpected_count` 0 keeps values out, and what this module returns has none. An
expectation that raises counts as failed and is named as such; statistics alone would hide it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.posts import SOURCES

if TYPE_CHECKING:
    import pandas as pd

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
REDACTED_COLUMNS = ["post_key", "author_key", "key_id", "source", "arrived_on", "posted_on", "rating", "text"]
VOICE_CLASSES = ["patient_voice", "hcp_personal", "official", "media", "public", "excluded"]
SENTIMENTS = ["neg", "neu", "pos", "mixed"]
CLASSIFIED_COLUMNS = [
    "post_key",
    "relevant",
    "sentiment",
    "voice_class",
    "criticality",
    "confidence",
    "permitted_use",
]


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation by GX's name for it, and what it came to."""

    name: str
    column: str
    unexpected: int
    passed: bool
    raised: bool


def redacted_expectations(patterns: Iterable[tuple[str, str]]) -> list[tuple[str, dict[str, Any]]]:
    """Expectations on redacted posts.

    Args:
        patterns: (id, regular expression) of identifiers that must not be found in text; engine-neutral strings.
    """
    return [
        ("ExpectColumnValuesToNotBeNull", {"column": "post_key"}),
        ("ExpectColumnValuesToBeUnique", {"column": "post_key"}),
        ("ExpectColumnValuesToMatchRegex", {"column": "post_key", "regex": r"^[A-Za-z0-9_:.\-]{16,128}$"}),
        ("ExpectColumnValuesToNotBeNull", {"column": "key_id"}),
        ("ExpectColumnValuesToBeInSet", {"column": "source", "value_set": list(SOURCES)}),
        ("ExpectColumnValuesToNotBeNull", {"column": "posted_on"}),
        ("ExpectColumnValuesToBeBetween", {"column": "rating", "min_value": 1, "max_value": 5}),
        ("ExpectColumnValuesToNotBeNull", {"column": "text"}),
        ("ExpectColumnValueLengthsToBeBetween", {"column": "text", "min_value": 0, "max_value": 120_000}),
        *(("ExpectColumnValuesToNotMatchRegex", {"column": "text", "regex": regex}) for _, regex in patterns),
    ]


def classified_expectations() -> list[tuple[str, dict[str, Any]]]:
    """Expectations on classified posts: closed vocabularies, so that no free text can pass for a label."""
    return [
        ("ExpectColumnValuesToNotBeNull", {"column": "relevant"}),
        ("ExpectColumnValuesToBeInSet", {"column": "sentiment", "value_set": SENTIMENTS}),
        ("ExpectColumnValuesToBeInSet", {"column": "voice_class", "value_set": VOICE_CLASSES}),
        ("ExpectColumnValuesToBeBetween", {"column": "criticality", "min_value": 0, "max_value": 5}),
        ("ExpectColumnValuesToBeBetween", {"column": "confidence", "min_value": 0, "max_value": 1}),
        ("ExpectColumnValuesToBeInSet", {"column": "permitted_use", "value_set": ["internal_only"]}),
    ]


def validate(frame: pd.DataFrame, expectations: Sequence[tuple[str, dict[str, Any]]]) -> list[Expectation]:
    """Run expectations on a frame.

    Returns:
        One entry an expectation, with the number of rows that do not meet it; never a value.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx  # noqa: PLC0415
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        batch = (
            context.data_sources.add_pandas("staging")
            .add_dataframe_asset("posts")
            .add_batch_definition_whole_dataframe("all")
        )
        suite = gx.ExpectationSuite(
            name="staging",
            expectations=[getattr(gx.expectations, name)(**arguments) for name, arguments in expectations],
        )
        result = batch.get_batch({"dataframe": frame}).validate(suite, result_format=RESULT_FORMAT)
    return [_outcome(entry) for entry in result.results]


def _outcome(entry: Any) -> Expectation:
    raised = any(_raised(info) for info in [entry.exception_info] if info)
    return Expectation(
        name=entry.expectation_config.type,
        column=str(entry.expectation_config.kwargs.get("column", "")),
        unexpected=int((entry.result or {}).get("unexpected_count") or 0),
        passed=bool(entry.success) and not raised,
        raised=raised,
    )


def _raised(info: Any) -> bool:
    # One expectation's info is a flat dictionary, several metrics' is a dictionary of such dictionaries.
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(v) for v in info.values())
