"""Raw review -> the text that every model reads."""

import html
import re

LINE_BREAK = re.compile(r"<\s*/?\s*br\s*/?\s*>", re.IGNORECASE)
CONTROL_TO_SPACE = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
"""C0 and C1 control characters, DEL included; the rest of Unicode stays as it is."""


def clean(text: str) -> str:
    """The text without `<br />` tags, with entities as characters, and single spaces for any run of white space.

    Entities that were escaped more than once (`&amp;lt;`) come out too, so that cleaning twice is cleaning once.
    """
    while (cleaner := _clean_once(text)) != text:
        text = cleaner
    return text


def count_words(text: str) -> int:
    """Words of a cleaned text, between spaces: the length by which losses weigh and reports sort."""
    return len(text.split())


def is_unicode(text: str) -> bool:
    """Whether it can be written down: JSON may hold halves of characters (surrogates), which UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _clean_once(text: str) -> str:
    if "<" in text:
        text = LINE_BREAK.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return " ".join(text.translate(CONTROL_TO_SPACE).split())
