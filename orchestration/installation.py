"""One installation, opened: its configuration checked, its zones, keys and dictionaries at hand.

Belongs here: putting the parts together once, each made when it is first wanted. Does not: any work with them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import Final

from orchestration.certificates import Certificates
from orchestration.config.actions import Actions, load_actions
from orchestration.config.policy import Policy, load_policy
from orchestration.config.sources import SourceRegister, load_sources
from orchestration.config.watchlist import Watchlist, load_watchlist
from orchestration.erasure import Erasure
from orchestration.guard import PlainError
from orchestration.keyring import Keyring, Pseudonymiser
from orchestration.models import open_model
from orchestration.retention import Keep, Retention
from orchestration.settings import Settings, today
from orchestration.vault import Ledger, Vault
from orchestration.zones import Zones
from transforms.classification.classifier import Classifier
from transforms.classification.linear import read_model, shipped_files
from transforms.classification.second_opinion import SecondOpinion
from transforms.engine import Engine, LocalProcesses, Ray
from transforms.redaction.canaries import Canary, plant
from transforms.redaction.policy import Operator, RedactionPolicy
from transforms.redaction.redactor import Redactor
from transforms.redaction.spread import Recipe, SpreadRedactor
from transforms.terms.finder import TermFinder
from transforms.watchlist import Matcher, compile_watchlist

CANARY_KEY = "canaries"
REDACTION_KEY = "redaction"
TERMS_KEY = "terms"


@dataclass(frozen=True)
class Configuration:
    """The four files of config/, read and checked."""

    sources: SourceRegister
    watchlist: Watchlist
    policy: Policy
    actions: Actions

    @classmethod
    def load(cls, settings: Settings) -> Configuration:
        """Read all four.

        Raises:
            ConfigError: one line a mistake.
        """
        watchlist = load_watchlist(settings.config / "watchlist.yaml")
        return cls(
            sources=load_sources(settings.config / "sources.yaml"),
            watchlist=watchlist,
            policy=load_policy(settings.config / "policy.yaml"),
            actions=load_actions(
                settings.config / "actions.yaml", watchlist.ids("own", "competitor"), watchlist.ids()
            ),
        )


def redaction_recipe(policy: Policy, key: Callable[[], bytes]) -> Recipe:
    """What the redactor that a policy asks for is made from.

    Args:
        policy: operators, mode, lists.
        key: gives the secret of the pseudonym operator; asked only if the policy uses it.
    """
    wanted = policy.redaction
    operators: dict[str, Operator] = {
        kind: "drop_post" if name == "drop" else name for kind, name in wanted.operators.items()
    }
    asked = RedactionPolicy(
        mode=wanted.mode,
        operators=operators,
        allow=tuple(wanted.allow),
        deny=dict.fromkeys(wanted.deny, "PERSON"),
    )
    return Recipe(asked, key() if "pseudonym" in operators.values() else None)


def make_redactor(policy: Policy, key: Callable[[], bytes]) -> Redactor:
    """The redactor that a policy asks for; arguments as for `redaction_recipe`."""
    return redaction_recipe(policy, key).redactor()


ENGINES: Final = ("local", "processes", "ray")


def check_engine(name: str) -> None:
    """See that an engine is there.

    Args:
        name: of `ENGINES`.

    Raises:
        PlainError: it is none of them, or not installed.
    """
    if name not in ENGINES:
        raise PlainError(f"--engine {name}: expected one of {', '.join(ENGINES)}")
    if name == "ray" and find_spec("ray") is None:
        raise PlainError("--engine ray: Ray is not installed (pip install 'koe[ray]')")


def make_engine(name: str) -> Engine | None:
    """Where many texts are processed; None for this process.

    Args:
        name: of `ENGINES`.

    Raises:
        PlainError: as `check_engine`.
    """
    check_engine(name)
    if name == "local":
        return None
    if name == "processes":
        return LocalProcesses(os.cpu_count() or 1)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    return Ray(os.environ.get("RAY_ADDRESS"))


@dataclass(frozen=True)
class Installation:
    """Everything that a step may need. Opening checks configuration first and touches nothing if it is wrong."""

    settings: Settings
    config: Configuration
    engine: str = "local"

    @classmethod
    def open(cls, settings: Settings, engine: str = "local") -> Installation:
        """Check the configuration.

        Args:
            settings: where things are.
            engine: of `ENGINES`; started when the first text is redacted.

        Raises:
            ConfigError: it is wrong.
        """
        return cls(settings, Configuration.load(settings), engine)

    @cached_property
    def zones(self) -> Zones:
        """The zones, made if they are missing."""
        return Zones(self.settings.home).create()

    @cached_property
    def keyring(self) -> Keyring:
        """The keys, under the master key."""
        return Keyring.open(self.zones)

    @cached_property
    def vault(self) -> Vault:
        """Encrypted raw posts and quarantine."""
        return Vault(self.zones, self.keyring)

    @cached_property
    def ledger(self) -> Ledger:
        """Which files were loaded."""
        return Ledger(self.zones, self.keyring)

    @cached_property
    def certificates(self) -> Certificates:
        """Proof of destruction."""
        return Certificates(self.zones, self.keyring)

    @cached_property
    def erasure(self) -> Erasure:
        """Removals: recorded, carried out, refused from then on."""
        return Erasure(self.zones, self.vault, self.pseudonymiser, self.certificates)

    @cached_property
    def retention(self) -> Retention:
        """What is past its time."""
        return Retention(
            self.zones, self.vault, self.certificates, Keep.of(self.config.policy, self.config.sources)
        )

    @cached_property
    def pseudonymiser(self) -> Pseudonymiser:
        """Keyed hashes of ids."""
        return Pseudonymiser(
            self.keyring,
            day_scoped=self.config.sources.day_scoped_platforms(),
            oldest=today() - timedelta(days=self.config.policy.retention.pseudonym_days),
        )

    @cached_property
    def matcher(self) -> Matcher:
        """The watchlist, compiled."""
        return compile_watchlist(self.config.watchlist.watch_entries())

    @cached_property
    def redactor(self) -> Redactor:
        """The redactor under the policy's operators and lists."""
        return self._recipe.redactor()

    @cached_property
    def _recipe(self) -> Recipe:
        return redaction_recipe(self.config.policy, lambda: self.keyring.ensure(REDACTION_KEY))

    @cached_property
    def many_redactor(self) -> Redactor | SpreadRedactor:
        """The same for many texts: by the engine's workers, if the run has one."""
        engine = make_engine(self.engine)
        if engine is None:
            return self.redactor
        return SpreadRedactor(self._recipe, engine)

    def flock(self, day: date) -> list[Canary]:
        """The invented identities of a day: the same each time, foretold by nobody who lacks the keyring."""
        seed = hashlib.sha256(self.keyring.ensure(CANARY_KEY)).digest()
        return plant(day, int.from_bytes(seed[:8]))

    @cached_property
    def term_finder(self) -> TermFinder:
        """Finds terms. Names of facilities and products have marts of their own and are none."""
        entries = self.config.watchlist.entries
        return TermFinder(
            [name for e in entries if e.entry_class != "industry" for name in (*e.names, *e.aliases)],
            self.keyring.ensure(TERMS_KEY),
        )

    @cached_property
    def classifier(self) -> Classifier:
        """The classifier with its trained models, and the bigger one that the policy allows beside them."""
        guest = open_model(self.config.policy.bigger_model)
        return Classifier.load() if guest is None else SecondOpinion(read_model(shipped_files()), guest)
