"""raw_posts, redacted_posts, classified_posts: from landing to staging, a partition a day of arrival.

Belongs here: reading and writing zones day by day, canaries planted, counts told. Does not: what is done to a post
(`transforms.staging`), how landing is read (`orchestration.loading`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from orchestration import quality, review, terms
from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.loading import Origins, load_days, quarantine_failures, raw_of_day
from orchestration.partitions import daily, days_of
from orchestration.progress import Reporter
from orchestration.resources import Koe
from orchestration.settings import PROJECT
from orchestration.staging import FACTS_SCHEMA, day_file, fitted, read_day, read_days, write_day
from orchestration.verdicts import judged_cases
from orchestration.zones import one_barrier
from transforms.classification.second_opinion import SecondOpinion
from transforms.posts import CLASSIFIED_SCHEMA, RAW_SCHEMA, REDACTED_SCHEMA
from transforms.redaction import canaries, scan
from transforms.staging import (
    CLUSTER_DAYS,
    Clusters,
    EverythingMatches,
    Facts,
    RedactedPosts,
    classify_posts,
    no_scan,
    redact_posts,
)
from transforms.terms.finder import TermFinder

OWNERS = ["team:data-engineering"]
REDACTION_VERSION = "1"
LABELS_VERSION = "2"


def _schema_metadata(schema: pa.Schema) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(f.name, str(f.type), constraints=dg.TableColumnConstraints(nullable=f.nullable))
            for f in schema
        ]
    )


def _totals(facts: Facts) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for (_, fact), value in facts.items():
        totals[fact] += value
    return dict(sorted(totals.items()))


def write_facts(installation: Installation, day: date, name: str, facts: Facts) -> None:
    """Write a day's numbers for the quality mart."""
    rows = [
        {"arrived_on": day, "source": source, "fact": fact, "value": float(value)}
        for (source, fact), value in sorted(facts.items())
    ]
    write_day(
        installation.zones.staging / "facts",
        day,
        pa.Table.from_pylist(rows, FACTS_SCHEMA),
        FACTS_SCHEMA,
        f"{name}.parquet",
    )


@quiet
def load(installation: Installation, days: list[date], reporter: Reporter) -> Facts:
    """Load landing into the vault, for some days of arrival."""
    total: Facts = Counter()
    for facts in load_days(installation, days, reporter).values():
        total += facts
    return total


@quiet
@one_barrier()
def redact(installation: Installation, days: list[date], reporter: Reporter) -> Facts:
    """Redact some days; on the last of them the run's canaries go the same way."""
    reporter.begin("redact", len(days))
    total: Facts = Counter()
    if is_staged(installation, days):
        plant_canaries(installation, days[-1])
        return total
    origins, clusters = Origins(installation, days[0]), earlier_clusters(installation, days[0])
    for part in parts_of(raw_of_day(installation, day, origins) for day in days):
        result = redact_part(installation, part)
        arrived = part["arrived_on"].to_pylist()
        for day in sorted(set(arrived)):
            # Day by day, however many days are redacted together: the same day must get the same names again.
            table = clusters.name(result.table.filter(pc.equal(result.table["arrived_on"], day)))
            write_day(
                installation.zones.redacted, day, with_destroyed(installation, day, table), REDACTED_SCHEMA
            )
            write_facts(installation, day, "redacted", result.facts.get(day, Counter()))
            failed = [(row, reason) for row, reason in result.failed if arrived[row] == day]
            quarantine_failures(installation, day, part, failed)
            total += result.facts.get(day, Counter())
            reporter.advance()
    plant_canaries(installation, days[-1])
    return total


def is_staged(installation: Installation, days: list[date]) -> bool:
    """Whether all days are staged from just the raw posts, configuration and code that there are now."""
    vault, zones = installation.vault, installation.zones
    days = [day for day in days if vault.batches("raw", [day])]
    staged = [day_file(zones.redacted, day) for day in days]
    if not all(path.exists() for path in staged):
        return False
    raw = [vault.path(batch) for batch in vault.batches("raw", days)]
    code = [p for p in (PROJECT / "transforms").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    made_from = [*raw, *code, *installation.settings.config.glob("*.yaml")]
    newest = max(path.stat().st_mtime for path in made_from)
    return all(path.stat().st_mtime >= newest for path in staged)


def earlier_clusters(installation: Installation, first: date) -> Clusters:
    """Clusters of the days before a run."""
    clusters = Clusters()
    days = [first - timedelta(days=back) for back in range(CLUSTER_DAYS, 0, -1)]
    for day, table in read_days(installation.zones.redacted, days, ["text", "cluster_key"]):
        clusters.remember(table, day)
    return clusters


def with_destroyed(installation: Installation, day: date, table: pa.Table) -> pa.Table:
    """A day's rows, with the rows staged earlier whose raw posts are destroyed by now and cannot be redacted again."""
    if not installation.vault.is_partly_destroyed(day):
        return table
    earlier = read_day(installation.zones.redacted, day)
    if earlier is None:
        return table
    again = pc.is_in(earlier["post_key"], value_set=table["post_key"].combine_chunks())
    kept = earlier.filter(pc.invert(again))
    return pa.concat_tables([fitted(kept, REDACTED_SCHEMA), table.cast(REDACTED_SCHEMA)])


PART_ROWS = 5_000


def parts_of(days: Iterable[pa.Table | None]) -> Iterator[pa.Table]:
    """Days' posts put together until they are worth a pass: a pass over many short texts costs far less than many passes."""
    waiting: list[pa.Table] = []
    for table in days:
        if table is not None:
            waiting.append(table)
        if sum(t.num_rows for t in waiting) >= PART_ROWS:
            yield pa.concat_tables(waiting, promote_options="permissive")
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting, promote_options="permissive")


def redact_part(installation: Installation, raw: pa.Table) -> RedactedPosts:
    """Redact some days' posts."""
    return redact_posts(
        raw,
        redactor=installation.many_redactor,
        matcher=installation.matcher,
        pseudonymiser=installation.pseudonymiser,
        scanner=scan.residual_rows,
    )


def plant_canaries(installation: Installation, day: date) -> None:
    """Send the run's invented identities through the same redactor and classifier, for the gates to look for.

    Their rows never reach the files that a mart reads.
    """
    posts = canaries.as_posts(installation.flock(day), day)
    result = redact_posts(
        pa.Table.from_pylist([{**p._asdict(), "arrived_on": day} for p in posts]),
        redactor=installation.redactor,
        matcher=EverythingMatches(),
        pseudonymiser=installation.pseudonymiser,
        scanner=no_scan,
    )
    folder = installation.zones.staging / "canaries"
    write_day(folder, day, result.table, REDACTED_SCHEMA, "redacted.parquet")
    write_day(
        folder,
        day,
        classify_posts(result.table, installation.classifier, TermFinder()),
        CLASSIFIED_SCHEMA,
        "classified.parquet",
    )


@quiet
@one_barrier()
def classify(installation: Installation, days: list[date], reporter: Reporter) -> Facts:
    """Label some days' redacted posts and fill the review queues."""
    reporter.begin("classify", len(days))
    total: Facts = Counter()
    awareness, judged = review.Awareness(installation.zones), judged_cases(installation.zones)
    second_opinions(installation)  # of canaries: they are no posts
    for day in days:
        staged = read_day(installation.zones.redacted, day)
        if staged is not None:
            redacted = fitted(staged, REDACTED_SCHEMA)
            classified = classify_posts(redacted, installation.classifier, installation.term_finder)
            write_day(installation.zones.classified, day, classified, CLASSIFIED_SCHEMA)
            queues = review.write_queues(
                installation.zones, day, redacted, classified, awareness=awareness, judged=judged
            )
            facts: Facts = Counter({("all", f"queued:{queue}"): n for queue, n in queues.items()})
            facts.update(second_opinions(installation))
            facts.update(
                (s, "relevant")
                for s, r in zip(
                    classified["source"].to_pylist(), classified["relevant"].to_pylist(), strict=True
                )
                if r
            )
            write_facts(installation, day, "classified", facts)
            total += facts + Counter({("all", "classified"): classified.num_rows})
        reporter.advance()
    quality.write_drift(installation, days[-1])
    terms.write_words(installation.zones, days, installation.term_finder.heard, installation.config.policy.k)
    installation.term_finder.forget()
    return total


def second_opinions(installation: Installation) -> Facts:
    """How often a bigger model answered since this was last asked, and why the linear one decided where it did not."""
    classifier = installation.classifier
    if not isinstance(classifier, SecondOpinion):
        return Counter()
    told = Counter({("all", f"second_opinion:{reason}"): n for reason, n in classifier.told.items()})
    classifier.told.clear()
    return told


@dg.asset(
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="landing",
    owners=OWNERS,
    kinds={"python", "parquet"},
    code_version="1",
    description="届いたファイルを暗号化して保管庫へ / Files of landing/, read, checked and kept encrypted in the vault. Personal data.",
    metadata={"data_class": "personal", "dagster/column_schema": _schema_metadata(RAW_SCHEMA)},
)
def raw_posts(
    context: dg.AssetExecutionContext, koe: Koe, reporter: dg.ResourceParam[Reporter]
) -> dg.MaterializeResult[None]:
    """Load landing into the vault."""
    facts = load(koe.installation, days_of(context), reporter)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": _totals(facts).get("loaded", 0), "counts": _totals(facts)}
    )


@dg.asset(
    deps=[raw_posts],
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="staging",
    owners=OWNERS,
    kinds={"python", "parquet"},
    code_version=REDACTION_VERSION,
    description="個人情報を伏せ、識別子を仮名に / Posts with personal data redacted and ids replaced by keyed pseudonyms.",
    metadata={"data_class": "pseudonymous", "dagster/column_schema": _schema_metadata(REDACTED_SCHEMA)},
)
def redacted_posts(
    context: dg.AssetExecutionContext, koe: Koe, reporter: dg.ResourceParam[Reporter]
) -> dg.MaterializeResult[None]:
    """Redact the vault's posts."""
    facts = redact(koe.installation, days_of(context), reporter)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": _totals(facts).get("staged", 0), "counts": _totals(facts)}
    )


@dg.asset(
    deps=[redacted_posts],
    partitions_def=daily,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="staging",
    owners=OWNERS,
    kinds={"python", "parquet"},
    code_version=LABELS_VERSION,
    description="話題・感情・立場などの分類（本文なし） / Labels of each post, without its text; review queues are filled beside.",
    metadata={"data_class": "pseudonymous", "dagster/column_schema": _schema_metadata(CLASSIFIED_SCHEMA)},
)
def classified_posts(
    context: dg.AssetExecutionContext, koe: Koe, reporter: dg.ResourceParam[Reporter]
) -> dg.MaterializeResult[None]:
    """Label the redacted posts."""
    facts = classify(koe.installation, days_of(context), reporter)
    return dg.MaterializeResult(
        metadata={"dagster/row_count": _totals(facts).get("classified", 0), "counts": _totals(facts)}
    )
