"""The reasons on a page: a line a topic, whole units that add up, the waterfall, links to what is behind."""

import re
from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from features.data.contract.required import FINDING_TYPES
from features.errors import SettingError
from serving.live.peers import peers
from serving.live.state import Live
from serving.page import shown_features, trader_page
from serving.page.lines import account_of
from serving.page.render import change, money, part
from serving.page.trader import View, ranking_row
from serving.page.waterfall import HAIR, WIDTH, waterfall


@pytest.mark.parametrize("top", [1, 3, 8])
def test_the_lines_of_every_trader_add_up_in_whole_units(top: int, live: Live) -> None:
    for trader in live.ranking["trader_id"].to_pylist()[::7]:
        account = account_of(live, trader, among=peers(live, trader), top=top)
        assert account.base + sum(line.money for line in account.lines) + account.rest == account.total
        for line in (*account.lines, *account.others):
            assert sum(each.money for each in line.types) == line.money
            for each in line.types:
                assert sum(part.money for part in each.parts) + each.silent_money == each.money
        row = live.ranking_by_row.slice(live.row_index[trader], 1).to_pylist()[0]
        assert account.total == round(row["expected_yield"])


@pytest.mark.parametrize("view", ["full", "notice"])
def test_a_page_says_the_reasons_that_were_worked_out_when_the_model_went_live(
    view: View, live: Live, traders: list[str]
) -> None:
    own = replace(live, bundle=replace(live.bundle, model=copy(live.bundle.model)))
    alone = trader_page(own, traders[0], view=view)
    assert len(own.explanations.total) == len(traders)
    del own.bundle.model.margins_  # from here on it can explain nobody
    assert trader_page(own, traders[0], view=view) == alone


def test_what_is_printed_adds_up(live: Live) -> None:
    for trader in live.ranking["trader_id"].to_pylist()[:20]:
        page = trader_page(live, trader)
        why = page[page.index('<div class="why">') : page.index("</table>")]
        *parts, total = [
            int(text.replace(",", "").replace("−", "-").replace("+", ""))  # noqa: RUF001
            for text in re.findall(r'class="num">([^<]+)<', why)
        ]
        assert sum(parts) == total
        split = page[page.index("What would be found") :]
        shown = re.findall(
            r'"row">(\w+)<.*?class="num">([^<]+)<', split[: split.index("</table>")], re.DOTALL
        )
        amounts = {kind.lower(): int(text.replace(",", "").replace("−", "-")) for kind, text in shown}  # noqa: RUF001
        assert sum(amounts.values()) == total
        row = ranking_row(live, trader)
        assert set(amounts) == set(FINDING_TYPES)
        assert all(abs(amount - row[f"expected_{kind}"]) <= 1 for kind, amount in amounts.items())


def test_an_unknown_value_is_said_to_be_unknown(live: Live) -> None:
    unknown = np.argwhere(np.isnan(live.X))
    assert len(unknown)
    row_index, column = unknown[0]
    trader = live.snapshot.table["trader_id"][int(row_index)].as_py()
    account = account_of(live, trader, among=peers(live, trader), top=100)
    label = live.bundle.words[column].label
    parts = [part for line in account.lines for each in line.types for part in each.parts]
    [part] = [part for part in parts if part.sentence == f"{label}: unknown."]
    assert (part.value, part.turns_at, part.peers) == (None, None, None)


def test_a_reason_leads_to_its_rows_and_a_combined_one_to_those_it_is_made_of(live: Live) -> None:
    trader = live.ranking["trader_id"][0].as_py()
    names = shown_features(live, trader)
    assert names
    page = trader_page(live, trader)
    for name in names:
        assert live.snapshot.features.by_name[name].source is not None
        assert f'href="/traders/{trader}/evidence/{name}"' in page


def test_an_unknown_trader_has_no_page(live: Live) -> None:
    with pytest.raises(SettingError, match="no trader 'nobody'"):
        trader_page(live, "nobody")


def test_bars_go_on_where_the_last_one_ended() -> None:
    falls = waterfall(40, [60, -50])
    assert [(bar.kind, bar.left, bar.width, bar.end) for bar in falls.bars] == [
        ("level", 0.0, 40.0, 40.0),
        ("more", 40.0, 60.0, 100.0),
        ("less", 50.0, 50.0, 50.0),
        ("level", 0.0, 50.0, 50.0),
    ]
    assert falls.zero == 0.0


def test_a_waterfall_may_go_below_zero() -> None:
    falls = waterfall(10, [-40])
    assert falls.zero == 75.0
    assert [(bar.left, bar.width) for bar in falls.bars] == [(75.0, 25.0), (0.0, 100.0), (0.0, 75.0)]


@pytest.mark.parametrize("changes", [[], [0.0], [1e-9, 1e9], [-1e9, 1e9]])
def test_every_bar_can_be_seen_and_stays_inside(changes: list[float]) -> None:
    for bar in waterfall(0.0, changes).bars:
        assert HAIR <= bar.width <= WIDTH
        assert 0 <= bar.left <= WIDTH - bar.width


def test_numbers_are_written_for_people() -> None:
    assert (money(-1234.4), money(-0.2), money(0)) == ("−1,234", "0", "0")  # noqa: RUF001
    assert (change(1234.0), change(-5), change(0)) == ("+1,234", "−5", "0")  # noqa: RUF001
    assert part("a/b c") == "a%2Fb%20c"
