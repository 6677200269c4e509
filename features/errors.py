"""The errors a user can meet: what was found, what was expected, what to do next."""


class AuditYieldError(Exception):
    """Something a person can put right; front ends show it as one message, never as a traceback."""

    def __init__(self, found: str, *, expected: str, advice: str) -> None:
        super().__init__(f"{found} Expected: {expected} {advice}")
        self.found = found
        self.expected = expected
        self.advice = advice


class DataError(AuditYieldError):
    """The data cannot be read, or breaks the contract."""


class SettingError(AuditYieldError):
    """A setting or an argument has a value that cannot be used."""


class OutputError(AuditYieldError):
    """A result cannot be written."""
