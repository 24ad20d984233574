"""Networks side by side: latency, throughput, training step, setup, memory.

    from gaugecnn.bench import benchmark
    rows = benchmark(["cnn_218k", "s2cnn_204k", "s2cnn_204k:model.max_order=4"], batch=1)

Machines are noisy, so what is compared is measured together: every round times each network once
and then a matrix product, and a ratio is the median of the ratios of the rounds.
"""

from __future__ import annotations

from gaugecnn.bench.run import benchmark, measure

__all__ = ["benchmark", "measure"]
