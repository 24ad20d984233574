"""The order of measuring, by a clock that only jobs move."""

from __future__ import annotations

import pytest

from gaugecnn.bench import timing

TIMES = {"a": [1.0, 10.0, 2.0], "b": [3.0, 20.0, 6.0], "p": [0.5, 5.0, 1.0]}


class Clock:
    """A clock that only jobs move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log: list[str] = []

    def job(self, name: str, seconds: list[float]) -> timing.Job:
        """A job that takes the first duration on its first call, and so on; the last for ever."""

        def run() -> None:
            self.log.append(name)
            self.now += seconds.pop(0) if len(seconds) > 1 else seconds[0]

        return run


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timing, "clock", lambda: made.now)
    return made


def test_rounds_interleave_the_models(clock: Clock) -> None:
    jobs = {name: clock.job(name, [9.0, 2.0, *times, 7.0]) for name, times in TIMES.items()}
    rounds: list[int] = []
    found = timing.interleave(jobs, 3, lambda: None, rounds.append)
    assert "".join(clock.log) == "aabbpp" + "abp" * 3
    assert found == TIMES  # neither warm-up call is in it
    assert rounds == [1, 2, 3]


def test_ratios_are_taken_within_rounds() -> None:
    assert timing.median_ratio(TIMES["a"], TIMES["a"]) == 1
    assert timing.median_ratio(TIMES["b"], TIMES["a"]) == 3  # 3, 2, 3; of medians: 3
    assert timing.median_ratio([1.0, 20.0, 4.0], TIMES["a"]) == 2  # 1, 2, 2; of medians: 2
    assert timing.median_ratio([4.0, 10.0, 2.0], TIMES["a"]) == 1  # 4, 1, 1; of medians: 2
    assert timing.quartiles([4.0, 1.0, 3.0, 2.0, 5.0]) == (2, 3, 4)
    assert timing.quartiles([3.0]) == (3, 3, 3)


def test_quick_jobs_are_repeated_within_their_turn(clock: Clock) -> None:
    waits = []
    job = clock.job("q", [0.03])
    found = timing.interleave({"q": job}, 2, lambda: waits.append(clock.now), lambda _: None)
    assert len(clock.log) == 2 + 2 * 3  # three calls fit into the span
    assert found["q"] == pytest.approx([0.03, 0.03])
    assert len(waits) == 2 * 2 + 2 * 4  # once before, and after every call
