"""What is known to fail until it is mended (see test_found.py): kinds of changes and troubles, and rules."""

UNMENDED = frozenset(
    {
        "html 403",
        "html 404",
        "private",
        "forbid",
        "gone",
        "gone path",
        "mode",
        "reject",
        "unreadable",
        "dateless",
        "stateless",
        "modes",
        "a RECORD came after the last STATE",
    }
)
