"""Yield models: from a row of features to expected money, a probability, an interval and reasons."""

from typing import TYPE_CHECKING

from features.lazy import lazy_exports

if TYPE_CHECKING:
    from models.base import State as State
    from models.base import YieldModel as YieldModel
    from models.baselines import DeclaredValueModel as DeclaredValueModel
    from models.baselines import PastYieldModel as PastYieldModel
    from models.baselines import RuleScoreModel as RuleScoreModel
    from models.bundle.artefact import Bundle as Bundle
    from models.bundle.artefact import load_bundle as load_bundle
    from models.card import ModelCard as ModelCard
    from models.direct import DirectModel as DirectModel
    from models.direct import PlainModel as PlainModel
    from models.direct import RandomForestModel as RandomForestModel
    from models.direct import RidgeModel as RidgeModel
    from models.hurdle import HurdleModel as HurdleModel
    from models.kinds import MODELS as MODELS
    from models.prediction import Explanation as Explanation
    from models.prediction import Prediction as Prediction
    from models.tweedie import TweedieModel as TweedieModel
else:
    __getattr__, __dir__, __all__ = lazy_exports(
        __name__,
        {
            "base": ("State", "YieldModel"),
            "baselines": ("DeclaredValueModel", "PastYieldModel", "RuleScoreModel"),
            "bundle.artefact": ("Bundle", "load_bundle"),
            "card": ("ModelCard",),
            "direct": ("DirectModel", "PlainModel", "RandomForestModel", "RidgeModel"),
            "hurdle": ("HurdleModel",),
            "kinds": ("MODELS",),
            "prediction": ("Explanation", "Prediction"),
            "tweedie": ("TweedieModel",),
        },
    )
