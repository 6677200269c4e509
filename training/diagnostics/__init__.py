"""What a training learned and how far it can be trusted: importance, reliability, circumstances, learning."""
