"""The layers of a network by name, with the types of what they take and give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from gaugecnn.layers import Chain, FeatureType, Identity, Integral, Layer, SignalType
from gaugecnn.networks import Block, FieldNetwork, Network

INVARIANT = None
"""The type of what no symmetry changes."""


@dataclass(frozen=True)
class Part:
    """A layer of a network.

    Args:
        name: of the submodule.
        module: the layer.
        takes: the type of each of its arguments; None of invariants.
        gives: the type of what it gives; None of invariants.
    """

    name: str
    module: nn.Module
    takes: tuple[FeatureType | None, ...]
    gives: FeatureType | None


def parts_of(network: Network) -> list[Part]:
    """Every layer that may be reached, but those that only call others, and the head."""
    found = []
    for name, module in network.named_modules():
        composed = isinstance(module, Block | Chain)
        nothing = isinstance(module, Identity) and not name.endswith((".skip", ".residual"))
        if isinstance(module, Layer) and not composed and not nothing:
            found.append(Part(name, module, (module.type_in,), module.type_out))
        elif isinstance(module, Integral):
            found.append(Part(name, module, (module.type_in,), INVARIANT))
    head = getattr(network, "head", None)
    if isinstance(network, FieldNetwork) and head is not None:
        takes = (network.project.type_out, network.family.input_type)
        found.append(Part("head", head, takes, output_type(network)))
    elif head is not None:
        found.append(Part("head", head, (INVARIANT,), INVARIANT))
    return found


def output_type(network: Network) -> SignalType | None:
    """What a network gives: fields, vectors as three channels each; or invariants."""
    if not isinstance(network, FieldNetwork):
        return INVARIANT
    outputs = network.stages[-1].channels
    vectors = outputs if network.vectors else 0
    return SignalType(outputs - vectors, network.domain, vectors)


def output(network: Network, signal: Tensor) -> Tensor:
    """What a network says, in the layout of its `output_type`."""
    found: Tensor = network(signal)
    return found.flatten(1, 2) if isinstance(network, FieldNetwork) and network.vectors else found


def moved(type_: FeatureType | None, symmetry: Any, feature: Tensor) -> Tensor:
    """A feature under a symmetry; invariants stay.

    Raises:
        ValueError: the symmetry does not act on the feature.
    """
    return feature if type_ is INVARIANT else type_.transform(symmetry, feature)


@contextmanager
def watching(
    parts: list[Part], seen: Callable[[Part, tuple[Tensor, ...], Tensor], None]
) -> Iterator[None]:
    """Tell of every call of a part: it, its arguments and its result.

    What is called from within `seen` is not told of.
    """
    busy = False

    def hook(part: Part) -> Callable[..., None]:
        def told(_: nn.Module, arguments: tuple[Tensor, ...], result: Tensor) -> None:
            nonlocal busy
            if busy:
                return
            busy = True
            try:
                seen(part, arguments, result)
            finally:
                busy = False

        return told

    handles = [part.module.register_forward_hook(hook(part)) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
