"""Messages to people: through apprise to wherever the policy file says, else to the log.

Belongs here: sending. Does not: deciding what is worth a message. A message carries counts and names of checks, never
text of a post.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

import dagster as dg
from pydantic import Field

from orchestration.config.policy import load_policy
from orchestration.config.reading import ConfigError

log = logging.getLogger("koe.notify")


class Notifier(Protocol):
    """Anything that can deliver a short message."""

    def send(self, title: str, body: str) -> bool:
        """Deliver; True if every address took it."""
        ...


class AppriseNotifier(dg.ConfigurableResource[None]):
    """Sends through apprise; without addresses it writes to the log.

    Attributes:
        urls: apprise addresses (mailto://, slack://, json://…). They may hold secrets, so they come from the environment
            (KOE_NOTIFY_URLS, separated by blanks) or the policy file, never from code.
        policy: path of config/policy.yaml, whose `notify` adds to them; empty for none.
    """

    urls: list[str] = Field(default_factory=list)
    policy: str = ""

    def send(self, title: str, body: str) -> bool:
        """Deliver a message to all addresses, or to the log if there are none."""
        urls = [*self.urls, *self._of_policy()]
        if not urls:
            log.warning("%s: %s", title, body)
            return True
        import apprise  # noqa: PLC0415  a second of import time that most runs do not need

        courier = apprise.Apprise()
        refused = sum(not courier.add(url) for url in urls)
        if refused:
            log.error("%d notification address(es) are not understood", refused)
        delivered = bool(courier.notify(body=body, title=title))
        if not delivered:
            log.error("a notification could not be delivered: %s", title)
        return delivered and not refused

    def _of_policy(self) -> list[str]:
        """The policy's addresses; none while it cannot be read, which the run itself tells."""
        try:
            return load_policy(Path(self.policy)).notify if self.policy else []
        except ConfigError:
            log.warning("the policy's notification addresses cannot be read")
            return []
