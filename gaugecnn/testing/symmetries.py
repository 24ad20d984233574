"""Exact symmetries hold, behind every block and for gradients; who has none violates them."""

from __future__ import annotations

import pytest
import torch
from omegaconf import DictConfig

from gaugecnn.networks import Network
from gaugecnn.surfaces.symmetry import FrameChange, Symmetry
from gaugecnn.testing.case import Case
from gaugecnn.testing.gradient_checks import gradient_violation
from gaugecnn.testing.symmetry_checks import (
    BOUNDS,
    LEAST_CHANGE,
    feature_violations,
    moves,
    reframed,
    turns_of,
    violation,
)

LEAST_VIOLATION = 1e-2
"""By a network without symmetries; rounding stays below 1e-4."""
FEW = 3
"""Symmetries that features and gradients are compared for."""


class SymmetryTests(Case):
    """Of the symmetries that a network lists for its plan, ``network.exact_symmetries``."""

    def test_what_is_listed_can_be_tested(self, network: Network) -> None:
        listed = network.exact_symmetries
        if not self.symmetric:
            assert listed == [], "symmetric = False, but there are exact symmetries"
            return
        assert listed, "no exact symmetry: a method without any says symmetric = False"
        felt = [s for s in listed if isinstance(s, FrameChange) or moves(s, network.domain)]
        assert felt, f"none of {[s.name for s in listed]} moves a point of {network.domain.title}"

    @pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
    def test_exact_symmetries(
        self, config: DictConfig, network: Network, dtype: torch.dtype, bound: float
    ) -> None:
        network = network.to(dtype)
        if not self.symmetric:
            turns = turns_of(network.domain)
            assert turns, f"expected a domain with symmetries, got {network.domain.title}"
            kept = {s.name: violation(network, network, s, dtype) for s in turns}
            assert {name: e for name, e in kept.items() if not e > LEAST_VIOLATION} == {}
            return
        listed = network.exact_symmetries
        assert listed, "no exact symmetry: a method without any says symmetric = False"
        rotations = [s for s in listed if not isinstance(s, FrameChange)]
        chosen = rotations if dtype is torch.float32 else self._moving(network)
        pairs = [(network, symmetry) for symmetry in chosen]
        if len(rotations) < len(listed):
            pairs.append(reframed(network, config))
        errors = {s.name: violation(network, other, s, dtype) for other, s in pairs}
        assert {name: e for name, e in errors.items() if not e <= bound} == {}

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_every_block_changes_as_its_type_says(
        self, config: DictConfig, network: Network, dtype: torch.dtype
    ) -> None:
        network = network.to(dtype)
        for other, symmetry in self._pairs(config, network):
            blocks = feature_violations(network, other, symmetry, dtype)
            wrong = {i: b.error for i, b in enumerate(blocks) if not b.error < BOUNDS[dtype]}
            assert wrong == {}, symmetry.name
            assert max(b.change for b in blocks) > LEAST_CHANGE, symmetry.name

    def test_gradients_change_with_the_signal(self, config: DictConfig, network: Network) -> None:
        network = network.double()
        for other, symmetry in self._pairs(config, network):
            error = gradient_violation(network, other, symmetry, torch.float64)
            assert error < BOUNDS[torch.float64], symmetry.name

    def _moving(self, network: Network) -> list[Symmetry]:
        """A few of the listed symmetries, of those that move points."""
        listed = network.exact_symmetries
        return [s for s in listed if moves(s, network.domain)][:FEW]

    def _pairs(self, config: DictConfig, network: Network) -> list[tuple[Network, Symmetry]]:
        """Symmetries that are felt, each with the network that sees the transformed signal."""
        if not self.symmetric:
            pytest.skip("has no symmetries")
        pairs: list[tuple[Network, Symmetry]] = [(network, s) for s in self._moving(network)]
        if any(isinstance(s, FrameChange) for s in network.exact_symmetries):
            pairs.append(reframed(network, config))
        assert pairs, "no exact symmetry is felt"
        return pairs
