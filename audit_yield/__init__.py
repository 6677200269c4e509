"""Command line: reads arguments, calls one function, shows its result."""


def main() -> None:
    """Run the command line.

    Each command imports what it needs by itself, so that help and tab completion answer in a moment: the
    feature library alone takes a second to load.
    """
    from audit_yield.commands import run

    run()
