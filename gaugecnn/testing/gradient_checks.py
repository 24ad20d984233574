"""Gradients compared: with finite differences, and with what a symmetry makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from gaugecnn.networks import Network
from gaugecnn.surfaces.symmetry import Symmetry
from gaugecnn.testing.symmetry_checks import on_logits, patches, relative

STEPS = (1e-6, 1e-7, 1e-8)
"""Of finite differences, relative to what is varied: the first that crosses no kink of a ReLU."""
RIGHT = 1e-5
"""An error below which no smaller step is tried."""
NOTHING = 1e-4
"""Share of the largest derivative below which another counts as zero."""


def upstream(outputs: Tensor) -> Tensor:
    """Random weights of outputs: the gradient of their sum is what gradients are compared by."""
    generator = torch.Generator().manual_seed(3)
    drawn = torch.randn(outputs.shape, generator=generator, dtype=torch.float64)
    return drawn.to(outputs.device, outputs.dtype)


def untied(model: Network, dtype: torch.dtype, count: int = 2) -> Tensor:
    """Signals no two points of which are equal: at a tie a maximum has no gradient.

    Outside the surface they are 0, as all signals are.
    """
    signal = patches(model, torch.float64, count)
    generator = torch.Generator().manual_seed(5)
    noise = torch.randn(signal.shape, generator=generator, dtype=torch.float64)
    return (signal + 0.3 * noise.to(signal) * inside(model)).to(dtype)


def inside(model: Network) -> Tensor:
    """1 at each point of the surface and 0 outside ``(*domain.shape)``."""
    return (model.domain.areas > 0).double().unflatten(0, model.domain.shape)


def derivative_errors(network: Network, count: int = 2) -> dict[str, float]:
    """How far derivatives by autograd are from finite differences, for each of what can be varied.

    With weights u of the outputs, ``L = <u, f(x)>`` is varied along a random direction d of the
    signal and of each parameter t in turn, d of the length of t::

        | <dL/dt, d> - (L(t + h d) - L(t - h d)) / 2 h |  /  (|dL/dt| rms(t))

    Args:
        network: in float64, in training or in evaluation.
        count: signals at once.

    Returns:
        the error by the name of the parameter, and of ``signal``.
    """
    signal = untied(network, torch.float64, count).requires_grad_()
    varied = {"signal": signal, **dict(network.named_parameters())}
    weights = upstream(network(signal).detach())

    def loss() -> Tensor:
        with _same_dropout():
            return (network(signal) * weights).sum()

    gradients = torch.autograd.grad(loss(), list(varied.values()), materialize_grads=True)
    lengths = {name: float(t.detach().square().mean().sqrt()) or 1.0 for name, t in varied.items()}
    sizes = {
        name: float(gradient.norm()) * lengths[name]
        for name, gradient in zip(varied, gradients, strict=True)
    }
    least = NOTHING * max(sizes.values())
    generator = torch.Generator().manual_seed(4)
    found = {}
    for (name, tensor), gradient in zip(varied.items(), gradients, strict=True):
        drawn = torch.randn(tensor.shape, generator=generator, dtype=torch.float64).to(tensor)
        along = lengths[name] * (drawn * inside(network) if name == "signal" else drawn)
        expected = float((gradient * along).sum())
        errors = []
        for step in STEPS:
            difference = _central_difference(loss, tensor, along, step)
            errors.append(abs(difference - expected) / (sizes[name] + least))
            if errors[-1] < RIGHT:
                break
        found[name] = min(errors)
    return found


@torch.no_grad()
def _central_difference(
    loss: Callable[[], Tensor], tensor: Tensor, along: Tensor, step: float
) -> float:
    """The derivative of a loss along a direction of a tensor that it reads."""
    kept = tensor.clone()
    ends = []
    for h in (step, -step):
        tensor.copy_(kept + h * along)
        ends.append(float(loss()))
    tensor.copy_(kept)
    return (ends[0] - ends[1]) / (2 * step)


def gradient_violation(
    model: Network, turned: Network, symmetry: Symmetry, dtype: torch.dtype
) -> float:
    """How far the gradient at ``g x`` is from ``g`` times the gradient at x.

    With ``L = <u, f(x)>`` and ``L' = <g u, f(x)>``, ``max |dL'/dx(g x) - g dL/dx(x)|`` over the
    largest difference between the gradients of two inputs. It is 0 where f commutes with g, because
    g moves points and turns vectors, so that its inverse is its transpose.

    Args:
        model: the network.
        turned: the network that sees the transformed signal: the same one, but for frames.
        symmetry: g.
        dtype: of the computation.
    """
    signal, type_ = untied(model, dtype), model.family.input_type
    with torch.no_grad():
        weights = upstream(model(signal))
    before = signal_gradient(model, signal, weights)
    moved = type_.transform(symmetry, signal)
    after = signal_gradient(turned, moved, on_logits(model, symmetry, weights))
    return relative(after - type_.transform(symmetry, before), before)


def signal_gradient(model: Network, signal: Tensor, weights: Tensor) -> Tensor:
    """The gradient of ``<weights, f(signal)>`` in the signal, 0 outside the surface."""
    signal = signal.detach().requires_grad_()
    (found,) = torch.autograd.grad((model(signal) * weights).sum(), signal)
    return found * inside(model).to(found)


@contextmanager
def _same_dropout() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
