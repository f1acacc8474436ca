"""Text that SQLite can keep."""


def storable(text: str) -> str:
    r"""The text with halves of characters (lone surrogates) written out as `\udc80`.

    The words of an error may hold anything, a file's name for example; SQLite keeps only what
    UTF-8 can say, and an error must never be lost for want of a letter.
    """
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
