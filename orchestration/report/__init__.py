"""The pages of a release, in Japanese: the nightly report, the board's week, one page for each department.

`marts` reads a release, `charts` draws, `page` holds the words that all share, `render`, `weekly` and `department` put a page
together, `pages` says which there are, `pdf` prints one. None of them sees anything but the release.
"""

from __future__ import annotations
