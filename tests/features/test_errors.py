"""Errors for people keep their parts wherever they are raised."""

from copy import copy

from features.errors import SettingError


def test_an_error_that_comes_from_another_process_keeps_its_parts() -> None:
    error = SettingError("The share is 2.", expected="at most 1.", advice="Lower it.")

    again = copy(error)  # as a process hands it on

    assert type(again) is SettingError
    assert (again.found, again.expected, again.advice, str(again)) == (
        "The share is 2.",
        "at most 1.",
        "Lower it.",
        str(error),
    )
