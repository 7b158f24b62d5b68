"""Reports: whole, offline, escaped, and shown by a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mathrepl.analysis.figure import Bar, Bars, Figure, Heatmap, Lines, Section, Series
from mathrepl.plots.report import page, write_report
from mathrepl.support import libraries
from mathrepl.support.errors import MathreplError, UsageError

VOID = {"meta", "img"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FIGURE = Figure(
    "How it learnt",
    (Lines("exact", (Series("held-out", (1, 2), (0.5, 1.0)),)), Bars("digits", (Bar("3", 1.0),))),
    facts=("<b>fact</b>",),
    notes=("a note & more",),
)
MAP = Figure("Map", (Heatmap("wrong", np.eye(500), palette="verdict"),))


@dataclass
class Page(HTMLParser):
    """Tags with their attributes, and all text; a tag that is not closed in order is an error."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    doctype: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return "".join(self.said)


def read(html: str) -> Page:
    parsed = Page()
    parsed.feed(html)
    parsed.close()
    assert parsed.opened == []
    return parsed


def report(tmp_path: Path, *sections: Section, title: str = "A report") -> str:
    return write_report(tmp_path / "report.html", title, sections).read_text(encoding="utf-8")


def test_a_report_is_whole_html(tmp_path):
    html = report(tmp_path, Section("One", FIGURE, (("key", "value"),), "text"))
    parsed = read(html)
    assert parsed.doctype == "DOCTYPE html"
    assert parsed.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in parsed.all("meta")
    assert [tag for tag, _ in parsed.tags].count("title") == 1
    assert "A report" in parsed.text
    assert "prefers-color-scheme: dark" in html
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_a_report_asks_no_network(tmp_path):
    html = report(tmp_path, Section("One", FIGURE), Section("Two", MAP))
    parsed = read(html)
    outside = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", html)
    assert not re.search(r"https?:|url\(|@import|//", outside.replace("</", ""))
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in parsed.tags}
    assert all(i["src"].startswith("data:image/png;base64,") for i in parsed.all("img"))
    assert all(link["href"].startswith("#") for link in parsed.all("a"))


def test_the_contents_lead_to_each_section(tmp_path):
    parsed = read(report(tmp_path, Section("One"), Section("Two <2>")))
    targets = [link["href"][1:] for link in parsed.all("a")]
    assert targets == [section["id"] for section in parsed.all("section")]
    assert len(set(targets)) == 2
    assert parsed.text.count("Two <2>") == 2


@pytest.mark.parametrize("sections", [(), (Section("Only"),)])
def test_a_short_report_has_no_contents(tmp_path, sections):
    assert not read(report(tmp_path, *sections)).all("nav")


def test_what_people_wrote_is_escaped(tmp_path):
    evil = "<script>alert(1)</script>\"'&\x1b\ud800"
    figure = Figure(evil, (Bars(evil, (Bar(evil, 1.0),)),), facts=(evil,), notes=(evil,))
    html = report(tmp_path, Section(evil, figure, ((evil, evil),), evil), Section(evil), title=evil)
    parsed = read(html)
    assert not parsed.all("script")
    assert "\x1b" not in html
    # Title twice, contents twice, headings twice, key, value, text, fact and note.
    assert parsed.text.count("<script>alert(1)</script>\"'&��") == 11
    (image,) = parsed.all("img")
    assert image["alt"] == f"{evil[:-2]}��: {evil[:-2]}��"


def test_text_has_paragraphs_and_lines(tmp_path):
    html = report(tmp_path, Section("S", text="one\ntwo\n\n\n\nthree\n"))
    assert re.findall(r"<p>(.*?)</p>", html, re.S) == ["one\ntwo", "three"]


def test_rows_are_a_table_with_headed_rows(tmp_path):
    parsed = read(report(tmp_path, Section("S", rows=(("parameters", "1,234"), ("", "more")))))
    assert parsed.all("th") == [{"scope": "row"}] * 2
    assert len(parsed.all("td")) == 2
    assert "1,234" in parsed.text


def test_a_figure_has_its_size_its_words_and_an_alternative(tmp_path):
    parsed = read(report(tmp_path, Section("S", FIGURE)))
    (image,) = parsed.all("img")
    assert image["alt"] == "How it learnt: exact; digits"
    assert int(image["width"]) > int(image["height"]) > 500
    for words in ("How it learnt", "<b>fact</b>", "a note & more"):
        assert words in parsed.text


def test_a_map_is_shown_pixel_for_pixel_and_other_figures_fit_the_window(tmp_path):
    html = report(tmp_path, Section("S", FIGURE), Section("M", MAP))
    assert re.findall(r'class="picture (\w+)"', html) == ["fluid", "exact"]


def test_a_figure_without_panels_is_its_words(tmp_path):
    parsed = read(report(tmp_path, Section("S", Figure("Empty", (), facts=("a fact",)))))
    assert not parsed.all("img")
    assert "a fact" in parsed.text


def test_the_same_report_is_the_same_text():
    sections = (Section("S", FIGURE, (("a", "b"),)),)
    assert page("T", sections) == page("T", sections)


@pytest.mark.parametrize("name", ["report.HTM", "report.html"])
def test_html_endings_are_written(tmp_path, name):
    path = tmp_path / name
    assert write_report(path, "T", ()) == path
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("name", ["report", "report.png", "report.xhtml"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="report") as caught:
        write_report(tmp_path / name, "T", ())
    assert caught.value.hint == "end it in .html or .htm"


def test_bad_places_are_refused(tmp_path, monkeypatch):
    with pytest.raises(MathreplError, match="missing"):
        write_report(tmp_path / "missing" / "report.html", "T", ())
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(MathreplError, match="matplotlib"):
        write_report(tmp_path / "report.html", "T", ())


def test_a_browser_shows_it(tmp_path):
    """Every image is decoded, nothing is loaded from elsewhere, and no script of ours ran."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"no browser to look with: none of {', '.join(BROWSERS)} is installed")
    sections = [Section("Evil <script>document.title='ran'</script>", FIGURE), Section("M", MAP)]
    html = report(tmp_path, *sections)
    look = (
        "<script>addEventListener('load', () => {"
        "const said = [document.title, performance.getEntriesByType('resource')"
        ".filter(entry => !entry.name.startsWith('data:')).length,"
        "...[...document.images].map(i => `${i.naturalWidth}x${i.naturalHeight}`)];"
        "document.body.dataset.seen = said.join(' | '); });</script>"
    )
    looked_at = tmp_path / "looked_at.html"
    looked_at.write_text(html.replace("</body>", look + "</body>"), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [browser, *flags, profile, "--dump-dom", looked_at.as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    seen = re.search(r'data-seen="([^"]*)"', done.stdout.decode())
    assert seen, done.stderr.decode()[-2000:]
    sizes = [f"{i['width']}x{i['height']}" for i in read(html).all("img")]
    assert seen[1].split(" | ") == ["A report", "0", *sizes]
    assert len(sizes) == 2
