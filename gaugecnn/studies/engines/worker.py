"""A process that does one item and ends: ``python -m gaugecnn.studies.engines.worker ORDER``.

Its standard input is a pipe that its parent holds open and never writes to: when that closes, the
parent has ended, and so does this process.
"""

from __future__ import annotations

import json
import os
import sys
import threading

from gaugecnn.studies.engines.base import Happening
from gaugecnn.studies.engines.orders import item_of
from gaugecnn.studies.state import failure

ORPHANED = 3
"""The exit code of one whose parent has ended."""


def main() -> None:
    """Do what the command line says."""
    threading.Thread(target=_watch, daemon=True).start()
    out = sys.stdout

    def tell(what: Happening, text: str) -> None:
        out.write(json.dumps({"what": what, "text": text}) + "\n")
        out.flush()

    item, slot = item_of(sys.argv[1])
    from gaugecnn.records.lock import is_main_process
    from gaugecnn.studies.work import work

    end = Happening(work(item, lambda line: tell(Happening.line, line), slot).value)
    if is_main_process():
        tell(end, failure(item.folder) if end is Happening.failed else "")


def _watch() -> None:
    """End with the parent."""
    while os.read(0, 1000):
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    main()
