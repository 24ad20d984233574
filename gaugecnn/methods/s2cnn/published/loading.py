"""Weights of the published networks, under the names of the published code, in networks of ours.

The published code names the layers of the segmentation network (ours: `s2cnn_204k`)
``input_layer``, ``hidden_layers.0`` .. and ``output_layer``, and those of the classification
network (ours: `s2cnn_150k`) ``conv1``, ``conv2`` and ``out_layer`` in the example of Cohen et al.;
with ``input_layer`` and ``hidden_layers.0`` .. before its linear layer it is taken too. Kernels,
biases and the order of the kernels' points are the same as ours.

What they were fed is not what ours are: `gaugecnn.data.images.published` renders it, and the report
of a loading names it. On other pictures such weights guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import torch
from torch import Tensor, nn

from gaugecnn.data.images.conventions import Convention
from gaugecnn.errors import UserError
from gaugecnn.methods.s2cnn.family import S2CNNFamily
from gaugecnn.methods.s2cnn.layers import SO3ToS2
from gaugecnn.methods.s2cnn.published.aliasing import (
    AliasedDegrees,
    aliased_degrees,
    convolutions,
    layer_names,
)
from gaugecnn.methods.s2cnn.stage import S2CNNStage, Support
from gaugecnn.methods.s2cnn.types import SO3Type
from gaugecnn.networks import FieldNetwork, InvariantNetwork, Network

SHORTCUTS = (".residual", ".skip")
"""What the modules of shortcuts are called, of which some have no parameters."""

LINEAR = ("out_layer", "output_layer", "linear")
"""What the linear layer of a classification network may be called."""

FED = (
    "the published code trains on pictures of its own generator, on others its weights guess;",
    f"  data.convention={Convention.published} renders them (and their masks, grey above 150):",
    "  grey values 0 to 255, not 0 to 1; transposed, from outside the mirror image of ours; on",
    "  rings pi j / 2b, half a ring off the network's own; blurred over two pixels",
)
"""The lines of a report on what the weights were fed, which no file of weights tells."""

LISTED = 8
"""So many names are listed in a message; a file of another network may have hundreds."""


@dataclass(frozen=True)
class LoadedWeights:
    """What was loaded, what it was fed, and where the network differs from the published code.

    Args:
        file: where the weights came from.
        parameters: how many numbers were loaded.
        aliased: the layers that cut off degrees which the published code keeps.
        unpublished: options of the network that the published code does not have.
    """

    file: Path
    parameters: int
    aliased: tuple[AliasedDegrees, ...]
    unpublished: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.parameters:,} parameters loaded from {self.file}", *FED]
        if self.aliased:
            lines.append("outputs differ from those of the published code, which adds aliases in")
            lines += [f"  {degrees}" for degrees in self.aliased]
            lines.append(
                "by how much: "
                "gaugecnn.methods.s2cnn.published.aliasing.aliased_shares(model, signal)"
            )
        if self.unpublished:
            lines.append("outputs differ from those of the published networks, which have no")
            lines += [f"  {option}" for option in self.unpublished]
        if not self.aliased and not self.unpublished:
            lines.append("every layer keeps the degrees that the published code keeps")
        return "\n".join(lines)


def load_published_state_dict(model: nn.Module, path: str | Path) -> LoadedWeights:
    """Load the weights of a published network; all of them, or none and an error.

    The network must have the plan of the one that was trained. A file of weights tells channels
    and kernel points, which are checked, but neither bandwidths nor the extent of the kernels.

    Args:
        model: an S2CNN network without batch norm, shortcuts and hidden layers in its head, such
            as `s2cnn_150k` for classification and `s2cnn_204k` for segmentation.
        path: a file that ``torch.load(weights_only=True)`` reads: a state dict, or a dictionary
            with one under ``state_dict``, as Lightning saves it. All names may have a prefix in
            common, such as ``model.``.

    Returns:
        what was loaded, what such weights were fed, and where outputs differ from those of the
        published code; print it.

    Raises:
        UserError: the network is another one, the file cannot be read, or a parameter is missing,
            unexpected or of another shape.

    Source: Cohen et al. 2018, code of the MNIST example; Gerken et al. 2022, code of the
        semantic segmentation example.
    """
    path = Path(path)
    network = _s2cnn(model)
    schemes, content, own = published_names(network), _read(path), network.state_dict()
    given = _without_prefix(content, {name for names in schemes for name in names.values()})
    names = max(schemes, key=lambda names: len(given.keys() & names.values()))
    problems = _names_that_differ(given, names)
    stages = layer_names(network)
    for name, published in names.items():
        if published in given:
            where = _place(name, stages)
            problems += _what_does_not_fit(given[published], own[name], f"{published} ({where})")
    if problems:
        raise UserError(f"{path} does not fit, nothing was loaded: {'; '.join(problems)}")
    network.load_state_dict({name: given[published] for name, published in names.items()})
    return LoadedWeights(
        file=path,
        parameters=sum(tensor.numel() for tensor in own.values()),
        aliased=aliased_degrees(network),
        unpublished=tuple(_unpublished(network)),
    )


def published_names(network: Network) -> list[dict[str, str]]:
    """The published name of each parameter of an S2CNN network, by its name in our state dict.

    Returns:
        one dictionary for each way in which published code names such a network.

    Raises:
        UserError: parameters that the published networks do not have, with their names.
    """
    layers = layer_names(network)
    listed = {layer: f"hidden_layers.{i - 1}" for i, layer in enumerate(layers)}
    listed[layers[0]] = "input_layer"
    if isinstance(network, InvariantNetwork):
        numbered = {layer: f"conv{i + 1}" for i, layer in enumerate(layers)}
        schemes = [{**numbered, "head.0": "out_layer"}]
        schemes += [{**listed, "head.0": linear} for linear in LINEAR]
    else:
        schemes = [{**listed, layers[-1]: "output_layer"}]
    parts = {name: name.rpartition(".") for name in network.state_dict()}
    unknown = [name for name, (module, _, _) in parts.items() if module not in schemes[0]]
    unknown += [name for name, _ in network.named_modules() if name.endswith(SHORTCUTS)]
    if unknown:
        raise UserError(
            f"expected a network with what the published ones have: no batch norm "
            f"(normalisation=none), no shortcuts (residual=false, skip=false), no hidden layers in "
            f"the head; got one with {_listed(unknown)}"
        )
    return [
        {name: f"{modules[module]}.{kind}" for name, (module, _, kind) in parts.items()}
        for modules in schemes
    ]


def _s2cnn(model: nn.Module) -> Network:
    """The network, once it is known to be of this method."""
    if not isinstance(model, InvariantNetwork | FieldNetwork):
        kind = type(model).__name__
    elif not isinstance(model.family, S2CNNFamily):
        kind = f"a {type(model).__name__} of {type(model.family).__name__}"
    else:
        return model
    raise UserError(f"expected an InvariantNetwork or FieldNetwork of S2CNNFamily, got {kind}")


def _read(path: Path) -> Mapping[str, object]:
    """The state dict of a file, whatever is in it."""
    if not path.is_file():
        raise UserError(f"{path} cannot be loaded: there is no such file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = shorten(str(error), 100)
        raise UserError(f"{path} cannot be loaded with weights_only=True: {reason}") from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        raise UserError(
            f"{path} cannot be loaded: expected a state dict, names and tensors, or one under "
            f"the key state_dict, got {type(content).__name__}"
        )
    return content


def _without_prefix(state: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """The state dict without what all of its names begin with, if that leaves published ones."""
    parts = [name.split(".") for name in state]
    depth = 0
    for components in zip(*(part[:-1] for part in parts), strict=False):  # the first of each, ...
        if len(set(components)) > 1:
            break
        depth += 1
    bare = {".".join(part[depth:]): state[name] for name, part in zip(state, parts, strict=True)}
    return bare if bare.keys() & set(names) else dict(state)


def _names_that_differ(given: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """What is missing in a file and what should not be there."""
    missing = [
        f"{published} ({name} here)" for name, published in names.items() if published not in given
    ]
    unexpected = [name for name in given if name not in names.values()]
    problems = [f"missing {_listed(missing)}"] if missing else []
    return problems + ([f"unexpected {_listed(unexpected)}"] if unexpected else [])


def _what_does_not_fit(value: object, own: Tensor, name: str) -> list[str]:
    """Why a value cannot be the parameter `own`, if it cannot."""
    if not isinstance(value, Tensor):
        return [f"{name}: expected a tensor, got {type(value).__name__}"]
    if value.shape != own.shape:
        return [f"{name}: expected shape {tuple(own.shape)}, got {tuple(value.shape)}"]
    if not value.is_floating_point() or value.layout != torch.strided:
        return [f"{name}: expected dense real numbers, got {value.dtype}, {value.layout}"]
    return []


def _place(name: str, layers: list[str]) -> str:
    """Which stage a parameter belongs to."""
    module = name.rpartition(".")[0]
    stage = f"stage {layers.index(module)}" if module in layers else "head"
    return f"{stage}, {name} here"


def _unpublished(network: Network) -> Iterator[str]:
    """The options of a network that change what its weights do and that no published one has."""
    for i, (name, layer) in enumerate(convolutions(network).items()):
        where = f"stage {i} ({name})"
        stage, type_ = network.stages[i], layer.type_out
        assert isinstance(stage, S2CNNStage)
        if isinstance(type_, SO3Type):
            cutoff, grid = type_.bandwidth, type_.sampling
            if type_.order < cutoff - 1:
                yield f"{where}: orders along gamma cut off above {type_.order}"
        else:
            assert isinstance(layer, SO3ToS2)
            grid, cutoff = layer.sampling_out, layer.bandwidth_out
        if grid != cutoff:
            yield f"{where}: grid of bandwidth {grid} for degrees below {cutoff}"
        if stage.support is not Support.near_identity:
            yield f"{where}: kernels of {stage.support} support"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
