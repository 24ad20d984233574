from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from gaugecnn.errors import UserError
from gaugecnn.ops.planar import PlanarStage, Window, pooling_window

WINDOWS = [Window(3), Window(3, 2), Window(4, 2, 1), Window(5, 3, 2), Window(2, 2)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("size", [7, 8, 9, 10])
def test_sizes_are_those_of_torch(window, size):
    x, w = torch.zeros(1, 1, size, size), torch.zeros(1, 1, window.kernel, window.kernel)
    y = F.conv2d(x, w, stride=window.stride, padding=window.padding)
    assert window.output_size(size) == y.shape[-1]
    z = F.conv_transpose2d(x, w, stride=window.stride, padding=window.padding)
    assert window.transposed_size(size) == z.shape[-1]
    unread = size - window.transposed_size(y.shape[-1])
    assert window.transposed_size(y.shape[-1], output_padding=unread) == size
    assert window.is_exact(size) == (unread == 0)


def test_nearest_exact_sizes_are_exact_and_nothing_lies_between():
    assert Window(2, 2).nearest_exact_sizes(27) == (26, 28)
    assert Window(2, 2).nearest_exact_sizes(28) == (28,)
    assert Window(3, 2).nearest_exact_sizes(4) == (3, 5)
    assert Window(3, 3, padding=1).nearest_exact_sizes(9) == (7, 10)
    assert Window(3, 4).nearest_exact_sizes(5) == (3, 7)


def test_a_plane_smaller_than_the_window_is_refused():
    with pytest.raises(UserError, match=r"at least 5 pixels for kernel 7.*padding 1, got 4"):
        Window(7, padding=1).output_size(4)
    with pytest.raises(UserError, match="plane with pixels"):
        Window(1, padding=2).transposed_size(2)


@pytest.mark.parametrize(("size_in", "size_out"), [(28, 14), (10, 8), (9, 4), (7, 7), (92, 44)])
def test_pooling_window_maps_the_sizes_and_is_exact(size_in, size_out):
    window = pooling_window(size_in, size_out)
    assert window.output_size(size_in) == size_out
    assert window.is_exact(size_in)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel": 0}, "kernel >= 1"),
        ({"stride": 0}, "stride >= 1"),
        ({"pool": 0}, "pool >= 1"),
        ({"padding": -1}, "padding >= 0"),
        ({"dropout": 1.0}, "dropout < 1"),
        ({"pool": 2, "up": True}, "either pools or goes up"),
    ],
)
def test_stage_options_are_checked(options, message):
    with pytest.raises(UserError, match=message):
        PlanarStage(channels=4, **options)
