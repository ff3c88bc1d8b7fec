"""Quoted replies: what a mail program put below, above or around the customer's own words.

A text is read as lines of a few kinds (own text, `>` quotes, "On ... wrote:" headers in some thirty
languages, Outlook header blocks, forwarding rulers), and only then decided on, so that an answer
written between two quotes stays. Mail programs' own footers ("Sent from my iPhone", everything
under `-- `) go as well. Names and closing words are the business of `signatures`.
"""

from support_pipeline.data.cleaning.quote_marks import (
    BEGIN_FORWARD,
    CJK_WROTE,
    DATE_AND_ADDRESS,
    DATE_OPENS,
    DATED_ABOVE_QUOTE,
    DATED_LINE,
    DATED_SENDER,
    FENCE,
    FIRST_FIELD,
    HEADER_FIELD,
    MARKS,
    OPENS,
    ORIGINAL,
    QUOTE,
    QUOTING,
    RULER,
    SENT,
    SENT_FROM,
    SIGNATURE_RULER,
    WHEN_OR_WHO,
    WORDED_RULER,
    WROTE_LINE,
)

_MAX_HEADER_LINES = 6
_MAX_SIGNATURE_LINES = 12

# Kinds of a line.
_EMPTY, _TEXT, _QUOTED, _RULED = "e", "t", "q", "d"
_HEADER, _BLOCK, _ORIGINAL = "b", "h", "o"
_MARKS_OF_OTHERS = (_HEADER, _BLOCK, _ORIGINAL)


def strip_quotes(text: str) -> str:
    """The sender's own words, without quoted mail and mail programs' footers.

    Text that cannot be told from the sender's own is kept: a quote without any attribution at the
    top of a mail, and quotes with answers between them.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n" not in text or not _may_quote(text):
        return text
    lines = text.split("\n")
    kept = _without_footer(_own_lines(lines))
    if not any(line.strip() for line in kept):
        return "" if all(_kind(line) != _TEXT for line in lines) else text.strip("\n")
    return "\n".join(_without_blank_ends(kept)) if len(kept) != len(lines) else text


def _may_quote(text: str) -> bool:
    if any(mark in text for mark in MARKS) or text[0] in ">|" or text[-1] in ">:":
        return True
    if text.count(":") >= 3:
        return True
    last = text.rstrip().rpartition("\n")[2]
    return len(last) < 160 and bool(SENT.search(last.lower()))


def _own_lines(lines: list[str]) -> list[str]:
    lines = _without_ruled_signature(lines)
    kinds = _kinds(lines)
    start = 0
    while True:
        mark = next((i for i in range(start, len(kinds)) if kinds[i] in _MARKS_OF_OTHERS), None)
        if mark is None:
            return _without_trailing_quote(lines[start:], kinds[start:])
        before = kinds[start:mark]
        if _TEXT in before:
            return _above_header(lines[start:], kinds[start:], mark - start, _end_of(kinds, mark) - start)
        if _QUOTED in before:
            return lines[start:]
        start = _below_header(kinds, mark)


def _end_of(kinds: list[str], mark: int) -> int:
    end = mark
    while end < len(kinds) and kinds[end] == kinds[mark]:
        end += 1
    return end


def _below_header(kinds: list[str], mark: int) -> int:
    """The mail opens with an attribution: what was quoted goes, what follows is the sender's."""
    start = _end_of(kinds, mark)
    while start < len(kinds) and (
        kinds[start] == _EMPTY or (kinds[start] == _QUOTED and kinds[mark] == _HEADER)
    ):
        start += 1
    return start


def _above_header(lines: list[str], kinds: list[str], mark: int, end: int) -> list[str]:
    """The sender wrote above the attribution, and perhaps answered inside what it quotes."""
    above = lines[:mark]
    below = kinds[end:]
    first = next((kind for kind in below if kind != _EMPTY), _EMPTY)
    if kinds[mark] != _HEADER or first != _QUOTED or _TEXT not in below:
        return _without_ruled_signature(_without_blank_ends(above, top=False))
    return [*above, *_own_inside(lines[end:], kinds[end:])]


def _own_inside(lines: list[str], kinds: list[str]) -> list[str]:
    """Answers between quotes, with the quotes they answer; nothing after the last answer."""
    nested = next((i for i, kind in enumerate(kinds) if kind in _MARKS_OF_OTHERS), len(kinds))
    last = max((i for i in range(nested) if kinds[i] == _TEXT), default=-1)
    return lines[: last + 1]


def _without_trailing_quote(lines: list[str], kinds: list[str]) -> list[str]:
    last_text = max((i for i, kind in enumerate(kinds) if kind == _TEXT), default=-1)
    if last_text < 0:
        return lines if _QUOTED in kinds else []
    if _QUOTED in kinds[last_text + 1 :] or any(kind == _RULED for kind in kinds[last_text + 1 :]):
        return lines[: last_text + 1]
    return lines


def _without_ruled_signature(lines: list[str]) -> list[str]:
    """Cut at a `--` line near the end, as mail programs set it above a signature."""
    if any(FENCE.match(line) for line in lines):
        return lines
    filled = 0
    for i in range(len(lines) - 1, 0, -1):
        line = lines[i]
        if not line.strip():
            continue
        if SIGNATURE_RULER.match(line) and any(kept.strip() for kept in lines[:i]):
            return lines[:i] if line.strip() == "--" or filled <= 6 else lines
        if line.lstrip().startswith(">"):
            return lines
        filled += 1
        if filled > _MAX_SIGNATURE_LINES:
            return lines
    return lines


def _without_footer(lines: list[str]) -> list[str]:
    """Without "Sent from my phone" lines and rulers at the end."""
    end = len(lines)
    cut = end
    while end > 0:
        line = lines[end - 1]
        if not line.strip():
            end -= 1
        elif SENT_FROM.match(line) or (RULER.match(line) and cut != len(lines)):
            end -= 1
            cut = end
        else:
            break
    return lines if cut == len(lines) else _without_blank_ends(lines[:cut], top=False)


def _without_blank_ends(lines: list[str], top: bool = True) -> list[str]:
    start, end = 0, len(lines)
    while end > start and not lines[end - 1].strip():
        end -= 1
    while top and start < end and not lines[start].strip():
        start += 1
    return lines[start:end]


def _kind(line: str) -> str:
    if not line.strip():
        return _EMPTY
    if QUOTE.match(line):
        return _QUOTED
    if RULER.match(line):
        return _RULED
    return _TEXT


def _kinds(lines: list[str]) -> list[str]:
    """One letter a line; the lines of one attribution or header block share theirs."""
    kinds = [_kind(line) for line in lines]
    if any(FENCE.match(line) for line in lines):
        kinds = [_TEXT if kind == _RULED else kind for kind in kinds]
    for i, line in enumerate(lines):
        if kinds[i] not in (_TEXT, _QUOTED):
            continue
        if _opens_original(line):
            _mark(kinds, _ruled_above(lines, kinds, i), _fields_below(lines, i + 1), _ORIGINAL)
        elif (":" in line or "：" in line) and _opens_header_block(lines, i):
            _mark(kinds, _ruled_above(lines, kinds, i), _fields_below(lines, i), _BLOCK)
    for start, end in _attributions(lines, kinds):
        _mark(kinds, start, end, _HEADER)
    return kinds


def _opens_original(line: str) -> bool:
    bare = line.lstrip(" \t>*")
    if bare[:1] in ("-", "_", "=", "#", "["):
        return bool(ORIGINAL.match(line))
    return line.rstrip().endswith(":") and bool(BEGIN_FORWARD.match(line))


def _mark(kinds: list[str], start: int, end: int, kind: str) -> None:
    kinds[start:end] = [kind] * (end - start)


def _ruled_above(lines: list[str], kinds: list[str], i: int) -> int:
    """Where a ruler above line `i` starts, so that it goes with the block; it may hold words."""
    above = i
    while above > 0 and (kinds[above - 1] in (_EMPTY, _RULED) or WORDED_RULER.match(lines[above - 1])):
        above -= 1
    return above if any(kind != _EMPTY for kind in kinds[above:i]) else i


def _opens_header_block(lines: list[str], i: int) -> bool:
    first = HEADER_FIELD.match(lines[i])
    if not first or first.group(1).casefold() not in FIRST_FIELD:
        return False
    fields = {first.group(1).casefold()}
    for line in lines[i + 1 : i + 8]:
        found = HEADER_FIELD.match(line)
        if found:
            fields.add(found.group(1).casefold())
    return len(fields) >= 3


def _fields_below(lines: list[str], i: int) -> int:
    """The line after the header fields that start near `i` (blank lines before them allowed)."""
    end = i
    for j in range(i, min(i + 10, len(lines))):
        if HEADER_FIELD.match(lines[j]):
            end = j + 1
        elif lines[j].strip() and (j > end or end == i):
            # One wrapped line ("Subject: ...\nspans over 2 lines") is still the field's.
            if end > i and j == end and j + 1 < len(lines) and HEADER_FIELD.match(lines[j + 1]):
                continue
            break
    return end


def _attributions(lines: list[str], kinds: list[str]) -> list[tuple[int, int]]:
    """Where "On ... wrote:" stands. Inside a quote it counts only while nothing but quotes came before."""
    found: list[tuple[int, int]] = []
    taken = 0
    own_text = False
    for i, line in enumerate(lines):
        own_text = own_text or kinds[i] == _TEXT
        inside = own_text and i > 0 and kinds[i] == kinds[i - 1] == _QUOTED
        if i < taken or len(line) > 400 or kinds[i] == _EMPTY or inside:
            continue
        span = (
            _dated_sender(lines, i)
            or _dated_line(lines, kinds, i)
            or _attribution(lines, i, taken)
            or _above_quote(lines, kinds, i, taken)
        )
        if span:
            found.append(span)
            taken = span[1]
    return found


def _dated_sender(lines: list[str], i: int) -> tuple[int, int] | None:
    line = lines[i].strip()
    if not line[:4].isdigit() or not DATED_SENDER.match(line):
        return None
    if line.endswith("<") and not (i + 1 < len(lines) and lines[i + 1].rstrip().endswith((">", ">:"))):
        return None
    return (i, i + 2) if line.endswith("<") else (i, i + 1)


def _dated_line(lines: list[str], kinds: list[str], i: int) -> tuple[int, int] | None:
    """A date and a sender, and nothing else on the line."""
    line = lines[i].strip()
    if len(line) > 200 or kinds[i] != _TEXT or not any(map(str.isdigit, line)):
        return None
    below = next((kind for kind in kinds[i + 1 : i + 4] if kind != _EMPTY), _EMPTY)
    if below == _QUOTED and DATED_ABOVE_QUOTE.fullmatch(line):
        return i, i + 1
    alone = "@" in line or line.startswith("--") or (i > 0 and kinds[i - 1] == _EMPTY)
    return (i, i + 1) if alone and below != _EMPTY and DATED_LINE.fullmatch(line) else None


def _above_quote(lines: list[str], kinds: list[str], i: int, floor: int) -> tuple[int, int] | None:
    """In any language: a line with a date and an address that ends in a colon, right above a quote."""
    if kinds[i] == _QUOTED or not lines[i].rstrip(" \u200e\u200f\u202c").endswith((":", "：")):
        return None
    below = next((kind for kind in kinds[i + 1 : i + 4] if kind != _EMPTY), _EMPTY)
    if below != _QUOTED:
        return None
    start = i - 1 if i > floor and lines[i - 1].strip() and not DATE_AND_ADDRESS.search(lines[i]) else i
    if DATE_AND_ADDRESS.search(" ".join(lines[start : i + 1])):
        return start, i + 1
    spoken = QUOTING.match(lines[i]) or (WROTE_LINE.search(lines[i]) and WHEN_OR_WHO.search(lines[i]))
    return (i, i + 1) if spoken and len(lines[i]) < 160 else None


def _attribution(lines: list[str], i: int, floor: int) -> tuple[int, int] | None:
    """The lines of "On ... wrote:" around line `i`, which holds the verb."""
    end = next((j for j in range(i, min(i + 3, len(lines))) if _ends_attribution(lines[j])), None)
    if end is None or any(not lines[j].strip() for j in range(i, end)):
        return None
    if not (WROTE_LINE.search(lines[i]) or CJK_WROTE.search(lines[i])):
        return None
    for start in range(i, max(floor, i - _MAX_HEADER_LINES) - 1, -1):
        joined = " ".join(line.strip(" \t>|") for line in lines[start : end + 1] if line.strip())
        if len(joined) > 400:
            return None
        if OPENS.match(joined) and WHEN_OR_WHO.search(joined):
            earlier = _earlier_opening(lines, start, floor)
            return (earlier, end + 1)
    return None


def _earlier_opening(lines: list[str], start: int, floor: int) -> int:
    """An address line may open too; the date above it is where the attribution really starts."""
    for above in range(start - 1, max(floor, start - 3) - 1, -1):
        line = lines[above].strip(" \t>|")
        if not line:
            continue
        if len(line) < 160 and (line.endswith("<") or DATE_OPENS.match(line)):
            return above
        break
    return start


def _ends_attribution(line: str) -> bool:
    stripped = line.rstrip()
    return stripped.endswith((":", "：", "wrote ----", "---"))
