"""Faults: what the service does while something that it needs fails, and afterwards. `make faults`
starts a PostgreSQL, a Redis and two processes of the service, has each fault happen under load, and
prints what became of the requests. It takes no part in `make check`, for it takes minutes.

What has to be true of each fault stands in `trial.py`: nothing that was acknowledged is lost and
nothing is half-written; who meets the fault is answered 503, to come again, and never 500; as soon
as `/readyz` says so all requests are done again; memory and connections are as before; the log says
why, and holds no secret.

What is not so, and who has to see to it:
- uvicorn bounds neither the number of slow clients nor their time. A connection costs up to 30 kB
  and a descriptor, and holds no turn at the database; the proxy has to hang up on them, by a
  timeout for headers and one for bodies.
- Who waits for a statement while PostgreSQL hangs waits for COMMAND_SECONDS, and a commit that was
  under way then is answered 503 and may still have happened.
- A Redis that cannot count makes `/readyz` fail, although all requests succeed.
- Requests ask Redis again after pauses of up to 32 seconds, `/readyz` each time; until then each
  process counts alone.
"""

import pytest

# Its assertions are made for tests: what they compared is shown.
pytest.register_assert_rewrite("faults.trial")
