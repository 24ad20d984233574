"""A task of one's own, registered in pyproject.toml beside this file: is the digit even or odd?

Run from the folder above::

    pip install ./examples                              # registers task=parity
    gaugecnn train model=gauge task=parity
"""

from torch import Tensor
from torch.nn.functional import multi_margin_loss

from gaugecnn.data.batch import Batch
from gaugecnn.data.description import Description
from gaugecnn.surfaces.domain import Domain
from gaugecnn.tasks.classification import Classification
from gaugecnn.tasks.losses import Loss


class Parity(Classification):
    """Even (0) or odd (1) for each digit: two scores, and a margin between them as the loss."""

    name = "parity"
    losses = (Loss.auto,)  # its own, and no other to choose

    def count(self, description: Description) -> int:
        description.outputs_of("classification")  # refuses data without labels
        return 2

    def target(self, batch: Batch) -> Tensor:
        return super().target(batch) % 2

    def loss(
        self, outputs: Tensor, target: Tensor, areas: Tensor, smoothing: float = 0.0
    ) -> Tensor:
        return multi_margin_loss(outputs, target)

    def in_words(self, outputs: Tensor, domain: Domain) -> list[str]:
        return ["odd" if odd else "even" for odd in outputs.argmax(dim=1).tolist()]
