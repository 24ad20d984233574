"""The script of an array of Slurm jobs: every task of it does one run of a study."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from gaugecnn.studies.plan import Item

SCRIPT = """\
#!/bin/bash
# {count} of a study, one for each task. Submit it with: sbatch {file}
# What your cluster asks for (partition, account, time, gpus) can be given on that line, or here.
#SBATCH --job-name={job}
#SBATCH --array=0-{last}{at_a_time}
#SBATCH --cpus-per-task={threads}
#SBATCH --output={logs}/%A-%a.txt

runs=(
{runs}
)
export OMP_NUM_THREADS={threads}
{command} --run "${{runs[$SLURM_ARRAY_TASK_ID]}}" engine=local
"""


def slurm_script(
    name: str, items: Sequence[Item], command: Sequence[str], file: str, jobs: int, threads: int
) -> str:
    """The text of the script.

    A task that finds its run done, or held by another, does nothing twice. After the last one
    ``gaugecnn study NAME`` writes the tables and figures of what there is.

    Args:
        name: of the study.
        items: what is to be done.
        command: the words that begin ``gaugecnn study``, without an engine.
        file: the script.
        jobs: tasks at a time; 1 or less for as many as the cluster gives.
        threads: of the CPU, for each task.
    """
    return SCRIPT.format(
        count=f"{len(items)} run{'s' * (len(items) > 1)}",
        file=shlex.quote(file),
        job="".join(c if c.isalnum() or c in "-_" else "-" for c in name),
        last=len(items) - 1,
        at_a_time=f"%{jobs}" if jobs > 1 else "",
        threads=threads,
        logs=shlex.quote(file.rpartition("/")[0] or "."),
        runs="\n".join(f"  {shlex.quote(item.folder.name)}" for item in items),
        command=shlex.join(command),
    )
