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
from mathrepl.support.safe_text import printable

ENDINGS = (".html", ".htm")
MANY_CELLS = 400  # rows or columns from which a grid is shown pixel for pixel


def check_report_path(path: Path) -> None:
    """Refuse early a file that `write_report` could not write. Raises as `check_path`."""
    check_path(path, ENDINGS)


def write_report(path: Path, title: str, sections: Sequence[Section]) -> Path:
    """Write `sections` under `title` as HTML to `path`; returns `path`.

    Raises as `check_path`, and `MathreplError` where the disk refuses.
    """
    check_report_path(path)
    return write(path, page(title, sections).encode())


def page(title: str, sections: Sequence[Section]) -> str:
    """The HTML of a report."""
    parts = [_element("h1", _safe(title))]
    if len(sections) > 1:
        links = [
            _element("li", _element("a", _safe(section.title), href=f"#section-{number}"))
            for number, section in enumerate(sections, 1)
        ]
        parts.append(_element("nav", _element("ol", *links), aria_label="Contents"))
    parts += [_section(number, section) for number, section in enumerate(sections, 1)]
    head = _element(
        "head",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        _element("title", _safe(title).strip() or "Report"),
        _element("style", STYLE),
    )
    body = _element("body", _element("main", *parts))
    return f"<!DOCTYPE html>\n{_element('html', head, body, lang='en')}\n"


def _element(tag: str, *inner: str, **attributes: str) -> str:
    """An element around safe HTML; attributes are named as Python does: `class_`, `aria_label`."""
    named = [f' {name.strip("_").replace("_", "-")}="{text}"' for name, text in attributes.items()]
    content = "\n".join(inner)
    return f"<{tag}{''.join(named)}>{content}</{tag}>"


def _safe(text: str, keep: str = "") -> str:
    return escape(printable(text, keep))


def _section(number: int, section: Section) -> str:
    parts = [_element("h2", _safe(section.title))]
    paragraphs = [part.strip("\n") for part in section.text.split("\n\n")]
    parts += [_element("p", _safe(part, keep="\n")) for part in paragraphs if part.strip()]
    if section.rows:
        rows = [
            _element(
                "tr", _element("th", _safe(key), scope="row"), _element("td", _safe(value, "\n"))
            )
            for key, value in section.rows
        ]
        parts.append(_element("table", _element("tbody", *rows)))
    if section.figure is not None:
        parts.append(_figure(section.figure, section.title))
    return _element("section", *parts, id=f"section-{number}")


def _figure(figure: Figure, heading: str) -> str:
    """Panels as a picture; title, facts and notes as text, which can be read out and copied."""
    parts = [_picture(figure)] if figure.panels else []
    caption = []
    if figure.title and figure.title != heading:
        caption.append(_element("strong", _safe(figure.title)))
    items = [_element("li", _safe(fact)) for fact in figure.facts]
    items += [_element("li", _safe(note), class_="note") for note in figure.notes]
    if items:
        caption.append(_element("ul", *items))
    if caption:
        parts.append(_element("figcaption", *caption))
    return _element("figure", *parts)


def _picture(figure: Figure) -> str:
    from mathrepl.plots.drawing import picture

    png = picture(replace(figure, title="", facts=(), notes=()), "png")
    # A PNG's width and height, in pixels, are the first two numbers of its first chunk.
    width, height = struct.unpack(">II", png[16:24])
    full = any(isinstance(p, Heatmap) and max(p.cells.shape) > MANY_CELLS for p in figure.panels)
    image = (
        f'<img alt="{_safe(_alternative(figure))}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{b64encode(png).decode()}">'
    )
    return _element("div", image, class_="picture exact" if full else "picture fluid")


def _alternative(figure: Figure) -> str:
    """The text for a reader who cannot see the picture: titles, and the number of answers."""
    titles = [
        f"{len(panel.items)} answers" if isinstance(panel, Answers) else panel.title
        for panel in figure.panels
    ]
    panels = "; ".join(title for title in titles if title)
    return f"{figure.title}: {panels}" if panels else figure.title
