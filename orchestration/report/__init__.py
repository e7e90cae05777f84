"""The report: one page in Japanese over the published marts, for a board meeting and for whoever asks how things stand.

`marts` reads a release, `charts` draws, `render` puts the page together. None of them sees anything but the release.
"""

from __future__ import annotations
