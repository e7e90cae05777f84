"""What reports ask a release: each question a query on published marts, answered as plain rows.

Belongs here: SQL on the published file, and which period a reader should look at. Does not: words, charts, layout.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

Row = dict[str, Any]

PATIENTS = "patient_voice"
"""The report's numbers are those of patients and families, unless it says otherwise."""


class Release:
    """The marts of one release, opened for reading."""

    def __init__(self, database: Path) -> None:
        """Open the file.

        Args:
            database: `marts.duckdb` of a release, tables in schema main.
        """
        self._connection = duckdb.connect(str(database), read_only=True)
        self._tables = {
            t for (t,) in self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }

    def __enter__(self) -> Self:
        """Use as a context, so that the file is let go."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, mart: str, sql: str, *values: object) -> list[Row]:
        """Rows of a query on one mart; none if the release lacks the mart."""
        if mart not in self._tables:
            return []
        cursor = self._connection.execute(sql, list(values))
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def days(self) -> tuple[date, date] | None:
        """First and last day of writing that the release knows of."""
        found = self.rows(
            "mart_source_health",
            "SELECT min(posted_on) AS first, max(posted_on) AS last FROM mart_source_health",
        )
        return (found[0]["first"], found[0]["last"]) if found and found[0]["last"] else None

    def hidden_share(self) -> tuple[int, int]:
        """Hidden rows and all rows of the marts that count people."""
        hidden = total = 0
        for mart in sorted(self._tables):
            columns = {
                c
                for (c,) in self._connection.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [mart]
                ).fetchall()
            }
            if "is_suppressed" not in columns:
                continue
            [(some, every)] = self._connection.execute(
                f'SELECT count(*) FILTER (WHERE is_suppressed), count(*) FROM "{mart}"'  # noqa: S608  a table of the release
            ).fetchall()
            hidden, total = hidden + some, total + every
        return hidden, total

    def last_whole_week(self, last_day: date) -> date:
        """Monday of the last week that is over."""
        return last_day - timedelta(days=last_day.weekday() + 7 if last_day.weekday() < 6 else 6)

    def month_to_report(self, first_day: date, last_day: date) -> date:
        """First day of the last month (of whole weeks) that the release covers from its first day to its last.

        Where it covers none, a young installation, the newest month, over or not.
        """
        week = self.last_whole_week(last_day)
        month = month_of(week)
        if month_of(week + timedelta(days=7)) == month:
            month = (month - timedelta(days=1)).replace(day=1)
        return (
            month
            if first_day <= first_monday(month)
            else month_of(last_day - timedelta(days=last_day.weekday()))
        )

    def own_weeks(self) -> list[Row]:
        """Topics of own facilities by week: entity_name, week_on, topic_ja, authors (None where hidden)."""
        return self.rows(
            "mart_topics_weekly",
            """SELECT entity, entity_name, week_on, topic, topic_ja, authors FROM mart_topics_weekly
            WHERE entity_class = 'own' AND sentiment = 'all' AND voice_class = ? ORDER BY ALL""",
            PATIENTS,
        )

    def complaints(self, month: date) -> list[Row]:
        """Complaints of one month at own facilities by theme, the most first."""
        return self.rows(
            "mart_complaints",
            """SELECT entity_name, theme_ja, owner_ja, authors, complaint_share FROM mart_complaints
            WHERE grain = 'month' AND period_on = ? AND breakdown = 'all' AND entity_class = 'own' AND voice_class = ?
            ORDER BY authors DESC NULLS LAST, entity_name, theme_ja""",
            month,
            PATIENTS,
        )

    def severe_complaints(self, month: date) -> list[Row]:
        """Own facilities' complaints of high criticality, where they may be shown."""
        return self.rows(
            "mart_complaints",
            """SELECT entity_name, theme_ja, owner_ja, authors FROM mart_complaints
            WHERE grain = 'month' AND period_on = ? AND breakdown = 'criticality' AND breakdown_value = 'high'
            AND entity_class = 'own' AND voice_class = ? AND authors > 0 ORDER BY authors DESC, entity_name, theme_ja""",
            month,
            PATIENTS,
        )

    def reputation(self, month: date) -> list[Row]:
        """Own and competing facilities in one month, own ones first."""
        return self.rows(
            "mart_reputation",
            """SELECT * FROM mart_reputation WHERE grain = 'month' AND period_on = ? AND voice_class = ?
            AND entity_class IN ('own', 'competitor') ORDER BY entity_class DESC, authors DESC NULLS LAST, entity_name""",
            month,
            PATIENTS,
        )

    def reputation_weeks(self) -> list[Row]:
        """Volume of own facilities by week."""
        return self.rows(
            "mart_reputation",
            """SELECT entity_name, period_on AS week_on, authors, net_sentiment FROM mart_reputation
            WHERE grain = 'week' AND entity_class = 'own' AND voice_class = ? ORDER BY ALL""",
            PATIENTS,
        )

    def surges(self, limit: int) -> list[Row]:
        """The steepest weekly rises, one row an entity, topic and week."""
        return self.rows(
            "mart_trends",
            """SELECT * FROM (
                SELECT week_on, entity_name, entity_class, topic_ja, sentiment, voice_class, authors, usual_authors, rise_at_least
                FROM mart_trends WHERE rise_at_least >= 2 AND entity <> 'unlisted'
                QUALIFY row_number() OVER (PARTITION BY entity, topic, week_on ORDER BY rise_at_least DESC, sentiment DESC) = 1)
            ORDER BY rise_at_least DESC, week_on DESC, entity_name, topic_ja LIMIT ?""",
            limit,
        )

    def benchmark(self, month: date) -> list[Row]:
        """Own displeasure beside the national survey."""
        return self.rows(
            "mart_benchmark",
            """SELECT entity_name, survey_item_ja, survey_ja, authors, negative_percent, survey_dissatisfied_percent FROM mart_benchmark
            WHERE month_on = ? AND negative_percent IS NOT NULL ORDER BY survey_item_ja, entity_name""",
            month,
        )

    def rumours(self) -> list[Row]:
        """The newest week of each claim."""
        return self.rows(
            "mart_rumours",
            """SELECT claim_number, voice_class, first_week_on, max(week_on) AS week_on, max_by(authors, week_on) AS authors,
                max_by(sources, week_on) AS sources, max_by(amplification, week_on) AS amplification,
                max_by(stage, week_on) AS stage, max_by(reviewer_status, week_on) AS reviewer_status
            FROM mart_rumours WHERE authors IS NOT NULL GROUP BY ALL ORDER BY week_on DESC, claim_number LIMIT 10""",
        )

    def solicited(self) -> list[Row]:
        """Weeks in which five-star reviews of an own facility came in a burst."""
        return self.rows(
            "mart_solicited_reviews",
            "SELECT week_on, entity_name, authors, five_star_authors, rise_band FROM mart_solicited_reviews WHERE is_burst ORDER BY week_on DESC, entity_name",
        )

    def safety(self) -> list[Row]:
        """Suspected adverse events by medicine and month, newest first."""
        return self.rows(
            "mart_safety",
            """SELECT period_on AS month_on, drug, breakdown_value AS event, authors FROM mart_safety
            WHERE grain = 'month' AND breakdown = 'event' AND voice_class = ? AND authors > 0
            ORDER BY period_on DESC, authors DESC, drug LIMIT 12""",
            PATIENTS,
        )

    def sources(self, first: date) -> list[Row]:
        """Health of each source by day since `first`."""
        return self.rows(
            "mart_source_health",
            "SELECT posted_on, source, posts, usual_posts, status FROM mart_source_health WHERE posted_on >= ? ORDER BY ALL",
            first,
        )

    def quality(self) -> list[Row]:
        """Totals of the pipeline's own counts."""
        return self.rows(
            "mart_quality",
            """SELECT metric, detail, sum(value) AS value FROM mart_quality
            WHERE basis = 'arrival' AND metric <> 'latency_s' GROUP BY ALL ORDER BY metric, value DESC, detail""",
        )

    def positive_months(self, first: date, last: date) -> list[Row]:
        """Positive share by month, own facilities and competing ones: weeks of one facility are mostly too thin for it."""
        return self.rows(
            "mart_reputation",
            """SELECT period_on AS month_on, entity_class, entity_name, authors, positive_share FROM mart_reputation
            WHERE grain = 'month' AND period_on BETWEEN ? AND ? AND voice_class = ? AND entity_class IN ('own', 'competitor')
            ORDER BY ALL""",
            first,
            last,
            PATIENTS,
        )

    def alerts(self, first: date, before: date) -> list[Row]:
        """Alerts of own facilities from `first` until before `before`: the newest week first, in it the gravest."""
        return self.rows(
            "mart_alerts",
            """SELECT grain, period_on, entity_name, topic_ja, theme, theme_ja, owner_ja, tier, authors, authors_band,
                expected, expected_band, threshold, threshold_band, q_at_most, method, baseline_periods, silent_sources, is_suppressed
            FROM mart_alerts WHERE entity_class = 'own' AND period_on >= ? AND period_on < ?
            ORDER BY date_trunc('week', period_on) DESC, list_position(['警戒', '注意', '情報'], tier),
                grain DESC, authors DESC NULLS LAST, entity_name, topic_ja, theme""",
            first,
            before,
        )

    def alert_days(self, week: date) -> list[Row]:
        """What the days of a week came to at own facilities: status, its name, how many days."""
        return self.rows(
            "mart_alert_days",
            """SELECT entity_name, status, status_ja, count(*) AS days FROM mart_alert_days
            WHERE entity_class = 'own' AND posted_on >= ? AND posted_on < ? GROUP BY ALL ORDER BY ALL""",
            week,
            week + timedelta(days=7),
        )

    def day_statuses(self, first: date) -> list[Row]:
        """What each day since `first` came to at each own facility."""
        return self.rows(
            "mart_alert_days",
            "SELECT posted_on, entity_name, status FROM mart_alert_days WHERE entity_class = 'own' AND posted_on >= ? ORDER BY ALL",
            first,
        )

    def measure_subjects(self) -> list[Row]:
        """Improvement measures by subject, controls behind what each is to change."""
        return self.rows(
            "mart_measures",
            "SELECT * FROM mart_measures ORDER BY start_on DESC, measure, role DESC, subject_kind DESC, subject",
        )

    def disproportionality(self) -> list[Row]:
        """Signals of published pairs of medicine and event: exploratory."""
        return self.rows(
            "mart_disproportionality",
            "SELECT month_on, drug, event, prr, signal_prr, signal_ror, signal_ic FROM mart_disproportionality ORDER BY ALL",
        )

    def measures(self) -> list[Row]:
        """Improvement measures with their verdicts, one row a subject, the newest first."""
        return self.rows(
            "mart_measures",
            """SELECT measure, measure_ja, entity_name, owner_ja, subject_kind, subject, subject_ja, start_on, verdict, is_provisional,
                month_ratio, month_ratio_low, month_ratio_high, authors_before, authors, weeks_after
            FROM mart_measures WHERE role = 'target' ORDER BY start_on DESC, measure, subject_kind = 'topic', subject""",
        )

    def departments(self) -> list[str]:
        """Departments that own a theme of which somebody complained at an own facility."""
        found = self.rows(
            "mart_complaints",
            "SELECT DISTINCT owner_ja FROM mart_complaints WHERE entity_class = 'own' AND voice_class = ? ORDER BY 1",
            PATIENTS,
        )
        return [str(r["owner_ja"]) for r in found]

    def complaints_of(self, owner: str, grain: str, first: date) -> list[Row]:
        """Complaints under a department's themes at own facilities since `first`, by week or month, with their parts."""
        return self.rows(
            "mart_complaints",
            """SELECT period_on, entity_name, theme, theme_ja, breakdown, breakdown_value, authors, complaint_share
            FROM mart_complaints WHERE grain = ? AND owner_ja = ? AND period_on >= ? AND entity_class = 'own' AND voice_class = ?
            ORDER BY ALL""",
            grain,
            owner,
            first,
            PATIENTS,
        )


def month_of(monday: date) -> date:
    """The month that a week belongs to: the one its Thursday lies in."""
    return (monday + timedelta(days=3)).replace(day=1)


def first_monday(month: date) -> date:
    """Monday of the first week whose Thursday lies in a month."""
    thursday = month + timedelta(days=(3 - month.weekday()) % 7)
    return thursday - timedelta(days=3)
