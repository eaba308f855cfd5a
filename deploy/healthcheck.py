"""The health check of a container: exit with 0 if the service inside responds with 200.

The path is `/livez`, or the argument. `http.client` does not use the proxy of HTTP_PROXY.
"""

import http.client
import os
import sys

path = sys.argv[1] if len(sys.argv) > 1 else "/livez"
# A `Host` that the application accepts: the first of ALLOWED_HOSTS, even if it is a pattern.
host = os.environ.get("ALLOWED_HOSTS", "*").split(",")[0].strip()
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=2)
connection.request("GET", path, headers={"Host": host})
sys.exit(connection.getresponse().status != 200)
