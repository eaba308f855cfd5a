"""Health check of a container, which exits with 0 if the service responds with 200.

The path is `/livez`, or the argument. PORT and ALLOWED_HOSTS are read from the environment only:
`.env` and the option `--port` of `serve` are ignored. `http.client` does not use the proxy of
HTTP_PROXY.
"""

import http.client
import os
import sys

from app.core.setting_types import read_host

path = sys.argv[1] if len(sys.argv) > 1 else "/livez"
# The first item of ALLOWED_HOSTS is a `Host` that the application accepts, even if it is a pattern.
patterns = [part.strip() for part in os.environ.get("ALLOWED_HOSTS", "").split(",")]
host = next(filter(None, patterns), "*")
if host != "*":
    wildcard = "*." if host.startswith("*.") else ""
    host = wildcard + read_host(host.removeprefix(wildcard)).strip("[]")
    host = f"[{host}]" if ":" in host else host
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=2)
connection.request("GET", path, headers={"Host": host})
sys.exit(connection.getresponse().status != 200)
