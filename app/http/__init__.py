"""HTTP: middleware, error responses, limits, and the base of all routers."""
