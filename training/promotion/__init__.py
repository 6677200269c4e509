"""Which version serves: the gate that judges it and the promotion that publishes it."""
