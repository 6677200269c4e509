"""What simulated traders import: the world, goods, traders, portfolios, declaration lines."""
