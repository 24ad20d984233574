"""Entries that are quick to build and to run."""

from __future__ import annotations

SMALL = "cnn:domain.size=16"
LARGER = "cnn:domain.size=48"
S2CNN = (
    "s2cnn:domain.bandwidth=6+model.classification.stages="
    "[{channels: 2, bandwidth: 4, max_beta: 0.5, n_alpha: 4, n_beta: 1}]"
)
FOOTPRINT = {
    "setup_s": 3.0,
    "setup_warm_s": 1.0,
    "baseline_memory_mb": 400.0,
    "peak_memory_mb": 500.0,
    "train_peak_memory_mb": 600.0,
}
"""What the processes that measure memory might answer."""
