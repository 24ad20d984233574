"""What every method must do, subclassed once per method."""

from __future__ import annotations

import io

import pytest
import torch

from gaugecnn import build_model, load_config
from gaugecnn.surfaces.symmetry import FrameChange
from tests.symmetry_checks import feature_moves, patches, randomise, reframed, violation

TASKS = ("classification", "segmentation")


class Conformance:
    """Subclass with `model`, and `overrides` that make it small."""

    model: str
    overrides: tuple[str, ...] = ()

    @pytest.fixture(params=TASKS)
    def config(self, request):
        return load_config(self.model, task=request.param, overrides=self.overrides)

    @pytest.fixture
    def network(self, config):
        return randomise(build_model(config))

    def test_shapes(self, config, network):
        logits = network(patches(network, torch.float32, 3))
        expected = (10,) if config.task == "classification" else (11, *network.domain.shape)
        assert logits.shape == (3, *expected)

    def test_wrong_signal_is_refused(self, network):
        with pytest.raises(ValueError, match="expected a signal of shape"):
            network(torch.zeros(2, network.family.in_channels + 1, *network.domain.shape))

    def test_images_do_not_see_each_other(self, network):
        signal = patches(network, torch.float32, 3)
        alone, together = network(signal[:1]), network(signal)[:1]
        # rounding is relative to what is summed, not to each logit that comes of it
        assert (alone - together).abs().max() < 1e-5 * together.abs().max()

    def test_state_dict_round_trip(self, config, network):
        evaluated, trained = set(network.state_dict()), set(network.train().state_dict())
        assert evaluated == trained
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        other = build_model(config)
        other.load_state_dict(torch.load(file, weights_only=True))
        signal = patches(network, torch.float32)
        torch.testing.assert_close(other.eval()(signal), network.eval()(signal))

    def test_state_holds_no_geometry(self, network):
        for name in network.state_dict():
            is_parameter = name in dict(network.named_parameters())
            assert is_parameter or "running" in name or name.endswith("num_batches_tracked")

    def test_gradients_are_finite_and_reach_every_parameter(self, network):
        network.train()
        network(patches(network, torch.float32, 4)).square().sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name

    def test_constant_images_give_finite_gradients(self, network):
        zero = torch.zeros_like(patches(network, torch.float32))
        network.train()(zero).sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters())

    @pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-4), (torch.float64, 1e-10)])
    def test_exact_symmetries(self, config, network, dtype, bound):
        network = network.to(dtype)
        symmetries = network.exact_symmetries
        rotations = [s for s in symmetries if not isinstance(s, FrameChange)]
        chosen = rotations if dtype is torch.float32 else rotations[1:4]
        errors = {s.name: violation(network, network, s, dtype) for s in chosen}
        assert all(error <= bound for error in errors.values()), errors
        moving = [s for s in rotations if (s.matrix - torch.eye(3)).abs().max() > 0.1]
        if moving:
            assert feature_moves(network, network, moving[0], dtype)
        if len(rotations) < len(symmetries):
            other, change = reframed(network, config)
            assert violation(network, other, change, dtype) <= bound
            assert feature_moves(network, other, change, dtype)

    def test_compiles(self, network):
        compiled = torch.compile(network, backend="aot_eager")
        signal = patches(network, torch.float32)
        torch.testing.assert_close(compiled(signal), network(signal), atol=1e-4, rtol=1e-4)

    def test_autocast(self, network):
        signal = patches(network, torch.float32)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = network(signal)
        assert torch.isfinite(low).all()
        full = network(signal)
        assert (low - full).abs().max() < 0.2 * full.std() + 0.2 * full.abs().max()

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    def test_gpu_agrees(self, network):
        signal = patches(network, torch.float32)
        there = network.cuda()(signal.cuda()).cpu()
        torch.testing.assert_close(there, network.cpu()(signal), atol=1e-3, rtol=1e-3)
