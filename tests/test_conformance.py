from __future__ import annotations

from tests.conformance import Conformance


class TestGauge(Conformance):
    model = "gauge"
    overrides = ("domain.level=3",)


class TestQuadraticGauge(Conformance):
    model = "gauge"
    overrides = (
        "domain.level=3",
        "model.nonlinearity=quadratic",
        # Shortcuts are not normalised: along them squares of squares overflow.
        "model.segmentation.residual=false",
        "model.segmentation.skip=false",
    )


class TestS2CNN(Conformance):
    model = "s2cnn"


class TestP4(Conformance):
    model = "p4"


class TestCNN(Conformance):
    model = "cnn"


class TestGCN(Conformance):
    model = "gcn"
    overrides = ("domain.level=3",)
