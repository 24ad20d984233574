"""Every method that is shipped, and two variants, against what every method must do."""

from __future__ import annotations

import pytest

from gaugecnn import build_model
from gaugecnn.testing import Conformance, measured, randomise


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


class TestCNN(Conformance):
    model = "cnn"
    symmetric = False


class TestCNNOnCubedSphere(Conformance):
    model = "cnn"
    overrides = ("domain.kind=cubed_sphere", "domain.size=8")


class TestGCN(Conformance):
    model = "gcn"
    overrides = ("domain.level=3",)
