"""Offences: fraud, negligence and errors found by audits, and penalties."""

from ibis.expr import types as ir

from features.feature import Example, feature
from features.library.history.inputs import FINDINGS
from features.library.literature import AEO, WCO_AUDIT
from features.unit import Unit


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FINDINGS} findings.culpability",
    label="Audits that found fraud",
    phrase="Audits of this trader in which money assessed for fraud stands: {value}.",
    why="Intent once proven is the strongest sign that a trader may evade again; where none was proven, the "
    "sign is not there.",
    monotone=1,
    example=Example("assessed_as_fraud", [(500.0,), (0.0,), (20.0,)], 2.0),
)
def fraud_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for fraud stands."""
    return audits.count(where=audits.assessed_as_fraud > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FINDINGS} findings.culpability",
    label="Audits that found negligence",
    phrase="Audits of this trader in which money assessed for negligence stands: {value}.",
    why="Who did not take care before seldom takes much more now: the oftener it was so, the likelier it is "
    "again.",
    tends=1,
    example=Example("assessed_as_negligence", [(500.0,), (0.0,)], 1.0),
)
def negligence_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for negligence stands."""
    return audits.count(where=audits.assessed_as_negligence > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.COUNT,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FINDINGS} findings.culpability",
    label="Audits that found errors",
    phrase="Audits of this trader in which money assessed for honest errors stands: {value}.",
    why="Honest errors come from weak procedures: the oftener there were some, the likelier the procedures "
    "are still weak.",
    tends=1,
    example=Example("assessed_as_error", [(500.0,), (0.0,)], 1.0),
)
def error_audits(audits: ir.Table) -> ir.IntegerScalar:
    """Number of audits in which money assessed for errors without fault stands."""
    return audits.count(where=audits.assessed_as_error > 0)


@feature(
    source="audits",
    empty=0.0,
    unit=Unit.MONEY,
    indicator="offences",
    reference=f"{WCO_AUDIT}; {AEO}",
    inputs=f"{FINDINGS} findings.tax_type",
    label="Penalties",
    phrase="Penalties of {value} have been charged to this trader and stand.",
    why="Penalties are charged where the fault is the trader's own: the more were charged, the likelier the "
    "next fault.",
    tends=1,
    example=Example("penalties", [(500.0,), (-100.0,)], 400.0),
)
def penalties(audits: ir.Table) -> ir.FloatingScalar:
    """Penalties assessed in all audits, net of what was reduced or cancelled."""
    return audits.penalties.sum()
