"""Cleaning of raw texts; every model reads the cleaned text."""

import re
import unicodedata
from functools import cache
from html import unescape
from html.entities import html5

LINE_BREAK = re.compile(r"<\s*/?\s*br\s*/?\s*>", re.IGNORECASE)
LONGEST_BREAK = 16
"""Characters of a line break's tag at most, once runs of white space are single spaces."""

ENTITY = re.compile(
    r"&(?:#[0-9]{1,12}(?![0-9]);?|#[xX][0-9a-fA-F]{1,10}(?![0-9a-fA-F]);?"
    r"|[a-zA-Z][a-zA-Z0-9]{1,31};|[a-zA-Z]{2,6}(?![a-zA-Z0-9=;]))"
)
"""Character references. One that lacks its semicolon is none before a letter, a digit or `=`, as in the attributes of
HTML: `?a=1&copy=2` is an address."""

LONGEST_ENTITY = 40
CONTROL_TO_SPACE = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
"""C0 and C1 control characters, DEL included; all other characters are kept."""

MOST_MARKS = 30
"""Combining marks in a row, after which U+034F is put in as in Unicode's stream-safe format (UAX #15): composing
longer runs takes time that grows with their square."""

QUICK_PASSES = 3
"""Passes over a whole text before markup counts as nested on purpose."""


def clean(text: str) -> str:
    """Return the cleaned text; cleaning is idempotent.

    The text is in Unicode's composed form (NFC), so a letter with an accent is one character however it was typed.
    `<br />` tags become spaces, character references become characters, and any run of white space or control
    characters becomes one space. References that were escaped more than once (`&amp;lt;`) are resolved, too.
    """
    text = _composed(text)
    for _ in range(QUICK_PASSES):
        cleaner = _clean_once(text)
        if cleaner == text:
            return text
        text = cleaner
    return _clean_nested(text)


def count_words(text: str) -> int:
    """Return the number of words of a cleaned text, between spaces: the length that losses and reports use."""
    return len(text.split())


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can encode the text: JSON may hold halves of characters (surrogates), which it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean_once(text: str) -> str:
    if "<" in text:
        text = LINE_BREAK.sub(" ", text)
    if "&" in text:
        text = ENTITY.sub(_character, text)
    return _spaced(text)


def _clean_nested(text: str) -> str:
    """Clean in time linear in the text, however deep its markup is nested: from its end, with all behind it clean."""
    done: list[str] = []  # what is clean, its last character first
    for character in reversed(text):
        _push(done, character)
        while done and done[-1] in "&<":
            if not _resolve(done):
                break
    return _spaced("".join(reversed(done)))


def _resolve(done: list[str]) -> bool:
    """Replace the reference or line break that begins the clean text; whether there was one."""
    pattern, longest = (ENTITY, LONGEST_ENTITY) if done[-1] == "&" else (LINE_BREAK, LONGEST_BREAK)
    head = "".join(reversed(done[-longest:]))
    found = pattern.match(head)
    if found is None:
        return False
    replaced = " " if pattern is LINE_BREAK else _character(found)
    if replaced == found[0]:
        return False
    del done[-len(found[0]) :]
    for character in reversed(replaced):
        _push(done, character)
    return True


def _push(done: list[str], character: str) -> None:
    if character.isspace() or ord(character) in CONTROL_TO_SPACE:
        character = " "
    if not (character == " " and done and done[-1] == " "):
        done.append(character)


def _character(found: re.Match[str]) -> str:
    """Return the characters that a reference names; the reference itself where HTML knows none of that name."""
    reference = found[0]
    if reference[1] != "#" and reference[1:] not in html5:
        return reference
    return unicodedata.normalize("NFC", unescape(reference))


def _spaced(text: str) -> str:
    return " ".join(_composed(text.translate(CONTROL_TO_SPACE)).split())


def _composed(text: str) -> str:
    """Return the text in NFC."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _many_marks().sub(lambda run: _interrupted(run[0]), text))


def _interrupted(marks: str) -> str:
    return "\u034f".join(marks[start : start + MOST_MARKS] for start in range(0, len(marks), MOST_MARKS))


@cache
def _many_marks() -> re.Pattern[str]:
    """Match runs of more than `MOST_MARKS` characters that reorder or combine under NFC."""
    characters = map(chr, range(0x300, 0x20000))
    marks = "".join(c for c in characters if unicodedata.combining(unicodedata.normalize("NFD", c)[0]))
    return re.compile(f"[{re.escape(marks)}]{{{MOST_MARKS + 1},}}")
