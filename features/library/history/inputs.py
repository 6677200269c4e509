"""The columns of the contract that say that an audit was closed, and what it found."""

AUDITED = "audits.status audits.closed_on audits.known_on"
FOUND = f"{AUDITED} findings.event findings.amount findings.known_on"
RECORD = f"{FOUND} audits.period_from audits.period_to declarations.customs_value"
