"""Regular expressions of what a form can read, one for every engine and for Python: numbers and days."""

import re
from datetime import date

from features.data.mapping.days import SERIAL, SERIALS, DayForm, days_that_exist
from features.data.mapping.form import Form
from features.data.mapping.months import month_names

LONG_EXPONENT = "[eE][+-]?([12][0-9]{2}|30[0-7])"
"""An exponent of three digits, behind one digit before the mark: the largest that a float holds."""
NO_NUMBER = "(nan|NaN|NAN|inf|Inf|INF|Infinity)"
LONGEST_NUMBER = 200
"""Characters that every engine can read as a float."""
BLANK = " \t\u00a0\u2007\u2009\u202f\u3000"
"""Characters that look like a blank: a space, a tab, no-break, figure, thin and ideographic spaces."""
MARKS = {" ": f"[{BLANK}]", "'": "['\u2019]", ",": ",", ".": r"\."}
"""The regular expression of each mark between thousands."""
MIDNIGHT = r"([ T](0?0:00(:00(\.0+)?)?|12:00(:00)? ?[Aa][Mm])Z?)?"
TIME_OF_DAY = (
    r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?[AaPp]\.?[Mm]\.?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)


def number_pattern(form: Form) -> str:
    """Return the regular expression of the numbers that a form can read, words for zero left out.

    Behind a mark of thousands three digits follow at the end and two or three before: `12,34,567` is
    written so in India. Nothing else with a mark is a number, so that `1,5` is not read as 15.
    """
    if form.thousands:
        mark = MARKS[form.thousands]
        whole = f"([0-9]{{1,3}}({mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}|[0-9]+)"
    else:
        whole = "[0-9]+"
    decimal, percent = re.escape(form.decimal), "( ?%)?" if form.unit == "percent" else ""
    size = f"({whole}({decimal}[0-9]*)?|{decimal}[0-9]+)([eE][+-]?[0-9]{{1,2}})?"
    alternatives = [
        f"[+-]?{size}{percent}",
        f"[+-]?[0-9]({decimal}[0-9]*)?{LONG_EXPONENT}",
        f"[+-]?{NO_NUMBER}",
    ]
    if form.negatives == "brackets":
        alternatives.append(rf"\({size}{percent}\)")
    if form.negatives == "trailing":
        alternatives.append(f"{size} ?-{percent}")
    return f"^({'|'.join(alternatives)})$"


def day_pattern(form: Form, dates: str) -> str:
    """Return the regular expression of the days that a form can read, written in one of its `dates`."""
    if dates in SERIALS:
        return rf"^{SERIAL}(\.{'[0-9]+' if form.times == 'drop' or form.zone else '0+'})?$"
    time = TIME_OF_DAY if form.times == "drop" or form.zone else MIDNIGHT
    return f"^({days_that_exist(dates, months=form.months)}){time}$"


def written_day(day: date, form: Form) -> str:
    """Return a day as a form writes it, in the first of its forms of days.

    >>> written_day(date(2024, 2, 3), Form(dates="d-mon-yy", pivot=50, months=("en",)))
    '3-february-24'
    """
    dates = form.day_forms[0]
    if dates in SERIALS:
        return str((day - date.fromisoformat(SERIALS[dates])).days)
    names = (
        {number: name for name, number in reversed(list(month_names(form.months).items()))}
        if form.months
        else {}
    )
    year, month = f"{day.year:04}", f"{day.month:02}"
    parts = {"yyyy": year, "yy": year[2:], "mm": month, "m": str(day.month), "mon": names.get(month, month)}
    parts |= {"dd": f"{day.day:02}", "d": str(day.day)}
    return "".join(parts.get(part, part) for part in DayForm.of(dates).parts)


def bare(form: Form, text: str) -> str:
    """Return a text without what a form says is no part of it, as the engines do; empty for no value."""
    text = text.strip(BLANK) if form.blanks == "drop" else text
    removed = form.remove.replace(" ", BLANK)
    text = "".join(character for character in text if character not in removed)
    text = "" if text in (*form.empty, *form.unknown) else text
    return form.codes.get(text.strip().lower(), text)


def reads_number(form: Form, text: str) -> bool:
    """Return whether a form reads a text as a number, as the engines do."""
    text = bare(form, text)
    fits = len(text) <= LONGEST_NUMBER and re.fullmatch(number_pattern(form)[1:-1], text)
    return not text or text in form.zeros or bool(fits)


def reads_day(form: Form, text: str) -> bool:
    """Return whether a form reads a text as a day, as the engines do."""
    text = bare(form, text)
    return not text or any(re.fullmatch(day_pattern(form, dates)[1:-1], text) for dates in form.day_forms)
