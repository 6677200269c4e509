"""The log of the process itself: what happened to the service, a line a record, for people or as JSON."""

import logging

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

OF_BENTOML = ("component", "levelname_bracketed", "request_id", "service_name", "trace_msg")
"""What BentoML adds to every record for its own format; all of it is the same here, or empty."""


def as_json() -> logging.Formatter:
    """Return a formatter of records: time in UTC, level, logger, message, and the traceback of an error."""
    return JsonFormatter(
        ["levelname", "name", "message"],
        timestamp="time",
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
        reserved_attrs=[*RESERVED_ATTRS, *OF_BENTOML],
    )


def install(style: str) -> None:
    """Let all lines of this process be `text`, as BentoML has set them up, or `json`."""
    if style == "json":
        for handler in logging.root.handlers:
            handler.setFormatter(as_json())
