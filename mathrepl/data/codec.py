"""Texts to index arrays and one-hot, and back, vectorised with numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mathrepl.data.encoding import END, Encoding

Indices = NDArray[np.int32]
Floats = NDArray[np.float32]


def encode_questions(encoding: Encoding, texts: Sequence[str]) -> Indices:
    """Indices (n, T); T is the encoding's question length, or more where a text needs it.

    Raises `ValueError` for a character outside the alphabet, and for a text that is no pass where
    the network reads those.
    """
    if encoding.skills:
        from mathrepl.data.columns import encode_passes

        return encode_passes(encoding, texts)
    longest = max((len(text) for text in texts), default=0) + 1
    return _encode(encoding, texts, max(encoding.question_length, longest))


def encode_answers(encoding: Encoding, texts: Sequence[str]) -> Indices:
    """Indices (n, answer length). Raises `ValueError` for a text that does not fit."""
    return _encode(encoding, texts, encoding.answer_length)


def decode(encoding: Encoding, indices: Indices) -> list[str]:
    """Texts of indices (n, length) up to their first end mark, in reading order."""
    codes = np.array([ord(c) for c in encoding.characters], dtype="<u4")[indices]
    rows = np.ascontiguousarray(codes).view(f"<U{codes.shape[1]}")[:, 0].tolist()
    texts = [str(row).split(END, 1)[0] for row in rows]
    return [text[::-1] for text in texts] if encoding.reverse else texts


def one_hot(encoding: Encoding, indices: Indices) -> Floats:
    """(n, length) indices to (n, length, alphabet) float32."""
    return np.eye(len(encoding.characters), dtype=np.float32)[indices]


def digits_in(encoding: Encoding) -> NDArray[np.bool_]:
    """A flag for each character of the alphabet, (V,): true for digits."""
    return np.array([character.isdigit() for character in encoding.characters])


def digit_positions(encoding: Encoding, indices: Indices) -> Indices:
    """The position of each digit within its number, (n, T), counted from 1 in writing order.

    Other characters have 0. With a reversed encoding the least significant digit has 1.
    """
    is_digit = digits_in(encoding)[indices]
    counted = np.cumsum(is_digit, axis=1, dtype=indices.dtype)
    before = np.maximum.accumulate(np.where(is_digit, 0, counted), axis=1)  # the number starts
    return counted - before


def _encode(encoding: Encoding, texts: Sequence[str], length: int) -> Indices:
    ordered = [text[::-1] for text in texts] if encoding.reverse else list(texts)
    if any(len(text) >= length or END in text for text in ordered):
        raise ValueError(f"a text does not fit {length - 1} characters and an end mark")
    # numpy pads fixed-width text with NUL, which is the end mark.
    points = np.array(ordered, dtype=f"<U{length}").view("<u4").reshape(len(ordered), length)
    # The last entry of the table stands for every character beyond the alphabet's.
    table = np.full(max(map(ord, encoding.characters)) + 2, -1, dtype=np.int32)
    table[[ord(character) for character in encoding.characters]] = range(len(encoding.characters))
    indices: Indices = table.take(points, mode="clip")
    if (indices < 0).any():
        row, column = np.argwhere(indices < 0)[0]
        raise ValueError(f"no character {ordered[row][column]!r} in the alphabet")
    return indices
