"""A report: one HTML file that holds all it shows, and asks no network for anything."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from mathrepl.analysis.figure import Figure, Heatmap, Section
from mathrepl.inference.answer import Answers
from mathrepl.plots.files import check_path
from mathrepl.plots.report_style import STYLE
from mathrepl.support.output_files import write
from mathrepl.support.safe_text import printable

ENDINGS = (".html", ".htm")
MANY_CELLS = 400  # rows or columns from which a grid is shown pixel for pixel


def check_report_path(path: Path) -> None:
    """Refuse early what `write_report` could not write. Raises what `check_path` does."""
    check_path(path, ENDINGS)


def write_report(path: Path, title: str, sections: Sequence[Section]) -> Path:
    """Write `sections` under `title` as HTML to `path`; gives `path` back.

    Raises what `check_path` does, and `MathreplError` where the disk refuses.
    """
    check_report_path(path)
    return write(path, page(title, sections).encode())


def page(title: str, sections: Sequence[Section]) -> str:
    """The HTML of a report."""
    body = [f"<h1>{_safe(title)}</h1>"]
    if len(sections) > 1:
        body.append(_contents(sections))
    body += [_section(number, section) for number, section in enumerate(sections, 1)]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{_safe(title).strip() or 'Report'}</title>",
            f"<style>\n{STYLE}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _safe(text: str, keep: str = "") -> str:
    return escape(printable(text, keep))


def _contents(sections: Sequence[Section]) -> str:
    links = [
        f'<li><a href="#section-{number}">{_safe(section.title)}</a></li>'
        for number, section in enumerate(sections, 1)
    ]
    return "\n".join(['<nav aria-label="Contents">', "<ol>", *links, "</ol>", "</nav>"])


def _section(number: int, section: Section) -> str:
    parts = [f'<section id="section-{number}">', f"<h2>{_safe(section.title)}</h2>"]
    paragraphs = [part.strip("\n") for part in section.text.split("\n\n")]
    parts += [f"<p>{_safe(part, keep=chr(10))}</p>" for part in paragraphs if part.strip()]
    if section.rows:
        parts.append(_table(section.rows))
    if section.figure is not None:
        parts.append(_figure(section.figure, section.title))
    return "\n".join([*parts, "</section>"])


def _table(rows: Sequence[tuple[str, str]]) -> str:
    lines = [
        f'<tr><th scope="row">{_safe(key)}</th><td>{_safe(value, keep=chr(10))}</td></tr>'
        for key, value in rows
    ]
    return "\n".join(["<table>", "<tbody>", *lines, "</tbody>", "</table>"])


def _figure(figure: Figure, heading: str) -> str:
    """Panels as a picture; title, facts and notes as text, which can be read out and copied."""
    said = [f"<li>{_safe(fact)}</li>" for fact in figure.facts]
    said += [f'<li class="note">{_safe(note)}</li>' for note in figure.notes]
    caption = []
    if figure.title and figure.title != heading:
        caption.append(f"<strong>{_safe(figure.title)}</strong>")
    if said:
        caption += ["<ul>", *said, "</ul>"]
    parts = ["<figure>"]
    if figure.panels:
        parts.append(_picture(figure))
    if caption:
        parts += ["<figcaption>", *caption, "</figcaption>"]
    return "\n".join([*parts, "</figure>"])


def _picture(figure: Figure) -> str:
    from mathrepl.plots.drawing import picture

    png = picture(replace(figure, title="", facts=(), notes=()), "png")
    # A PNG's width and height, in pixels, are the first two numbers of its first chunk.
    width, height = struct.unpack(">II", png[16:24])
    full = any(isinstance(p, Heatmap) and max(p.cells.shape) > MANY_CELLS for p in figure.panels)
    kind = "exact" if full else "fluid"
    return (
        f'<div class="picture {kind}"><img alt="{_safe(_alternative(figure))}" '
        f'width="{width}" height="{height}" src="data:image/png;base64,{b64encode(png).decode()}">'
        "</div>"
    )


def _alternative(figure: Figure) -> str:
    """What the picture shows, for who cannot see it."""
    titles = [
        f"{len(panel.items)} answers" if isinstance(panel, Answers) else panel.title
        for panel in figure.panels
    ]
    what = "; ".join(title for title in titles if title)
    return f"{figure.title}: {what}" if what else figure.title
