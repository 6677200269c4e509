"""The HTTP API: the application, its routes, the schemas of requests and responses."""
