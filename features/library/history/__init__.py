"""History: what audits, controls, letters and payments have shown of a trader, and who the trader is."""
