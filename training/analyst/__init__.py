"""The analyst: the rival of every backtest, a page of SQL and a plain hurdle on it."""
