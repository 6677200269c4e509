"""Names of months in the languages that a mapping may declare, full and shortened."""

from collections.abc import Mapping, Sequence

# ruff: noqa: RUF001
LANGUAGES: Mapping[str, str] = {
    "de": "januar jan jän; februar feb; märz mär mrz; april apr; mai; juni jun; juli jul; august aug; "
    "september sep sept; oktober okt; november nov; dezember dez",
    "en": "january jan; february feb; march mar; april apr; may; june jun; july jul; august aug; "
    "september sep sept; october oct; november nov; december dec",
    "es": "enero ene; febrero feb; marzo mar; abril abr; mayo may; junio jun; julio jul; agosto ago; "
    "septiembre setiembre sep sept set; octubre oct; noviembre nov; diciembre dic",
    "fr": "janvier janv jan; février fevrier févr fevr fév fev; mars mar; avril avr; mai; juin; juillet "
    "juil; "
    "août aout aoû; septembre sept sep; octobre oct; novembre nov; décembre decembre déc dec",
    "id": "januari jan; februari feb; maret mar; april apr; mei; juni jun; juli jul; agustus agu ags; "
    "september sep; oktober okt; november nov; desember des",
    "it": "gennaio gen; febbraio feb; marzo mar; aprile apr; maggio mag; giugno giu; luglio lug; agosto ago; "
    "settembre set sett; ottobre ott; novembre nov; dicembre dic",
    "nl": "januari jan; februari feb; maart mrt maa; april apr; mei; juni jun; juli jul; augustus aug; "
    "september sep sept; oktober okt; november nov; december dec",
    "pl": "stycznia styczeń sty; lutego luty lut; marca marzec mar; kwietnia kwiecień kwi; maja maj; "
    "czerwca czerwiec cze; lipca lipiec lip; sierpnia sierpień sie; września wrzesień wrz; "
    "października październik paź; listopada listopad lis; grudnia grudzień gru",
    "pt": "janeiro jan; fevereiro fev; março marco mar; abril abr; maio mai; junho jun; julho jul; agosto "
    "ago; "
    "setembro set; outubro out; novembro nov; dezembro dez",
    "ru": "января январь янв; февраля февраль фев февр; марта март мар; апреля апрель апр; мая май; "
    "июня июнь июн; июля июль июл; августа август авг; сентября сентябрь сен сент; октября октябрь окт; "
    "ноября ноябрь ноя нояб; декабря декабрь дек",
    "tr": "ocak oca; şubat şub; mart mar; nisan nis; mayıs may; haziran haz; temmuz tem; ağustos ağu; "
    "eylül eyl; ekim eki; kasım kas; aralık ara",
    "uk": "січня січень січ; лютого лютий лют; березня березень бер; квітня квітень кві; травня травень тра; "
    "червня червень чер; липня липень лип; серпня серпень сер; вересня вересень вер; жовтня жовтень жов; "
    "листопада листопад лис; грудня грудень гру",
}
"""By the ISO 639-1 code of a language: its months in their order, the forms of each."""


def month_names(declared: Sequence[str]) -> Mapping[str, str]:
    """Return the number of each month, such as `02`, by its names: of languages, or twelve names in order.

    >>> month_names(("en", "fr"))["FEB"], month_names(("en", "fr"))["août"]
    ('02', '08')
    """
    years = (
        [[month.split() for month in LANGUAGES[language].split(";")] for language in declared]
        if set(declared) <= LANGUAGES.keys()
        else [[[name] for name in declared]]
    )
    return {
        written: f"{number:02}"
        for year in years
        for number, names in enumerate(year, start=1)
        for name in names
        for written in (name.lower(), name.upper(), name.capitalize())
    }
