"""What of Prefect's application is served behind the guard."""

import asyncio

import httpx
import pytest

from stagecraft.prefect.app import guarded_app

MANUAL = ["/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"]


@pytest.mark.first_quick
@pytest.mark.parametrize("is_temporary", [False, True])
def test_no_page_of_it_loads_scripts_from_elsewhere_nor_tells_of_the_api(
    is_temporary: bool,
) -> None:
    app = guarded_app(["localhost"], is_temporary)

    async def texts() -> list[str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [(await client.get(f"{at}{path}")).text for at in ("", "/api") for path in MANUAL]

    for text in asyncio.run(texts()):
        assert "swagger" not in text.lower() and "redoc" not in text.lower() and "/block_types" not in text
