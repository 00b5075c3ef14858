"""Timings beside their bare cost in the same run. A module here named `<subject>.py` has a `run() -> Iterator[Timing]`.

How to read them: only ratios travel between machines, and only from a machine with nothing else to do. Where others work on the
same cores, wall time says little: what waits (a commit, a hop between threads) is delayed more than what computes, so that a
ratio at one connection falls first. Compare processor time then, in turns, and say so.
"""
