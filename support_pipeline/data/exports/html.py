"""An HTML message body as the plain text a person would read.

Paragraphs and line breaks stay, a quoted block becomes lines that start with "> ", a link becomes its
text, list items start with "- ". Nothing is sanitised for display here: the result is text.
"""

import html
import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"})
LINES = frozenset(
    {
        "address",
        "article",
        "aside",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
    }
    | {"header", "hr", "li", "main", "nav", "section", "summary", "tr", "tbody", "thead"}
)
SKIPPED = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "meta", "link", "svg", "object", "iframe"}
)
_TAG = re.compile(
    r"<(?:/?(?:p|br|div|span|a|b|i|u|em|strong|font|ul|ol|li|table|tbody|tr|td|th|blockquote|pre|code|img|h[1-6]|hr|html"
    r"|head|body|style|script|center|sup|sub|small|o:p|section|article)(?=[\s/>])|!--|!doctype)",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\n{3,}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ufeff]")


def html_to_text(markup: str) -> str:
    """The body as plain text; markup without a tag is unescaped only."""
    markup = _CONTROLS.sub("", markup)
    if "<" not in markup:
        return html.unescape(markup).replace("\xa0", " ").replace("\r\n", "\n").strip()
    body = LexborHTMLParser(markup).body
    return _walk(body) if body is not None else ""


def body_to_text(body: object) -> str:
    """A body that may be HTML or plain: only text with a known tag in it goes through the parser, so
    that "<name@shop.example>" in a plain body survives."""
    if not isinstance(body, str):
        return ""
    if _TAG.search(body):
        return html_to_text(body)
    text = html.unescape(body) if "&" in body else body
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\xa0", " ").strip()


def _walk(body: LexborNode) -> str:
    """Depth first without recursion: bodies with thousands of nested tags exist."""
    flow = _Flow()
    stack: list[tuple[LexborNode, bool]] = [(body, False)]
    while stack:
        node, leaving = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            flow.write(node.text_content or "")
        elif leaving:
            flow.leave(tag)
        elif tag not in SKIPPED and not tag.startswith("-"):
            flow.enter(tag)
            stack.append((node, True))
            children = []
            child = node.child
            while child is not None:
                children.append((child, False))
                child = child.next
            if tag == "a" and not children:
                flow.write(node.attributes.get("href") or "")
            stack.extend(reversed(children))
    return flow.finish()


class _Flow:
    """Text as it runs: collapses white space, opens and closes lines, keeps a level a quoted block."""

    def __init__(self) -> None:
        self._levels: list[list[str]] = [[]]
        self._ends: list[str] = [""]  # the last one or two characters of each level
        self._verbatim = 0

    def write(self, text: str) -> None:
        """Running text; white space collapses unless the text is preformatted."""
        if self._verbatim:
            self._add(text.replace("\r\n", "\n"))
            return
        words = " ".join(text.split())
        before = " " if text[:1].isspace() and self._ends[-1][-1:] not in ("", "\n", " ") else ""
        self._add(before + words + (" " if words and text[-1:].isspace() else ""))

    def enter(self, tag: str) -> None:
        """What the start of an element does to the text."""
        if tag == "br":
            self._add("\n")
            return
        self._close(tag)
        if tag == "blockquote":
            self._levels.append([])
            self._ends.append("")
        elif tag == "li":
            self._add("- ")
        elif tag == "pre":
            self._verbatim += 1

    def leave(self, tag: str) -> None:
        """What the end of an element does to the text."""
        if tag == "blockquote":
            quoted = _tidy(self._levels.pop())
            self._ends.pop()
            if quoted:
                self._add("\n".join(f"> {line}".rstrip() for line in quoted.split("\n")))
        elif tag == "pre":
            self._verbatim -= 1
        elif tag in ("td", "th"):
            self.write(" ")
        self._close(tag)

    def finish(self) -> str:
        """All that was written."""
        return _tidy(self._levels[0])

    def _close(self, tag: str) -> None:
        end = self._ends[-1]
        if not end or not (tag in LINES or tag in PARAGRAPHS):
            return
        wanted = "\n\n" if tag in PARAGRAPHS else "\n"
        if wanted == "\n" and not end.endswith("\n"):
            self._add("\n")
        elif wanted == "\n\n" and not end.endswith("\n\n"):
            self._add("\n" if end.endswith("\n") else "\n\n")

    def _add(self, text: str) -> None:
        if text:
            self._levels[-1].append(text)
            self._ends[-1] = (self._ends[-1] + text)[-2:]


def _tidy(pieces: list[str]) -> str:
    lines = (line.rstrip() for line in "".join(pieces).replace("\xa0", " ").split("\n"))
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip()
