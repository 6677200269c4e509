"""A model tells that it is asked about traders it was not trained among."""

from features.language import language_named
from models.population import SIZE, sketch, strangers

OURS = [f"T{number}" for number in range(1000)]
OTHERS = [f"N{number}" for number in range(1000)]


def test_the_sketch_is_small_and_the_same_in_any_order() -> None:
    assert sketch(OURS) == sketch(reversed(OURS))
    assert len(sketch(OURS).split()) == SIZE
    assert len(sketch(OURS[:5]).split()) == 5


def test_the_same_traders_are_no_strangers_even_where_most_have_gone() -> None:
    assert strangers(sketch(OURS), OURS) is None
    assert strangers(sketch(OURS), [*OURS[::4], *OTHERS]) is None


def test_others_are_strangers_in_every_language() -> None:
    assert f"Of {SIZE} traders that the model was trained among, 0 are in this data" in (
        strangers(sketch(OURS), OTHERS) or ""
    )
    assert strangers(sketch(OURS), [*OURS[:20], *OTHERS]) is not None
    assert (strangers(sketch(OURS), OTHERS, language_named("ru")) or "").startswith("Из ")


def test_a_model_of_an_earlier_release_says_nothing_of_them() -> None:
    assert strangers("", OURS) is None
