"""Languages of answers: what a text is in each, and how its readers write numbers and days.

English is the text itself. Every other language is a catalogue of gettext beside this file, `CODE.po`, that a
translator edits as it stands; nothing is compiled.
"""

from features.language.language import ENGLISH, LANGUAGES, Language, language_named

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language_named"]
