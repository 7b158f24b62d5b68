"""The style sheet of a report: fonts of the reader's system, light and dark."""

STYLE = """\
:root {
  --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; --raised: #f6f8fa;
  --line: #d5dae0; --link: #0a58b5;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ed; --quiet: #9aa4af; --paper: #14171b; --raised: #1d2228;
    --line: #363d45; --link: #79b4ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 82rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { margin: 0 0 1rem; font-size: 1.8rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 {
  margin: 2.5rem 0 .8rem; padding-top: 1rem; border-top: 1px solid var(--line);
  font-size: 1.25rem; overflow-wrap: anywhere;
}
a { color: var(--link); }
nav {
  display: inline-block; padding: .6rem 1.4rem .6rem .4rem;
  background: var(--raised); border: 1px solid var(--line); border-radius: 8px;
}
nav ol { margin: 0; padding-left: 2rem; }
p { max-width: 72ch; margin: 0 0 .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
table { margin: 0 0 1.2rem; border-collapse: collapse; font-size: .95rem; }
th, td {
  padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: top;
}
th { color: var(--quiet); font-weight: 500; white-space: nowrap; }
td { white-space: pre-wrap; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
figure { margin: 0 0 1.5rem; }
.picture {
  display: inline-block; max-width: 100%; overflow-x: auto;
  background: #ffffff; border: 1px solid var(--line); border-radius: 8px;
}
.picture img { display: block; }
.fluid img { max-width: 100%; height: auto; }
.exact img { max-width: none; image-rendering: pixelated; }
figcaption { max-width: 80ch; margin-top: .4rem; }
figcaption ul { margin: .3rem 0 0; padding-left: 1.2rem; }
.note { color: var(--quiet); }
@media print { .exact img { max-width: 100%; height: auto; } }
"""
