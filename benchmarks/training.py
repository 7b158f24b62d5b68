"""Training against Keras's own `fit`, and against the seed recipe."""

from __future__ import annotations

from pathlib import Path

from measuring import Effort, Row, in_turn, printed_by

FOLDER = Path(__file__).parent


def epoch(effort: Effort) -> Row:
    """An epoch as the worker trains it, then plain `fit`, each in a process of its own."""

    def seconds(kind: str) -> float:
        return float(printed_by([str(FOLDER / "epoch.py"), kind]).split()[-1])

    ours, reference = in_turn(lambda: seconds("ours"), lambda: seconds("fit"), effort.repeats)
    return Row(
        "an epoch of the seed recipe", ours, "plain model.fit", reference, "s", goal="at most 0.5"
    )


def learning(effort: Effort) -> Row:
    """From nothing to 10 wrong of 20,000 unseen sums; the seed recipe has its 200 epochs."""
    arrived: set[bool] = set()

    def seconds(recipe: str) -> float:
        last = printed_by([str(FOLDER / "learning.py"), recipe]).splitlines()[-1].split()
        if recipe == "blog":
            arrived.add(last[0] == "arrived")
        return float(last[-2])

    ours, reference = in_turn(lambda: seconds("add"), lambda: seconds("blog"), effort.repeats)
    note = "" if arrived == {True} else "the seed recipe did not get there: its whole time counts"
    return Row(
        "10 wrong of 20,000 unseen sums, by the recipe add",
        ours,
        "by the seed recipe",
        reference,
        "s",
        wanted="at most 30 s",
        note=note,
    )
