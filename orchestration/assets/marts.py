"""The dbt models as assets.

Belongs here: running dbt for a run's window of arrival, and how its nodes appear in the graph. Does not: SQL, what dbt needs of
the configuration (`exports`).

dbt's tests run inside the same `dbt build`, so a failed one stops the step: gate 2. They are shown as checks too, but
tests of sources never are: a step that performs checks on its own upstream is exempt from that upstream's blocking checks.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from orchestration import quality
from orchestration.dbt_project import keep_parsed, remove_old_artefacts
from orchestration.exports import export_configuration
from orchestration.partitions import days_of_run
from orchestration.progress import Reporter
from orchestration.resources import Koe

WRITER_POOL = "duckdb_writer"
READS_STAGING = {
    "stg_posts": "classified_posts",
    "stg_words": "classified_posts",
    "stg_run_facts": "redacted_posts",
}


class Translator(DagsterDbtTranslator):
    """How dbt's nodes appear in Dagster: grouped by layer, described in words, joined to the assets that they read."""

    def __init__(self) -> None:
        super().__init__(
            settings=DagsterDbtTranslatorSettings(
                enable_asset_checks=True, enable_source_tests_as_checks=False
            )
        )

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        """The spec of one node. dagster-dbt would put its whole SQL into the description."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        props = self.get_resource_props(manifest, unique_id)
        name = props["name"]
        layer = "seeds" if props["resource_type"] == "seed" else Path(props["path"]).parts[0]
        upstream = READS_STAGING.get(name)
        spec = spec.replace_attributes(
            key=dg.AssetKey([name]),
            group_name=layer,
            description=props.get("description") or name,
            owners=["team:data-engineering"],
            code_version=props["checksum"]["checksum"][:12] if props.get("checksum") else None,
        )
        return spec.replace_attributes(deps=[*spec.deps, dg.AssetDep(upstream)]) if upstream else spec


def mart_keys(manifest: Mapping[str, Any]) -> list[dg.AssetKey]:
    """Keys of the models in the marts layer."""
    return [
        dg.AssetKey([node["name"]])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and Path(node["path"]).parts[0] == "marts"
    ]


def make_dbt_assets(project: DbtProject) -> dg.AssetsDefinition:
    """All models, seeds and tests as one step.

    The models have no partitions of Dagster's: marts are by the day of writing, and the days that a run's arrivals touch are
    found in SQL. A run that names no days computes all of them anew.
    """

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=Translator(),
        pool=WRITER_POOL,
        name="dbt_models",
    )
    def dbt_models(
        context: dg.AssetExecutionContext, dbt: DbtCliResource, koe: Koe, reporter: dg.ResourceParam[Reporter]
    ) -> Iterator[Any]:
        reporter.begin("dbt", None)
        if koe.installation.erasure.open_days():
            # DuckDB keeps the bytes of deleted rows in its file: after an erasure it is built anew, from staging.
            koe.installation.zones.warehouse.unlink(missing_ok=True)
        remove_old_artefacts()
        export_configuration(koe.installation)
        quality.label_scores(koe.installation)
        quality.write_reviews(koe.installation)
        # By the environment, not by --vars: another value of a variable would make dbt parse the whole project again.
        days = days_of_run(context.run.tags)
        window = (days[0].isoformat(), days[-1].isoformat()) if days else ("", "")
        os.environ["KOE_ARRIVED_FROM"], os.environ["KOE_ARRIVED_TO"] = window
        # The statistics' matrices are small: threads of their own cost more than they save.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Unit tests judge the models' code, not a night's data: the project's own tests run them.
        arguments = [
            "build",
            "--exclude-resource-type",
            "unit_test",
            *(["--full-refresh"] if koe.full_refresh else []),
        ]
        invocation = dbt.cli(arguments, context=context)
        yield from invocation.stream()
        keep_parsed(invocation.target_path)

    return dbt_models
