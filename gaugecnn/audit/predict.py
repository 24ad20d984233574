"""What is to be expected: of a layer what its family claims, of a whole the weakest of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gaugecnn.audit.layers import INVARIANT, Part
from gaugecnn.audit.symmetries import Kind
from gaugecnn.claims import Claim, Prediction, approximate, exact
from gaugecnn.layers import Integral, Layer, Projection, SignalType
from gaugecnn.networks import Network
from gaugecnn.surfaces.lat_lon import LatLonGrid
from gaugecnn.surfaces.symmetry import Symmetry

RANK = (Prediction.exact, Prediction.approximate, Prediction.none)


def worst(claims: Iterable[tuple[str, Claim]]) -> tuple[str, Claim]:
    """The weakest of the claims of named layers, the first of them."""
    return max(claims, key=lambda named: RANK.index(named[1].prediction))


def claims_of(
    network: Network, parts: Sequence[Part], kinds: Sequence[Kind]
) -> dict[tuple[str, str], Claim]:
    """What each layer claims under each kind of symmetry, the weakest of its members."""
    listed = network.exact_symmetries

    def one(part: Part, symmetry: Symmetry) -> Claim:
        if isinstance(part.module, Layer | Integral):
            return network.family.claim(part.module, symmetry, listed)
        return exact("the same function of what is at each point, or of invariants")

    return {
        (kind.name, part.name): worst(("", one(part, s)) for s in kind.members)[1]
        for kind in kinds
        for part in parts
    }


def together(claims: Sequence[tuple[str, Claim]]) -> Claim:
    """The claim of layers one after the other: that of the weakest, and which it is."""
    name, claim = worst(claims)
    if claim.prediction is Prediction.exact:
        return exact("every layer is")
    return Claim(claim.prediction, f"{name}: {claim.reason}" if name else claim.reason)


def gathered(claims: Sequence[tuple[str, Claim]], reading: Claim) -> Claim:
    """The claim of layers one after the other, told at the last of them.

    Args:
        claims: of each.
        reading: of the invariants that are compared.
    """
    name, weakest = worst([*claims, ("", reading)])
    _, own = claims[-1]
    if own.prediction is weakest.prediction:
        return own
    return Claim(weakest.prediction, f"after {name}" if name else reading.reason)


def reading_of(network: Network, part: Part, kind: Kind) -> Claim:
    """How well the invariants of a feature are ones, being means over points."""
    if part.gives is INVARIANT or kind.source is None:
        return exact("invariants")
    symmetry = kind.members[0]
    if isinstance(part.gives, SignalType):
        limited = isinstance(part.module, Projection) and isinstance(network.domain, LatLonGrid)
        return exact("a quadrature") if limited else approximate("means over points are compared")
    try:
        integral = network.family.integrate(part.gives)
    except TypeError:
        return exact("nothing is compared")
    return network.family.claim(integral, symmetry, network.exact_symmetries)
