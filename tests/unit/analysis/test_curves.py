from __future__ import annotations

import json
import math
from dataclasses import replace

from mathrepl.analysis.curves import curve
from mathrepl.analysis.figure import Lines, Series
from mathrepl.store.card import Card, Epoch, Metrics, Proved
from tests.kit.weights import tiny_card


def epoch(number: int, exact: float, *, part: str = "", loss: float = 0.5) -> Epoch:
    training = Metrics(loss / 2, 0.9, exact / 2)
    return Epoch(number, number + 0.5, training, Metrics(loss, 0.8, exact), part)


def card(name: str, *epochs: Epoch, best: int = 0) -> Card:
    return replace(tiny_card(name), history=epochs, best_epoch=best)


def panels(*cards: Card) -> dict[str, dict[str, Series]]:
    figure = curve(cards)
    assert all(isinstance(panel, Lines) for panel in figure.panels)
    return {panel.title: {one.name: one for one in panel.series} for panel in figure.panels}


def test_each_number_is_a_plot_with_a_series_a_side():
    found = panels(card("add", epoch(1, 0.25, loss=2), epoch(2, 0.75, loss=1)))
    assert list(found) == ["loss", "characters right", "answers right in full"]
    assert found["loss"] == {
        "add held-out": Series("add held-out", (1, 2), (2, 1)),
        "add training": Series("add training", (1, 2), (1, 0.5)),
    }
    assert found["characters right"]["add training"].y == (0.9, 0.9)
    assert found["answers right in full"]["add held-out"].y == (0.25, 0.75)
    assert found["answers right in full"]["add training"].y == (0.125, 0.375)


def test_only_the_loss_is_drawn_logarithmically():
    figure = curve([card("add", epoch(1, 0.25))])
    assert [panel.log for panel in figure.panels] == [True, False, False]
    assert [panel.high for panel in figure.panels] == [None, 1, 1]


def test_several_networks_stand_on_one_plot():
    found = panels(card("add", epoch(1, 0.5)), card("blog", epoch(1, 0.25), epoch(2, 0.5)))
    for series in found.values():
        assert list(series) == ["add held-out", "add training", "blog held-out", "blog training"]
    assert found["loss"]["blog training"].x == (1, 2)


def test_parts_are_counted_from_one_each():
    work = card(
        "work",
        epoch(1, 0.1, part="doer"),
        epoch(2, 0.3, part="doer"),
        epoch(3, 0.2, part="doer"),
        epoch(4, 0.7, part="reader"),
        epoch(5, 0.9, part="reader"),
        best=4,
    )
    found = panels(work)["answers right in full"]
    assert list(found) == [
        "work doer held-out",
        "work doer training",
        "work reader held-out",
        "work reader training",
    ]
    assert found["work doer held-out"] == Series("work doer held-out", (1, 2, 3), (0.1, 0.3, 0.2))
    assert found["work reader held-out"].x == (1, 2)
    figure = curve([work])
    assert figure.facts == (
        "work doer: best epoch 2 of 3, 30.00% of the held-out right in full, 2.5 s an epoch",
        "work reader: best epoch 1 of 2, 70.00% of the held-out right in full, 5 s an epoch",
    )
    (record,) = figure.data["networks"]
    assert [(one["part"], one["best_epoch"]) for one in record["parts"]] == [
        ("doer", 2),
        ("reader", 1),
    ]
    assert [(one["part"], one["epoch"], one["number"]) for one in record["epochs"]] == [
        ("doer", 1, 1),
        ("doer", 2, 2),
        ("doer", 3, 3),
        ("reader", 1, 4),
        ("reader", 2, 5),
    ]


def test_the_best_epoch_is_that_of_the_weights():
    kept = card("add", epoch(1, 0.9), epoch(2, 0.5), epoch(3, 0.9), best=2)
    assert curve([kept]).facts[0].startswith("add: best epoch 2 of 3, 50.00% of")
    unknown = card("add", epoch(1, 0.9), epoch(2, 0.5), epoch(3, 0.9, loss=0.25))
    assert curve([unknown]).facts[0].startswith("add: best epoch 3 of 3, 90.00% of")


def test_all_numbers_are_in_the_record():
    (record,) = curve([card("add", epoch(1, 0.25), best=1)]).data["networks"]
    assert record == {
        "weights": "add",
        "parts": [
            {"part": "", "best_epoch": 1, "best_held_out_exact": 0.25, "seconds_per_epoch": 1.5}
        ],
        "epochs": [
            {
                "part": "",
                "epoch": 1,
                "number": 1,
                "seconds": 1.5,
                "training": {"loss": 0.25, "accuracy": 0.9, "exact": 0.125},
                "held_out": {"loss": 0.5, "accuracy": 0.8, "exact": 0.25},
            }
        ],
    }


def test_a_network_without_history_gets_a_note():
    figure = curve([card("new"), card("add", epoch(1, 0.5))])
    assert figure.notes == ("new has no training history",)
    assert len(figure.facts) == 1
    assert len(figure.panels) == 3
    alone = curve([card("new")])
    assert (alone.panels, alone.facts) == ((), ())
    assert alone.data == {"networks": [{"weights": "new", "parts": [], "epochs": []}]}


def test_a_loss_that_is_no_number_is_none_in_the_record():
    epochs = [epoch(1, 0.1, loss=math.nan), epoch(2, 0.2, loss=0), epoch(3, 0.3, loss=1)]
    figure = curve([card("add", *epochs)])
    found = panels(card("add", *epochs))
    assert found["loss"]["add held-out"].y[1:] == (0, 1)
    assert found["answers right in full"]["add held-out"].x == (1, 2, 3)
    text = json.dumps(figure.record(), allow_nan=False)
    assert json.loads(text)["networks"][0]["epochs"][0]["held_out"]["loss"] is None


def test_proofs_are_a_plot_of_the_networks_that_have_them():
    closing = [
        replace(epoch(number, 1.0, part="doer"), proof=Proved(wrong, 200, 3))
        for number, wrong in ((1, 50), (2, 0))
    ]
    figure = curve([card("work", *closing, best=2), card("add", epoch(1, 0.5))])
    assert [panel.title for panel in figure.panels][-1] == "transitions right, of the proof"
    assert figure.panels[-1].series == (Series("work doer", (1, 2), (0.75, 1.0)),)
    assert figure.facts[0].endswith("200 of 200 transitions right")
    assert "transitions" not in figure.facts[1]
    epochs = figure.record()["networks"][0]["epochs"]
    assert epochs[0]["proof"] == {"wrong": 50, "transitions": 200, "symbols": 3}
