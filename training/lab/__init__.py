"""Policy lab: many simulated years, in which each policy chooses the audits and learns from its own."""
