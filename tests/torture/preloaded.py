"""What takes seconds to import, once for all processes that are forked from the server which imports this."""

import matplotlib.figure  # noqa: F401

from features.lean import import_lightgbm
from training.home import quiet

import_lightgbm()  # as commands do

with quiet():
    import training.score
    import training.train  # noqa: F401
