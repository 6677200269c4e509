"""What simulated traders misdeclare: intent, schemes, honest mistakes, linked traders."""
