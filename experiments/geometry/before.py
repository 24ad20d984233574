"""What discs cost at commit 338f19e, which solved for heat on the whole mesh around every vertex.

Needs the repository's history; takes six minutes, most of them for 10,242 vertices.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from experiments.geometry.cost import of_discs

COMMIT = "338f19e21a07"

PROGRAM = """
import json, resource, sys
from gaugecnn.ops.stencil import neighbourhood
from gaugecnn.surfaces import Icosphere, TriangleMesh
sphere = Icosphere(int(sys.argv[1])).surface
used = lambda: [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
before = sum(r.ru_utime + r.ru_stime for r in used())
surface = TriangleMesh(sphere.vertices * [1, 1, 1.3], sphere.faces).surface
neighbourhood(surface, 2.3 * surface.mean_edge)
after = sum(r.ru_utime + r.ru_stime for r in used())
print(json.dumps({"vertices": len(surface), "discs_s": after - before}))
"""


def rows(levels: list[int]) -> Iterator[dict[str, Any]]:
    """Processor seconds of the old discs, by level of the icosphere."""
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        git = ["git", "-C", str(root), "worktree"]
        subprocess.run(
            [*git, "add", "--detach", str(tree), COMMIT], check=True, capture_output=True
        )
        try:
            for level in levels:
                environment = {**os.environ, "PYTHONPATH": str(tree), "GAUGECNN_CACHE": folder}
                words = [sys.executable, "-c", PROGRAM, str(level)]
                line = subprocess.run(
                    words, check=True, capture_output=True, text=True, env=environment, cwd=tree
                ).stdout.splitlines()[-1]
                print(line, flush=True)
                for row in of_discs("discs of 338f19e", json.loads(line)):
                    yield {**row, "commit": COMMIT}
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
