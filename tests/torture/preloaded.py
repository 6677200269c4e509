"""What takes seconds to import, once for all processes that are forked from the server which imports this."""

import matplotlib.figure  # noqa: F401
from sqlalchemy.orm import configure_mappers

from features.lightgbm_import import import_lightgbm
from training.tracking.store import quiet

import_lightgbm()  # as commands do

with quiet():
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401

    import training.score
    import training.train  # noqa: F401

configure_mappers()  # of MLflow's store
