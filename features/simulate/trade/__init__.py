"""Trade of the simulated administration: world, goods, traders, portfolios, declaration lines."""
