"""YAML as it was typed: names are text, and none is given twice."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from gaugecnn.errors import UserError

MERGE = "tag:yaml.org,2002:merge"
"""``<<``, whose keys may be given again."""


def read_yaml(path: Path) -> Any:
    """What a file says, in plain Python.

    YAML itself takes ``yes`` for true and ``010`` for 8, also where they are names; and most of
    its readers keep the last of two values of one name without a word.

    Raises:
        UserError: it is no YAML, or names something twice; names the line.
    """
    try:
        return yaml.load(path.read_text(), _AsTyped)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not valid YAML: {reason}") from error


class _AsTyped(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                told = f"{key.value!r} is given twice, in lines {lines[key.value]} and {line}"
                raise yaml.YAMLError(told)
            lines[key.value] = line
            key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)
