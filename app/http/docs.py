"""The interactive documentation, served by the process itself: no foreign host is asked."""

import json
from importlib.resources import files

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

ASSETS = str(files("fastapi_swagger.resources"))
"""Swagger UI, as its package carries it."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

# A file of its own, because the policy runs no script that stands in a page.
START = "SwaggerUIBundle({options});"
OPTIONS = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "deepLinking": True,
    "displayRequestDuration": True,
    "tryItOutEnabled": True,
}

router = APIRouter(include_in_schema=False)
router.mount("/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(
        PAGE.format(title=request.app.title),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )


@router.get("/docs/start.js")
async def read_start_script() -> Response:
    """What starts Swagger UI on the page."""
    return Response(START.format(options=json.dumps(OPTIONS)), media_type="text/javascript")
