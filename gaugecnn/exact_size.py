"""``domain.size=auto``: the size at which a model's plan is exact that is nearest to its own.

A window that moves by steps of several pixels leaves some unread at most sizes of a picture, and a
method that turns its filters then knows no symmetry exactly. Which sizes do is known without torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gaugecnn.domain_options import DomainSection
from gaugecnn.domain_registry import domain_kinds
from gaugecnn.errors import UserError
from gaugecnn.registry import method_for

AUTO = "auto"
LEAST, FARTHEST = 2, 1024
"""The size of the smallest picture; how far from the model's own an exact one is looked for."""


def stands_in(domain: Any, before: Any) -> bool:
    """Whether a node `domain` asks for ``size: auto``; then it is given the model's own size.

    Args:
        domain: the node in plain Python; it is changed.
        before: the node without the overrides: what the model's file gives.

    Raises:
        UserError: it gives none, and the kind of domain has sizes.
    """
    if not isinstance(domain, dict) or domain.get("size") != AUTO:
        return False
    own = before.get("size") if isinstance(before, Mapping) else None
    kind = domain_kinds().get(str(domain.get("kind")))
    if isinstance(own, int):
        domain["size"] = own
    elif kind is not None and "size" in kind.used:
        raise UserError(
            "domain.size=auto is the exact size nearest to that of the model's file, which gives "
            "none; expected a number"
        )
    else:
        domain["size"] = LEAST  # which such a kind of domain refuses as it does any other
    return True


def exact_size(model: Mapping[str, Any], domain: DomainSection, task: str) -> int:
    """The exact size nearest to that of a domain; of two that are as near, the larger.

    Args:
        model: the node `model` of a configuration.
        domain: the domain, with the size that the model's file gives.
        task: whose plan it is.

    Raises:
        UserError: the method has no such sizes, or none is found.
    """
    near = domain.size
    assert near is not None
    method = method_for(model["method"], domain.kind)
    plan = method.read_plan(task, model[task])
    options = method.options_of(model)
    reasons = options.reasons(plan, domain)
    if reasons is None:
        where = f"domain.kind={domain.kind}" + f" with chart={domain.chart}" * bool(domain.chart)
        raise UserError(
            f"domain.size=auto: method {method.name} has no sizes at which it is exact and others "
            f"at which it is not on {where}; expected a number"
        )
    for distance in range(FARTHEST + 1):
        for size in (near + distance, near - distance):
            if size >= LEAST and not options.reasons(plan, replace(domain, size=size)):
                return size
    raise UserError(
        f"domain.size=auto: model.{task} is exact at no size within {FARTHEST} of {near}; "
        f"at {near}: {'; '.join(reasons)}"
    )
