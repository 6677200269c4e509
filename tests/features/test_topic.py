"""Topics: each indicator of the library stands in one, and each of theirs is an indicator of the library."""

from features.library import LIBRARY
from features.topic import TOPIC_OF, TOPICS, topic_of

LONGEST_HEADING = 45


def test_each_indicator_of_the_library_stands_in_one_topic() -> None:
    listed = [indicator for indicators in TOPICS.values() for indicator in indicators.split()]
    assert sorted(listed) == sorted({feature.indicator for feature in LIBRARY.features})
    assert len(listed) == len(TOPIC_OF)


def test_a_heading_is_a_few_plain_words_that_take_no_side() -> None:
    for topic in TOPICS:
        assert len(topic) <= LONGEST_HEADING
        assert not set(topic.lower().split()) & {
            "low",
            "high",
            "too",
            "missing",
            "risk",
            "suspicious",
            "under",
        }


def test_an_indicator_without_a_topic_stands_for_itself() -> None:
    assert topic_of("gate_hours") == "Gate hours"
