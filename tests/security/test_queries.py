"""What an authenticated request costs in statements."""

from httpx import AsyncClient

from app.core.resources import Resources
from tests.factories import API, Factory
from tests.observation import recorded_statements


async def test_reading_the_own_account_takes_one_query(
    live: AsyncClient, live_factory: Factory, live_resources: Resources
) -> None:
    login = await live_factory.login()
    await live.get(f"{API}/users/me", headers=login.headers)

    with recorded_statements(live_resources) as statements:
        await live.get(f"{API}/users/me", headers=login.headers)

    assert len(statements) == 1
    assert statements[0].startswith("SELECT users.id")
