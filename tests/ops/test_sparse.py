from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse
import torch
from torch.utils.checkpoint import checkpoint

from gaugecnn.ops.sparse import SparseMap


@pytest.fixture
def matrix() -> scipy.sparse.csr_array:
    return scipy.sparse.random_array((7, 5), density=0.4, rng=np.random.default_rng(0)).tocsr()


def dense(matrix) -> torch.Tensor:
    return torch.from_numpy(matrix.toarray())


def test_values_and_gradients(matrix):
    layer = SparseMap(matrix).double()
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(layer(x), dense(matrix) @ x, atol=1e-14, rtol=0)
    weight = torch.randn(7, 3, dtype=torch.float64)
    (gradient,) = torch.autograd.grad((layer(x) * weight).sum(), x)
    torch.testing.assert_close(gradient, dense(matrix).T @ weight, atol=1e-14, rtol=0)
    assert torch.autograd.gradcheck(layer, x)


def test_entries_in_any_order(matrix):
    found = matrix.tocoo()
    order = np.random.default_rng(1).permutation(found.nnz)
    parts = (torch.from_numpy(x[order]) for x in (*map(np.int64, found.coords), found.data))
    layer = SparseMap.of_entries(*parts, matrix.shape)
    x = torch.randn(5, 2, dtype=torch.float64)
    torch.testing.assert_close(layer(x), dense(matrix) @ x)


def test_precision_is_never_lost(matrix):
    x = torch.randn(5, 2, dtype=torch.float64)
    exact = dense(matrix) @ x
    around = SparseMap(matrix).half().float().double()
    for layer in (SparseMap(matrix), SparseMap(matrix).double(), around, SparseMap(matrix).half()):
        for other in (layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            torch.testing.assert_close(other(x), exact, atol=1e-14, rtol=0)
            assert other(x.float()).dtype == torch.float32
            assert other(x.half()).dtype == torch.float32
    assert around.values.dtype == around.values_t.dtype == torch.float64
    assert not SparseMap(matrix).state_dict()


def test_entries_are_cast_once(matrix):
    layer = SparseMap(matrix)
    assert layer.values.dtype == torch.float32
    before = layer.values
    layer(torch.randn(5, 2))
    layer.float().cpu()
    assert layer.values.data_ptr() == before.data_ptr()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_compiles(matrix, dtype):
    layer = SparseMap(matrix).to(dtype)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    x = torch.randn(5, 2, dtype=dtype, requires_grad=True)
    torch.testing.assert_close(compiled(x), layer(x))
    compiled(x).sum().backward()
    assert x.grad.abs().max() > 0


def test_checkpoints(matrix):
    layer = SparseMap(matrix).double()
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    gradients = [
        torch.autograd.grad(f(x).square().sum(), x)[0]
        for f in (layer, lambda x: checkpoint(layer, x, use_reentrant=False))
    ]
    torch.testing.assert_close(*gradients)
