"""Numbers of networks that were never trained, for tests of what is made of numbers."""

from __future__ import annotations

from gaugecnn.studies.numbers import Number


def number(network: str, copies: str, seed: int, value: float, **more: str) -> Number:
    row = {"model": network, "seed": seed, "metric": "accuracy", "value": value, "parameters": 1200}
    labels = {"network": network, "copies": copies, "condition": "rotated", **more}
    return Number({**row, **more}, {**{k: str(v) for k, v in row.items()}, **labels})


NUMBERS = [
    number(network, copies, seed, value + seed + len(copies))
    for network, value in (("cnn", 50.0), ("p4 & more", 80.0))
    for copies in ("1", "10")
    for seed in (0, 1, 2)
]
