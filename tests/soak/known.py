"""What is known to fail until it is mended (see test_found.py): kinds of changes and troubles, and rules."""

UNMENDED = frozenset(
    {
        "html 403",
        "html 404",
    }
)
