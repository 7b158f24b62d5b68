"""One training in this process, with the report of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mathrepl.store.store import Store
from mathrepl.training.events import EpochDone, Event, Finished, Started, Warned
from mathrepl.training.plan import Plan


@dataclass
class Ran:
    """The report of a training; epochs and the end are picked out of `events`."""

    plan: Plan
    events: list[Event] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.plan.user, self.plan.bundled)

    @property
    def epochs(self) -> list[EpochDone]:
        return [e for e in self.events if isinstance(e, EpochDone)]

    @property
    def warnings(self) -> list[str]:
        return [e.message for e in self.events if isinstance(e, Warned)]

    @property
    def started(self) -> Started:
        (event,) = (e for e in self.events if isinstance(e, Started))
        return event

    @property
    def finished(self) -> Finished:
        """The last event, which must be the only `Finished`."""
        (event,) = (e for e in self.events if isinstance(e, Finished))
        assert event is self.events[-1]
        return event


def train(
    what: Plan,
    *,
    stop_when: Callable[[Ran], bool] = lambda _: False,
    listen: Callable[[Event], None] = lambda _: None,
) -> Ran:
    from mathrepl.training.keras.run import run

    ran = Ran(what)

    def emit(event: Event) -> None:
        ran.events.append(event)
        listen(event)

    run(what, emit, lambda: stop_when(ran))
    return ran
