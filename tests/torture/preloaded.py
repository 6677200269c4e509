"""What takes seconds to import, once for all processes that are forked from the server which imports this."""

import matplotlib.figure  # noqa: F401

import training.score
import training.train  # noqa: F401
from training.home import quiet

with quiet():
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
