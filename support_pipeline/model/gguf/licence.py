"""Under which licence a base model may be passed on, as its own folder says."""

import re
from pathlib import Path

_LINE = re.compile(r"^license(?:_name)?:\s*[\"']?([^\s\"']+)", re.MULTILINE)
_KNOWN = {
    "Apache License": "apache-2.0",
    "MIT License": "mit",
    "META LLAMA 3 COMMUNITY LICENSE": "llama3",
    "LLAMA 3.1 COMMUNITY LICENSE": "llama3.1",
    "LLAMA 3.2 COMMUNITY LICENSE": "llama3.2",
    "LLAMA 3.3 COMMUNITY LICENSE": "llama3.3",
}


def licence_of(folder: Path) -> str:
    """The licence that a model's card names, else the one whose text lies there, else "unknown".

    `license: other` in a card gives the `license_name` below it.
    """
    card = folder / "README.md"
    names = _LINE.findall(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else []
    named = [name for name in names if name != "other"]
    if named:
        return str(named[0])
    for file in sorted(folder.glob("LICENSE*")):
        start = file.read_text(encoding="utf-8", errors="replace")[:2000]
        for title, name in _KNOWN.items():
            if title.casefold() in " ".join(start.split()).casefold():
                return name
    return "unknown"
