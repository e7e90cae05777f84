"""What tests of pages share: their outline as HTML, and a browser that opens them."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Outline(HTMLParser):
    """Headings, balanced tags, everything that would be loaded from elsewhere, and text."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr", "path", "rect", "line", "circle", "use"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "iframe", "link", "object", "embed"):
            self.loads.append(tag)
        followed = ("href",) if tag == "a" else ()  # a link is followed by a reader, not by the page
        self.loads += [
            str(v)
            for k, v in attrs
            if k in ("src", "href", "xlink:href") and k not in followed and v and not v.startswith("#")
        ]
        self.ids += [values["id"]] if values.get("id") else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data.strip())


def outline(page: Path) -> Outline:
    parser = Outline()
    parser.feed(page.read_text(encoding="utf-8"))
    parser.close()
    assert parser.open == []
    return parser


def chromium(page: Path, folder: Path, *arguments: str) -> str:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"]  # fmt: skip
    assert CHROMIUM
    done = subprocess.run(
        [CHROMIUM, *flags, *arguments, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


MEASURE = """<script>
addEventListener('load', () => {
  const charts = [...document.querySelectorAll('figure svg')].map(s => {
    const box = s.getBoundingClientRect();
    return {width: Math.round(box.width), height: Math.round(box.height), marks: s.querySelectorAll('.mark-symbol path, .mark-rect path, .mark-line path').length,
      outside: [...s.querySelectorAll('text')].filter(t => { const b = t.getBoundingClientRect(); return b.width && (b.left < box.left - 1 || b.right > box.right + 1); }).length};
  });
  document.body.dataset.charts = JSON.stringify(charts);
  document.body.dataset.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
});
</script></body>"""
