"""What could be typed next, told to other prompts."""

from __future__ import annotations

import pytest

from mathrepl.hosts.prompt.suggestions import suggestions
from tests.kit.lab import Lab


@pytest.mark.parametrize(
    ("text", "word", "offered"),
    [
        (":certi", "certi", ["certify"]),
        (":train 5 --task-s", "--task-s", ["--task-seed"]),
        (":set theme ", "", ["auto", "dark", "light"]),
        (":use ti", "ti", ["tiny"]),
        ("1 + 2", "", []),
        (":nothing x", "", []),
    ],
)
def test_the_word_to_be_replaced_and_what_could_stand_for_it(
    lab: Lab, text: str, word: str, offered: list[str]
):
    assert suggestions(lab.session, text) == (word, offered)
