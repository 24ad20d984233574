"""What a network promises whatever its method: shapes, independence, state, precisions, devices."""

from __future__ import annotations

import io

import pytest
import torch
from omegaconf import DictConfig

from gaugecnn import build_model
from gaugecnn.networks import Network
from gaugecnn.testing.case import Case
from gaugecnn.testing.symmetry_checks import patches, rounding


class InterfaceTests(Case):
    """Of the two networks of pictures."""

    def test_shapes(self, config: DictConfig, network: Network) -> None:
        logits = network(patches(network, torch.float32, 3))
        expected = (10,) if config.task == "classification" else (11, *network.domain.shape)
        assert logits.shape == (3, *expected)

    def test_wrong_signal_is_refused(self, network: Network) -> None:
        channels, *points = network.family.input_type.shape
        for shape in ((2, channels + 1, *points), (2, channels, *points[:-1], points[-1] + 1)):
            with pytest.raises(ValueError, match="expected a signal of shape"):
                network(torch.zeros(shape))

    def test_images_do_not_see_each_other(self, network: Network) -> None:
        signal = patches(network, torch.float32, 3)
        alone, together = network(signal[:1]), network(signal)[:1]
        assert rounding(alone, together) < 1e-5

    def test_state_dict_round_trip(self, config: DictConfig, network: Network) -> None:
        evaluated, trained = set(network.state_dict()), set(network.train().state_dict())
        assert evaluated == trained
        file = io.BytesIO()
        torch.save(network.state_dict(), file)
        file.seek(0)
        other, signal = build_model(config).eval(), patches(network, torch.float32)
        assert not torch.equal(other(signal), network.eval()(signal))
        other.load_state_dict(torch.load(file, weights_only=True))
        assert rounding(other(signal), network(signal)) < 1e-5

    def test_state_holds_no_geometry(self, network: Network) -> None:
        parameters = dict(network.named_parameters())
        assert parameters
        for name in network.state_dict():
            running = "running" in name or name.endswith("num_batches_tracked")
            assert name in parameters or running, name

    def test_what_is_kept_is_what_is_computed(self, network: Network) -> None:
        """What a layer keeps while nothing is learned follows its parameters."""
        network, signal = network.double(), patches(network, torch.float64)
        with torch.no_grad():
            before = network(signal)
            assert rounding(network(signal), before) < 1e-5
            for parameter in network.parameters():
                parameter.mul_(1.25)
            after = network(signal)
        assert rounding(after, network(signal).detach()) < 1e-5  # gradients: nothing is kept
        assert (after - before).abs().max() > 1e-3 * before.abs().max()

    def test_training_differs_by_statistics_and_dropout_alone(self, network: Network) -> None:
        network, signal = network.double(), patches(network, torch.float64)
        evaluated = network(signal)
        for module in network.train().modules():
            statistics = set(module._buffers) - module._non_persistent_buffers_set
            if statistics or isinstance(module, torch.nn.modules.dropout._DropoutNd):
                module.eval()
        assert rounding(network(signal), evaluated) < 1e-5

    def test_compiles(self, network: Network) -> None:
        compiled = torch.compile(network, backend="aot_eager")
        signal = patches(network, torch.float32)
        torch.testing.assert_close(compiled(signal), network(signal), atol=1e-4, rtol=1e-4)

    def test_autocast(self, network: Network) -> None:
        signal = patches(network, torch.float32)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = network(signal)
        assert torch.isfinite(low).all()
        full = network(signal)
        assert (low - full).abs().max() < 0.2 * full.std() + 0.2 * full.abs().max()

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
    def test_gpu_agrees(self, network: Network) -> None:
        signal = patches(network, torch.float32)
        there = network.cuda()(signal.cuda()).cpu()
        torch.testing.assert_close(there, network.cpu()(signal), atol=1e-3, rtol=1e-3)
