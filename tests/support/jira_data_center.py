"""jira820 with an empty project, two statuses more than its own and the resolutions that a security team uses.

Its own world of example issues is not seeded: a test counts what it made. Settings: JIRA820_* variables.
"""

import uvicorn
from jira820.config import load_config
from jira820.server import make_app
from jira820.store import Store

config = load_config()
store = Store(config, seed=False)
uvicorn.run(make_app(store=store, config=config), host=config.host, port=config.port, log_level="warning")
