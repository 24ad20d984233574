"""The report of studies: gathered, kept within its size, and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gaugecnn.errors import UserError
from gaugecnn.files import write_atomically
from gaugecnn.report.content import Content, content
from gaugecnn.report.page import page

LIMIT = 6_000_000
"""Bytes of a page."""
EVERY = (1, 2, 3, 4, 6)
"""Every so-many-th pose is kept, the first of these with which a page is small enough."""


class Written(NamedTuple):
    """A page that is there.

    Attributes:
        size: in bytes.
        left_out: what is not on it, in sentences.
    """

    size: int
    left_out: list[str]


def write_report(
    names: Sequence[str],
    preset: str | None,
    words: Mapping[str, str],
    output: Path,
    image: int,
) -> Written:
    """Write one page of studies.

    Args:
        names: of the studies, or their files.
        preset: in which size; None for the first one of each.
        words: see `content`.
        output: the page, replaced when it exists.
        image: which test sample is shown.

    Raises:
        UserError: a mistake in a study or in the words, no numbers, or too much for a page.
    """
    contents = [content(name, preset, words, image) for name in names]
    text, every = fitting(contents, output)
    size = len(text.encode())
    write_atomically(output, lambda file: file.write(text))
    left_out = [line for c in contents for line in c.left_out]
    if every > 1:
        left_out.append(f"every pose but each {every}th is left out, to stay below 6 MB")
    return Written(size, left_out)


def fitting(contents: Sequence[Content], output: Path) -> tuple[str, int]:
    """The page that is small enough, with as many poses as it can have.

    Args:
        contents: of the page.
        output: where it is to go, for messages.

    Returns:
        its text, and of how many poses one is kept.

    Raises:
        UserError: even with few poses it is too large.
    """
    sizes = []
    for every in EVERY:
        thinned = [c._replace(scenes=[s.every(every) for s in c.scenes]) for c in contents]
        text = page(thinned)
        sizes.append(len(text.encode()))
        if sizes[-1] <= LIMIT:
            return text, every
    raise UserError(
        f"output={output}: the page would have {sizes[-1] / 1e6:.2f} MB, at most "
        f"{LIMIT / 1e6:.0f}; name fewer studies"
    )
