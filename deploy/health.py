"""Exit 0 while this container's web process reaches PostgreSQL and Valkey. Used by docker-compose.yml."""

import os
import urllib.request

host = os.environ["QUNCE_HOSTS"].partition(",")[0]
question = urllib.request.Request(
    "http://127.0.0.1:8000/health/?format=text", headers={"Host": host, "X-Forwarded-Proto": "https"}
)
with urllib.request.urlopen(question, timeout=8):
    pass
