"""History: a trader's audits, controls, letters and payments, and its identity."""
