"""The job that destroys what is past its time. It stands apart from the night, so that a failed night does not keep anything."""

from datetime import UTC, datetime

import dagster as dg

from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.locks import run_lock
from orchestration.resources import Koe


@quiet
def destroy_expired(installation: Installation) -> int:
    """Purge under the run lock.

    Returns:
        Certificates issued.
    """
    with run_lock(installation.zones):
        return len(installation.retention.purge(datetime.now(UTC)).certificates)


@dg.op(
    description="鍵を先に、次にファイルを破棄 / Destroys keys first, then files; each destruction leaves a certificate."
)
def destroy(context: dg.OpExecutionContext, koe: Koe) -> None:
    """Destroy what is past its time."""
    context.log.info("%d certificate(s) issued", destroy_expired(koe.installation))


@dg.job(
    description="保存期間を過ぎたものを破棄 / Destroys what is past its time.",
    executor_def=dg.in_process_executor,
)
def purge() -> None:
    """Retention."""
    destroy()
