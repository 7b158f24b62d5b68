"""The documentation: its examples run and say what they show, and it can be built.

Blocks of `python`, `ipython` and `console`, and sessions of `math>`, are run page by page, in
order, in a home of their own. A block after `<!-- long: why -->` is only read: its lines must be
understood. What a block shows is compared; a line `...` stands for any lines. A Python
expression may show its value as a comment behind it.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

import mathrepl
import mathrepl.hosts.api
from mathrepl.arithmetic.parser import parse, split_line
from mathrepl.commands.dispatch import perform, run_line
from mathrepl.commands.parse import bind, parse_command
from mathrepl.commands.spec import CommandLine, Context, Word
from mathrepl.commands.table import command_table
from mathrepl.hosts.cli import run
from mathrepl.hosts.stream import StreamPerson
from mathrepl.render.renderer import Renderer
from mathrepl.render.theme import styles
from mathrepl.session.session import Session
from mathrepl.store.store import Store
from mathrepl.support.settings import Settings
from tests.kit.lab import isolate
from tests.kit.paths import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))
README = "../README.md"
PROMPT = "math> "
NOT_OURS = {"cd", "cp", "export", "git", "jupyter", "mkdocs", "pip", "python"}  # read, never run
NEEDS = {
    "how-to/export.md": ("onnx", "onnxruntime"),
    "how-to/look-inside.md": ("matplotlib",),
    README: ("matplotlib",),
}
_BLOCK = re.compile(
    r"(?:^<!-- (?P<long>long): [^\n]+ -->\n+)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)
_CONTROL = re.compile(r"\x1b\[\??[0-9;]*[a-zA-Z]")  # a cursor that is hidden and shown again
_SECONDS = re.compile(r"\b[0-9.]+ s\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; a long one is only read."""

    kind: str
    text: str
    long: bool


def blocks_of(page: str) -> list[Block]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [
        Block(found["kind"], found["text"], found["long"] is not None)
        for found in _BLOCK.finditer(text)
    ]


def entries(block: Block, prompt: str) -> list[tuple[str, list[str]]]:
    """The lines typed after a prompt, each with the lines shown after it.

    Three spaces end a typed line; a note for the reader may follow them.
    """
    found: list[tuple[str, list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith(prompt):
            found.append((line.removeprefix(prompt).partition("   ")[0], []))
        elif found:
            found[-1][1].append(line)
    return found


def check_shown(typed: str, shown: list[str], written: str) -> None:
    """A page shows for a line the output that was written, seconds aside."""
    if not any(line.strip() for line in shown):
        return
    wanted = [_SECONDS.sub("# s", line.rstrip()) for line in shown]
    got = [_SECONDS.sub("# s", line.rstrip()) for line in written.strip("\n").splitlines()]
    while wanted and not wanted[-1]:
        wanted.pop()
    while got and not got[-1]:
        got.pop()
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "..." else re.escape(line) + "\n" for line in wanted
    )
    assert re.fullmatch(pattern, "".join(f"{line}\n" for line in got)), (
        f"{typed} wrote\n{written}\nand the page shows\n" + "\n".join(shown)
    )


class Page:
    """Runs the blocks of one page, which go on from each other."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder = folder
        self._capsys = capsys
        self._names: dict[str, Any] = {"__name__": "page"}
        self._code = 0
        self._session: tuple[Context, Renderer, Console] | None = None

    def close(self) -> None:
        if self._session is not None:
            self._session[0].session.close()

    def run(self, block: Block) -> None:
        kinds: dict[str, Callable[[Block], None]] = {
            "python": self._python,
            "ipython": self._ipython,
            "console": self._console,
            "text": self._text,
            "json": lambda block: json.loads(block.text),
        }
        kinds.get(block.kind, lambda block: None)(block)

    # Python

    def _python(self, block: Block) -> None:
        tree = ast.parse(block.text)
        if block.long:
            return
        comments = comments_of(block.text)
        for node in tree.body:
            code = ast.Module([node], [])
            if not isinstance(node, ast.Expr):
                exec(compile(code, "page", "exec"), self._names)  # noqa: S102 - our own page
                continue
            value = eval(compile(ast.Expression(node.value), "page", "eval"), self._names)  # noqa: S307
            shown = comments.get(node.end_lineno or 0)
            if shown is not None:
                assert repr(value) == shown, ast.unparse(node)

    def _ipython(self, block: Block) -> None:
        if block.long:
            return
        pytest.importorskip("IPython")
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        shell = InteractiveShell.instance(config=config)
        try:
            for cell in block.text.split("\n\n"):
                self._capsys.readouterr()
                done = shell.run_cell(cell, store_history=False)
                assert done.success, (cell, done.error_in_exec)
                assert "error:" not in "".join(self._capsys.readouterr()), cell
        finally:
            if "mathrepl" in shell.extension_manager.loaded:
                shell.run_line_magic("unload_ext", "mathrepl")
            shell.restore_sys_module_state()
            InteractiveShell.clear_instance()

    # The shell

    def _console(self, block: Block) -> None:
        typed = entries(block, "$ ")
        assert typed, f"no line of this block starts with a $: {block.text}"
        for index, (line, shown) in enumerate(typed):
            if line == "echo $?":
                assert shown[0] == str(self._code)
                continue
            program = shlex.split(line, comments=True)[0]
            if program in NOT_OURS:
                continue
            if program == "llm":
                self._llm(line, shown, long=block.long)
                continue
            *before, ours = line.split(" | ")
            words = shlex.split(ours, comments=True)
            assert words[0] == "mathrepl", f"who runs {line!r}?"
            if block.long:
                understood(words[1:])
                continue
            if words == ["mathrepl"] and not before:
                continue  # a session, for a person
            written = self._shell(words[1:], piped(before[0]) if before else b"")
            asked = typed[index + 1][0] if index + 1 < len(typed) else ""
            assert self._code == 0 or asked == "echo $?", f"{line}\n{written}"
            check_shown(line, shown, written)

    def _shell(self, words: list[str], stdin: bytes) -> str:
        """The output of a command line; its exit code is kept."""
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        before = sys.stdin
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        try:
            with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
                self._code = run(words)
        finally:
            sys.stdin = before
        return stream.buffer.getvalue().decode()  # type: ignore[attr-defined]

    def _llm(self, line: str, shown: list[str], *, long: bool) -> None:
        program = Path(sysconfig.get_path("scripts")) / "llm"
        words = shlex.split(line, comments=True)[1:]
        if long or not program.exists():
            return
        done = subprocess.run(
            [program, *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        check_shown(line, shown, done.stdout)

    # The session

    def _text(self, block: Block) -> None:
        for line, shown in entries(block, PROMPT):
            if block.long:
                read(line)
                continue
            written = self._line(line, fails=any(text.startswith("error:") for text in shown))
            check_shown(line, shown, written)

    def _line(self, line: str, *, fails: bool) -> str:
        """The output of the prompt for a line, in a window of 80 columns."""
        if self._session is None:
            self._session = self._started()
        context, renderer, console = self._session
        console.file = io.StringIO()
        done = perform(context, run_line(context, line), renderer)
        written = _CONTROL.sub("", console.file.getvalue())
        assert (done.code != 0) == fails, f"{line}\n{written}"
        return written

    def _started(self) -> tuple[Context, Renderer, Console]:
        renderer = Renderer("dark", talk_on_stderr=False)
        console = Console(
            width=80,
            height=25,
            force_terminal=True,
            force_interactive=False,
            color_system=None,
            theme=styles("dark"),
            markup=False,
            highlight=False,
            emoji=False,
        )
        renderer.out = renderer.talk = console
        session = Session(Settings(), Store(self._folder / "data" / "weights"))
        person = StreamPerson(iter(()))
        return Context(session, person, command_table(), "session"), renderer, console


def comments_of(source: str) -> dict[int, str]:
    """The comments of a piece of Python by their line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.removeprefix("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def piped(command: str) -> bytes:
    """The output of `printf TEXT`."""
    program, text = shlex.split(command)
    assert program == "printf", command
    return text.replace("\\n", "\n").encode()


def read(line: str) -> None:
    """A line of the session that is understood; nothing is run."""
    if line.startswith(":"):
        parse_command(line, command_table(), "session")
        return
    for equation in split_line(line):
        parse(equation)


def understood(words: list[str]) -> None:
    """The words of a subcommand, checked as the subcommand would check them; nothing is run."""
    name, *rest = words
    told = iter(rest)
    kept = []
    for word in told:
        if word == "--weights":
            next(told)
        elif word != "--json":
            kept.append(word)
    line = CommandLine("", tuple(Word(word, 0) for word in kept))
    bind(command_table()[name], line, "shell")


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Page]:
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "llm"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    page = Page(tmp_path, capsys)
    yield page
    page.close()


@pytest.mark.parametrize("name", [*PAGES, README])
def test_the_examples_of_a_page_run_and_say_what_it_shows(name: str, page: Page):
    for module in NEEDS.get(name, ()):
        pytest.importorskip(module)
    for block in blocks_of(name):
        page.run(block)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("module", [mathrepl, mathrepl.hosts.api])
def test_the_examples_of_the_docstrings_are_true(module: ModuleType):
    failed, tried = doctest.testmod(module, extraglobs={"mathrepl": mathrepl})
    assert tried > 0
    assert failed == 0


def test_every_fence_is_read_and_the_examples_are_many():
    for name in (*PAGES, README):
        fences = (DOCS / name).read_text(encoding="utf-8").count("```")
        assert fences == 2 * len(blocks_of(name)), f"a fence of {name} is not at a line's start"
    run_ones = [block for name in PAGES for block in blocks_of(name) if not block.long]
    kinds = {block.kind for block in run_ones}
    assert {"python", "console", "text", "ipython"} <= kinds
    assert len(run_ones) > 30


@pytest.mark.parametrize(
    ("shown", "written", "same"),
    [
        (["1 + 2 = 3"], "1 + 2 = 3\n", True),
        (["1 + 2 = 3"], "1 + 2 = 4\n", False),
        (["a", "...", "z"], "a\nb\nc\nz\n", True),
        (["...", "z"], "z\n", True),
        (["a", "..."], "b\n", False),
        (["took 3 s"], "took 0.25 s\n", True),
    ],
)
def test_what_is_shown_is_compared(shown: list[str], written: str, same: bool):
    with contextlib.nullcontext() if same else pytest.raises(AssertionError):
        check_shown("line", shown, written)


def test_the_page_of_the_card_names_its_keys():
    text = (DOCS / "reference" / "cards.md").read_text(encoding="utf-8")
    record = json.loads((ROOT / "weights" / "blog.json").read_text(encoding="utf-8"))
    certificate = record["certificates"][0]
    missing = [key for key in (*record, *certificate) if f"`{key}`" not in text]
    assert missing == []


def test_the_reference_names_the_commands_that_are_no_subcommands():
    text = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"about the session itself \((.*?)\)", text, re.S)
    alone = {c.name for c in command_table().values() if c.hosts == ("session",)}
    assert set(re.findall(r"`:(\w+)`", listed)) == alone


def figures_of(page: str) -> Counter[tuple[str, str]]:
    """The networks of a page's tables and their wrong answers, `("add", "0 of 1,000,000")`."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` .*? \| ([0-9,]+ of [0-9,]+) \|.*`mathrepl certify \1`", text, re.M
    )
    return Counter(rows)


def test_the_figures_of_the_networks_are_those_of_their_cards():
    cards = [json.loads(p.read_text(encoding="utf-8")) for p in (ROOT / "weights").glob("*.json")]
    counted = Counter(
        (card["name"], f"{certificate['wrong']:,} of {certificate['total']:,}")
        for card in cards
        for certificate in card["certificates"]
    )
    assert figures_of("networks.md") == counted
    assert figures_of(README)
    assert figures_of(README) <= counted
    text = (DOCS / "networks.md").read_text(encoding="utf-8")
    for card in cards:
        assert f"| `{card['name']}` | {card['parameters']:,} |" in text


def test_a_table_of_the_product_is_markdown():
    sys.path.insert(0, str(DOCS))
    try:
        import hooks
    finally:
        sys.path.remove(str(DOCS))
    written = hooks.on_page_markdown("<!-- table: commands -->")
    cells = {line.count("|") for line in written.splitlines() if line.startswith("|")}
    assert cells == {4}
    assert "`theme`" in hooks.on_page_markdown("<!-- table: settings -->")
    assert hooks.on_page_markdown("nothing") == "nothing"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(package, reason="mkdocs is not installed; it is in the extra `docs`")
    folder = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_has_a_page_each(site: Path):
    for name in PAGES:
        place = "index.html" if name == "index.md" else f"{name.removesuffix('.md')}/index.html"
        assert (site / place).is_file(), name


def test_every_command_stands_in_the_reference(site: Path):
    text = (site / "reference" / "commands" / "index.html").read_text(encoding="utf-8")
    for name, command in command_table().items():
        if not command.run.__module__.startswith("mathrepl.commands."):
            continue  # of a package that is installed beside
        assert f'id="{name}"' in text, name
        for parameter in command.parameters:
            assert parameter.name in text, (name, parameter.name)


def test_every_name_of_the_package_stands_in_the_reference(site: Path):
    import mathrepl

    text = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    for name in mathrepl.__all__:
        assert name == "__version__" or re.search(rf'id="mathrepl\.(\w+\.)*{name}"', text), name


def test_the_site_asks_no_other_server(site: Path):
    """Pages and styles load nothing from elsewhere; a link may be followed by a person."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//', text), path
        assert not re.search(r'<link[^>]*stylesheet[^>]*href="(?:https?:)?//', text), path
