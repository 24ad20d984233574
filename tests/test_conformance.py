"""Every method that is shipped, and two variants, against what every method must do."""

from __future__ import annotations

import pytest
import torch

from gaugecnn import build_model
from gaugecnn.testing import Conformance, measured, randomise


@pytest.fixture(autouse=True)
def _compiles_afresh():
    """Sizes of an earlier network would be taken for such as vary, which is slow to compile."""
    torch.compiler.reset()


class TestGauge(Conformance):
    model = "gauge"
    overrides = ("domain.level=3",)

    @pytest.fixture
    def network(self, config):
        return measured(randomise(build_model(config)))


class TestGatedGauge(Conformance):
    model = "gauge"
    overrides = ("domain.level=3", "model.nonlinearity=norm_gate")


class TestS2CNN(Conformance):
    model = "s2cnn"

    @pytest.mark.slow
    def test_compiles(self, network):
        super().test_compiles(network)


class TestP4(Conformance):
    model = "p4"


class TestP4OnCubedSphere(Conformance):
    model = "p4"
    overrides = ("domain.kind=cubed_sphere", "domain.size=8")


class TestP4M(Conformance):
    model = "p4"
    overrides = ("domain.chart=plane", "domain.size=32", "model.group=p4m")

    @pytest.fixture
    def network(self, config):
        return measured(randomise(build_model(config)))


class TestP4Subsampled(Conformance):
    model = "p4"
    overrides = ("domain.chart=plane", "domain.size=36", "model.subsampling=equivariant")


class TestP4MSubsampled(Conformance):
    model = "p4"
    overrides = (
        "domain.size=24",
        "model.group=p4m",
        "model.subsampling=equivariant",
        "model.classification.residual=true",
        "model.segmentation.residual=true",
    )


class TestCNN(Conformance):
    model = "cnn"
    symmetric = False


class TestCNNOnCubedSphere(Conformance):
    model = "cnn"
    overrides = ("domain.kind=cubed_sphere", "domain.size=8")
    symmetric = False


class TestGCN(Conformance):
    model = "gcn"
    overrides = ("domain.level=3",)
