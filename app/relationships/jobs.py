"""Where a job stands: a fold over its steps. Pure; the day, and how much was known by then, are handed in.

Steps are folded in the order in which they were written down: later knowledge wins over earlier, as with promises.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from vault.records import Alternative, Closed, Fired, Gone, Hired, Job, JobStep, Looked, Reviewed, Weighed

MOST_STEPS = 500
"""As many as the record takes."""


@dataclass(frozen=True)
class Standing:
    """A job at a moment. `hired` and `reviews` by vendor, `alternatives` by their ids; `looked` when these are all that there are."""

    weighed: Weighed | None = None
    hired: Mapping[str, Hired] = field(default_factory=dict)
    reviews: Mapping[str, Reviewed] = field(default_factory=dict)
    alternatives: Mapping[str, Alternative] = field(default_factory=dict)
    looked: Looked | None = None
    closed: Closed | None = None


@dataclass
class _Folding:
    weighed: Weighed | None = None
    hired: dict[str, Hired] = field(default_factory=dict)
    reviews: dict[str, Reviewed] = field(default_factory=dict)
    alternatives: dict[str, Alternative] = field(default_factory=dict)
    looked: Looked | None = None
    closed: Closed | None = None

    def take(self, step: JobStep) -> None:
        match step:
            case Weighed():
                self.weighed = step
            case Hired():
                self.hired[step.vendor_id] = step
            case Fired():
                self.hired.pop(step.vendor_id, None)
            case Reviewed():
                self.reviews[step.vendor_id] = step
            case Alternative():
                self.alternatives[step.alternative_id] = step
            case Gone():
                self.alternatives.pop(step.alternative_id, None)
            case Looked():
                self.looked = step
            case Closed():
                self.closed = step


def standing(job: Job, *, at: datetime, known_at: datetime | None = None) -> Standing:
    """The job as it stood at `at`, by what had been written down at `known_at` (the same moment, when it is not said)."""
    folding = _Folding()
    for step in sorted(known(job, at=at, known_at=known_at or at), key=_written):
        folding.take(step)
    return Standing(
        weighed=folding.weighed,
        hired=folding.hired,
        reviews=folding.reviews,
        alternatives=folding.alternatives,
        looked=folding.looked,
        closed=folding.closed,
    )


def known(job: Job, *, at: datetime, known_at: datetime) -> Iterator[JobStep]:
    """The steps that had happened at `at` and were written down at `known_at`."""
    return (step for step in job.steps if step.happened_at <= at and step.recorded_at <= known_at)


def vendors(job: Job) -> frozenset[str]:
    """Whoever was ever hired for it."""
    return frozenset(step.vendor_id for step in job.steps if isinstance(step, Hired))


def with_step(job: Job, step: JobStep) -> Job:
    """The job with one more step."""
    return job.model_copy(update={"steps": (*job.steps, step)})


def bound_until(hired: Hired) -> date | None:
    """The day until which the owner is held, if there is one."""
    return hired.bound_until if hired.bound == "until" else None


def _written(step: JobStep) -> tuple[datetime, datetime, str]:
    # The text decides between steps of one instant, so that the order in which they are handed in never does.
    return step.recorded_at, step.happened_at, step.model_dump_json()
