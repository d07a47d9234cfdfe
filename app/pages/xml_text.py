"""Text within XML: escaped, and without the characters that no XML document may hold."""

import re
from html import escape

# What is not a `Char` of XML 1.0 (https://www.w3.org/TR/xml/#charsets): one of them, escaped or
# not, and no reader takes the document.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """Return a text as content or attribute of an XML document."""
    return escape(_NO_CHARACTER.sub("\ufffd", text))
