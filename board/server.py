"""Serves the current release on this machine: the report and its pages, the marts as files, the manifest.

Belongs here: an HTTP server bound to loopback, over the folder that `published/current` points at, re-read for each
request so that a new release shows at once. Does not: rendering (the pages are part of the release), any other zone.
"""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

ALLOWED = {
    "": "report.html",
    "report.html": "report.html",
    "manifest.json": "manifest.json",
    "CHANGES.md": "CHANGES.md",
    "marts.duckdb": "marts.duckdb",
}
FOLDERS = {"parquet": ".parquet", "reports": ".html"}
"""Folders of a release, and what the names of their files end in."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
}


class ReleaseHandler(SimpleHTTPRequestHandler):
    """Answers GET and HEAD for the files of the current release."""

    server_version = "koe-board"
    sys_version = ""

    def translate_path(self, path: str) -> str:
        """Map a request's path to a file of the release; anything else to a name that does not exist."""
        asked = unquote(urlsplit(path).path).strip("/")
        release = Path(self.directory).resolve()
        if asked in ALLOWED:
            return str(release / ALLOWED[asked])
        folder, _, name = asked.partition("/")
        suffix = FOLDERS.get(folder)
        if suffix and name.endswith(suffix) and name.removesuffix(suffix).replace("_", "").isalnum():
            return str(release / folder / name)
        return str(release / "no-such-file")

    def list_directory(self, path: object) -> None:  # noqa: ARG002  the base class's signature
        """Show no folders."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add the headers that keep the page to itself."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Keep no log of who read what."""


def make_server(published: Path, port: int) -> ThreadingHTTPServer:
    """Make the server, bound to loopback.

    Args:
        published: the zone of that name.
        port: 0 for any free one.
    """
    return ThreadingHTTPServer(
        ("127.0.0.1", port), partial(ReleaseHandler, directory=str(published / "current"))
    )


def serve(published: Path, port: int) -> None:
    """Serve until interrupted."""
    with make_server(published, port) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
