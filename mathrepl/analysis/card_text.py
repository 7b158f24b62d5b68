"""A model card in words."""

from __future__ import annotations

from mathrepl.data.encoding import END
from mathrepl.store.card import Card, Certificate


def card_rows(card: Card) -> list[tuple[str, str]]:
    """Keys and values of a card, in the order in which a person reads it."""
    encoding = card.encoding
    alphabet = encoding.characters.replace(END, "■").replace(" ", "␣")
    rows = [
        ("network", card.architecture.describe()),
        ("parameters", f"{card.parameters:,}"),
        ("task", card.task.describe()),
        (
            "encoding",
            f"{len(encoding.characters)} characters {alphabet}, "
            f"question {encoding.question_length}, answer {encoding.answer_length}"
            + (", reversed" if encoding.reverse else ""),
        ),
    ]
    which = f"(epoch {card.best_epoch} of {_last_epoch(card)})"
    if card.history and card.history[-1].part:
        which = "(parts that the doer was never taught)"
    if card.held_out:
        rows.append(
            (
                "held-out",
                f"{card.held_out.exact:.2%} exact, {card.held_out.accuracy:.2%} of characters, "
                f"loss {card.held_out.loss:.4f} {which}",
            )
        )
    for certificate in card.certificates:
        rows.append(("certified", certificate_line(certificate)))
    if card.certificates:
        rows.append(("", f"reproduce: {card.certificates[0].command}"))
    for training in card.trainings:
        rows.append(
            (
                "trained",
                f"{training.started}: {training.outcome}, {training.examples:,} equations, "
                f"batch {training.batch}, lr {training.learning_rate:g}, seed {training.seed}",
            )
        )
        rows.append(("", f"reproduce: {training.command}"))
    if card.trainings:
        versions = card.trainings[-1].versions
        rows.append(("versions", ", ".join(f"{k} {v}" for k, v in versions.items())))
    return rows


def _last_epoch(card: Card) -> int:
    return card.history[-1].number if card.history else 0


def certificate_line(certificate: Certificate) -> str:
    """What was asked, how much of it was wrong, and where."""
    how = "unseen" if certificate.sampled else "all asked"
    text = (
        f"{certificate.space}: {certificate.wrong:,} wrong of {certificate.total:,} "
        f"({certificate.exact:.4%} exact, {how})"
    )
    if certificate.wrong:
        text += (
            f"; {certificate.wrong_operand_below_100:,} with an operand below 100, "
            f"{certificate.wrong_one_digit:,} wrong in one digit only"
        )
    return text
