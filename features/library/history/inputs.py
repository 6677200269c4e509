"""Inputs of several features: the columns of the contract for closed audits and their findings."""

AUDITED = "audits.status audits.closed_on audits.known_on"
FINDINGS = f"{AUDITED} findings.event findings.amount findings.known_on"
RECORD = f"{FINDINGS} audits.period_from audits.period_to declarations.customs_value"
