"""Which platforms there are. Every module of `platforms` that has `ADAPTERS` is one.

Belongs here: finding and ordering adapters.
Does not: reading.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from transforms.sources import platforms
from transforms.sources.adapter import JsonAdapter, TableAdapter


@lru_cache(maxsize=1)
def _all() -> tuple[JsonAdapter | TableAdapter, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(platforms.__path__))
    modules = [importlib.import_module(f"{platforms.__name__}.{name}") for name in names]
    return tuple(adapter for module in modules for adapter in getattr(module, "ADAPTERS", ()))


@lru_cache(maxsize=64)
def json_adapters(family: str | None) -> tuple[JsonAdapter, ...]:
    """Adapters for JSON, those of the family first."""
    found = [adapter for adapter in _all() if isinstance(adapter, JsonAdapter)]
    return tuple(sorted(found, key=lambda adapter: adapter.family != family))


@lru_cache(maxsize=64)
def table_adapters(family: str | None) -> tuple[TableAdapter, ...]:
    """Adapters for delimited text, those of the family first."""
    found = [adapter for adapter in _all() if isinstance(adapter, TableAdapter)]
    return tuple(sorted(found, key=lambda adapter: adapter.family != family))


def families() -> tuple[str, ...]:
    """Names of landing folders that say whose files lie in them."""
    return tuple(sorted({adapter.family for adapter in _all()}))
