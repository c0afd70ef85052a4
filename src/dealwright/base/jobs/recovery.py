"""Jobs whose worker died come back by themselves."""

from __future__ import annotations

import structlog
from django.db import connection

from dealwright.base.jobs.due import due

log = structlog.get_logger("dealwright.worker")

STALLED_SECONDS = 30
ATTEMPTS_BEFORE_A_JOB_IS_BLAMED = 10


@due(every=10, name="jobs.recover")
def recover_lost_jobs() -> int:
    """Bring back jobs whose worker died; a job that keeps killing its worker ends as failed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select procrastinate_retry_job_v2(job.id, now(), null, null, null),
                   job.attempts
            from procrastinate_jobs job
            left join procrastinate_workers worker on worker.id = job.worker_id
            where job.status = 'doing' and job.attempts < %(blamed)s
              and (worker.id is null
                   or worker.last_heartbeat < now() - make_interval(secs => %(stalled)s))
            """,
            {"stalled": STALLED_SECONDS, "blamed": ATTEMPTS_BEFORE_A_JOB_IS_BLAMED},
        )
        recovered = cursor.rowcount
        cursor.execute(
            """
            select procrastinate_finish_job_v1(job.id, 'failed', false)
            from procrastinate_jobs job
            left join procrastinate_workers worker on worker.id = job.worker_id
            where job.status = 'doing' and job.attempts >= %(blamed)s
              and (worker.id is null
                   or worker.last_heartbeat < now() - make_interval(secs => %(stalled)s))
            """,
            {"stalled": STALLED_SECONDS, "blamed": ATTEMPTS_BEFORE_A_JOB_IS_BLAMED},
        )
        blamed = cursor.rowcount
    if recovered or blamed:
        log.warning("lost jobs", recovered=recovered, failed=blamed)
    return 0
