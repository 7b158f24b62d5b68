"""A model card in words."""

from __future__ import annotations

from mathrepl.data.encoding import END
from mathrepl.store.card import Card, Certificate


def card_rows(card: Card) -> list[tuple[str, str]]:
    """Keys and values of a card, in the order in which a person reads it."""
    encoding = card.encoding
    alphabet = encoding.characters.replace(END, "■").replace(" ", "␣")
    size = f"question {encoding.question_length}, answer {encoding.answer_length}"
    rows = [
        ("network", card.architecture.describe()),
        ("parameters", f"{card.parameters:,}"),
        ("task", card.task.describe()),
        (
            "encoding",
            f"{len(encoding.characters)} characters {alphabet}, {size}"
            + (", reversed" if encoding.reverse else ""),
        ),
    ]
    if card.held_out:
        asked = f"epoch {card.best_epoch} of {card.history[-1].number if card.history else 0}"
        if card.history and card.history[-1].part:
            asked = "parts that the doer was not trained on"
        rows.append(
            (
                "held-out",
                f"{card.held_out.exact:.2%} exact, {card.held_out.accuracy:.2%} of characters, "
                f"loss {card.held_out.loss:.4f} ({asked})",
            )
        )
    rows += [("certified", certificate_line(certificate)) for certificate in card.certificates]
    if card.certificates:
        rows.append(("", f"reproduce: {card.certificates[0].command}"))
    for training in card.trainings:
        outcome = (
            f"{training.started}: {training.outcome}, {training.examples:,} equations, "
            f"batch {training.batch}, lr {training.learning_rate:g}, seed {training.seed}"
        )
        rows += [("trained", outcome), ("", f"reproduce: {training.command}")]
    if card.trainings:
        versions = card.trainings[-1].versions
        rows.append(("versions", ", ".join(f"{k} {v}" for k, v in versions.items())))
    return rows


def certificate_line(certificate: Certificate) -> str:
    """The space of a certificate, and its mistakes: how many, and of which classes."""
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
