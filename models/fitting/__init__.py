"""Parts that models are fitted from: matrices, boosting, links, calibration, intervals."""
