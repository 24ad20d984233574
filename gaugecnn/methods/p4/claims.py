"""What p4 layers claim: quarter turns, where no window leaves pixels unread."""

from __future__ import annotations

from gaugecnn.claims import Claim, approximate, exact, not_claimed
from gaugecnn.layers import Integral, Layer
from gaugecnn.methods.p4.layers import P4Convolution, P4Projection, P4Shortcut
from gaugecnn.ops.planar import Window
from gaugecnn.surfaces.symmetry import AnyRotation, Reflection, Symmetry


def claim(layer: Layer | Integral, symmetry: Symmetry) -> Claim | None:
    """What is known of a layer under a symmetry; None where the family's list says it all."""
    if isinstance(layer, P4Projection):
        return claim(layer.convolution, symmetry)
    mixes = isinstance(layer, P4Convolution | P4Shortcut)
    if isinstance(symmetry, AnyRotation):
        return not_claimed("filters turn by quarters alone" if mixes else "planes turn by quarters")
    if isinstance(symmetry, Reflection):
        if mixes:
            return not_claimed("filters turn but are not reflected: model.group=p4m")
        return exact("reads one pixel, or all of them alike")
    if not mixes:
        return exact("reads all pixels and all turns alike")
    unread = _unread(layer) if isinstance(layer, P4Convolution) else None
    return exact("filters in all four turns") if unread is None else approximate(unread)


def _unread(layer: P4Convolution) -> str | None:
    """What its pool or its convolution leaves unread, and what would help."""
    rows = layer.type_in.shape[-1]
    if layer.enlarge > 1:
        rows *= layer.enlarge
    elif layer.pool > 1:
        window = Window(layer.pool, layer.pool)
        if not window.is_exact(rows):
            return _dropped(f"max_pool {layer.pool}x{layer.pool}", window, rows)
        rows = window.output_size(rows)
    conv = layer.conv
    window = Window(conv.kernel_size, conv.stride, conv.padding)
    if window.is_exact(rows):
        return None
    name = f"convolution {window.kernel}x{window.kernel} in steps of {window.stride}"
    return _dropped(name, window, rows)


def _dropped(name: str, window: Window, rows: int) -> str:
    room = rows + 2 * window.padding - window.kernel
    lost = room % window.stride
    which = "the last row" if lost == 1 else f"the last {lost} rows"
    use = window.nearest_exact_sizes(rows)[-1]
    return f"{name} on {rows} rows drops {which}: use {use}, or pad"
