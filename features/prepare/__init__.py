"""The rows that features aggregate, with the facts that need peers, the tariff or past audits.

Every table here has `trader_id`, `happened_on` (its day), `known_on`, and `superseded_on`, the first day on
which the row no longer holds (empty while it does). What peers add to a row was known when the row's own
quarter began, so it does not depend on a cutoff; `as_known` alone says which rows a cutoff may see.
"""

from features.prepare.prepared import Prepared
from features.prepare.rows import ROWS, RowKind

__all__ = ["ROWS", "Prepared", "RowKind"]
