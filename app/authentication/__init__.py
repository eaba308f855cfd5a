"""Log-in with passwords, sessions over HTTP, and the principal of a request."""

from app.authentication.router import router
from app.runtime.feature import Feature

feature = Feature(
    name="authentication",
    tag="auth",
    description="Log-in, sessions, verification of addresses, and password resets.",
    router=router,
)
