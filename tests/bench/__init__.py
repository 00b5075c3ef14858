"""Timings beside their bare cost in the same run. A module here named `<subject>.py` has a `run() -> Iterator[Timing]`."""
