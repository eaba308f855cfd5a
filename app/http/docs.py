"""Interactive documentation. The process serves all its files, so no other host is needed."""

import json
from importlib.resources import files

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.http.routing import create_router

ASSETS = str(files("fastapi_swagger.resources"))
"""Folder of the Swagger UI files in their package."""

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

# A separate file, because the policy forbids scripts inside a page.
START = "SwaggerUIBundle({options});"
OPTIONS = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "deepLinking": True,
    "displayRequestDuration": True,
    "tryItOutEnabled": True,
}

router = create_router(in_document=False)
router.mount("/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")


@router.get("/docs")
async def read_docs(request: Request) -> HTMLResponse:
    """Return the page with Swagger UI."""
    return HTMLResponse(
        PAGE.format(title=request.app.title),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
    )


@router.get("/docs/start.js")
async def read_start_script() -> Response:
    """Return the script that starts Swagger UI on the page."""
    return Response(START.format(options=json.dumps(OPTIONS)), media_type="text/javascript")
