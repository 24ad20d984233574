"""Command lines as documents give them, and blocks of Python."""

from __future__ import annotations

import re

START = r"(?:gaugecnn|python|make|pip|pre-commit)\b"
INDENTED = re.compile(rf"^ {{4}}({START}(?:[^\\\n]|\\\n)*)", re.MULTILINE)
SPAN = re.compile(rf"`({START} [^`\n]+)`")


def command_lines(text: str) -> list[str]:
    """Indented lines that are commands, without their comments, continued lines joined."""
    found = (re.sub(r"\\\n\s*", "", match) for match in INDENTED.findall(text))
    return [re.split(r"\s{2,}#", line)[0].strip() for line in found]


def spans(text: str) -> list[str]:
    """Commands that stand in the running text or in a table."""
    return SPAN.findall(text)


def python_blocks(text: str) -> list[str]:
    """The fenced blocks of Python."""
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
