"""Recent values are there, and the one used least is given up."""

from features.recent import Recent


def test_a_value_is_worked_out_once_until_it_is_given_up() -> None:
    recent, asked = Recent(2), list[str]()

    def value(key: str) -> str:
        def work_out() -> str:
            asked.append(key)
            return key.upper()

        return recent.of(key, work_out)

    assert [value(each) for each in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert asked == ["a", "b", "c", "b"]
