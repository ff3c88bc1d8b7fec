"""Named RE2 patterns, many at once. Customer text is hostile, so no backtracking engine meets it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import re2


def _options() -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = 64 << 20
    return options


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """One case-insensitive RE2 pattern; kept, since the same few give the evidence for every ticket."""
    return re2.compile(pattern, _options())


@dataclass(frozen=True)
class PatternSet:
    """Patterns with a label each, searched in one pass; the order is the order of precedence."""

    entries: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, groups: Mapping[str, Iterable[str]]) -> "PatternSet":
        """Label to its patterns."""
        return cls(tuple((label, pattern) for label, patterns in groups.items() for pattern in patterns))

    @cached_property
    def _set(self) -> Any:
        searcher = re2.Set.SearchSet(_options())
        for _, pattern in self.entries:
            searcher.Add(pattern)
        searcher.Compile()
        return searcher

    def hits(self, text: str) -> list[int]:
        """Places of the entries that match, in order of precedence."""
        return sorted(self._set.Match(text) or ()) if self.entries and text else []

    def labels(self, text: str) -> list[str]:
        """Labels that match, each once, in order of precedence."""
        return list(dict.fromkeys(self.entries[place][0] for place in self.hits(text)))

    def first(self, text: str) -> tuple[str, str] | None:
        """The first entry that matches: label and pattern."""
        hits = self.hits(text)
        return self.entries[hits[0]] if hits else None

    def any(self, text: str) -> bool:
        """Whether anything matches."""
        return bool(self.entries and text and self._set.Match(text))


def quoted(pattern: str, text: str, limit: int = 80) -> str:
    """The words of the text that a pattern matched, for evidence."""
    found = compiled(pattern).search(text)
    words = " ".join(found.group(0).split()) if found else ""
    return words if len(words) <= limit else words[: limit - 1] + "…"
