"""A report: one HTML file that holds all it shows and loads nothing from the network."""

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
from mathrepl.support.text import printable

REPORT_ENDINGS = (".html", ".htm")
MANY_CELLS = 400  # rows or columns from which a grid is shown pixel for pixel


def write_report(path: Path, title: str, sections: Sequence[Section]) -> Path:
    """Write `sections` under `title` as HTML to `path`; returns `path`.

    Raises as `check_path`, and `MathreplError` where the disk refuses.
    """
    check_path(path, REPORT_ENDINGS)
    return write(path, page(title, sections).encode())


def page(title: str, sections: Sequence[Section]) -> str:
    """The HTML of a report."""
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head>',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{_safe(title).strip() or 'Report'}</title>",
        f"<style>{STYLE}</style>",
        f"</head><body><main><h1>{_safe(title)}</h1>",
    ]
    if len(sections) > 1:
        lines.append('<nav aria-label="Contents"><ol>')
        for number, section in enumerate(sections, 1):
            lines.append(f'<li><a href="#section-{number}">{_safe(section.title)}</a></li>')
        lines.append("</ol></nav>")
    for number, section in enumerate(sections, 1):
        lines += [f'<section id="section-{number}">', *_section(section), "</section>"]
    return "\n".join([*lines, "</main></body></html>", ""])


def _safe(text: str) -> str:
    return escape(printable(text, keep="\n"))


def _section(section: Section) -> list[str]:
    lines = [f"<h2>{_safe(section.title)}</h2>"]
    paragraphs = [part.strip("\n") for part in section.text.split("\n\n")]
    lines += [f"<p>{_safe(part)}</p>" for part in paragraphs if part.strip()]
    if section.rows:
        rows = [
            f'<tr><th scope="row">{_safe(key)}</th><td>{_safe(value)}</td></tr>'
            for key, value in section.rows
        ]
        lines += ["<table><tbody>", *rows, "</tbody></table>"]
    return lines + (_figure(section.figure, section.title) if section.figure else [])


def _figure(figure: Figure, heading: str) -> list[str]:
    """Panels as a picture; title, facts and notes as text, which can be read out and copied."""
    picture = [_picture(figure)] if figure.panels else []
    title = figure.title if figure.title != heading else ""
    caption = [f"<strong>{_safe(title)}</strong>"] if title else []
    items = [f"<li>{_safe(fact)}</li>" for fact in figure.facts]
    items += [f'<li class="note">{_safe(note)}</li>' for note in figure.notes]
    if items:
        caption += ["<ul>", *items, "</ul>"]
    return ["<figure>", *picture, "<figcaption>", *caption, "</figcaption></figure>"]


def _picture(figure: Figure) -> str:
    from mathrepl.plots.drawing import picture

    png = picture(replace(figure, title="", facts=(), notes=()), "png")
    # A PNG's width and height, in pixels, are the first two numbers of its first chunk.
    width, height = struct.unpack(">II", png[16:24])
    full = any(isinstance(p, Heatmap) and max(p.cells.shape) > MANY_CELLS for p in figure.panels)
    shown = "exact" if full else "fluid"
    return (
        f'<div class="picture {shown}">'
        f'<img alt="{_safe(_alternative(figure))}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{b64encode(png).decode()}"></div>'
    )


def _alternative(figure: Figure) -> str:
    """The text for a reader who cannot see the picture: titles, and the number of answers."""
    titles = [
        f"{len(panel.items)} answers" if isinstance(panel, Answers) else panel.title
        for panel in figure.panels
    ]
    panels = "; ".join(title for title in titles if title)
    return f"{figure.title}: {panels}" if panels else figure.title
