"""The service for risk units and the auditor's page."""
