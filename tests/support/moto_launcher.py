"""moto as a test needs it: it refuses inactive access keys, as AWS does, and moto by itself does not.

Usage: moto_launcher.py serve PORT
       moto_launcher.py drive ENDPOINT   (reads operations for boto3 from standard input, one JSON object a line, and answers each
                                          with a line: {"ok": ...} or {"error": ...})
"""

import json
import sys


def serve(port: str) -> None:
    from moto.iam import access_control
    from moto.server import main

    original = access_control.IAMUserAccessKey.__init__

    def refuse_inactive(self, account_id, partition, access_key_id, headers):
        original(self, account_id, partition, access_key_id, headers)
        for user in self.backend.list_users("/", None, None):
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status != "Active":
                    raise access_control.CreateAccessKeyFailure(reason="InvalidId")

    access_control.IAMUserAccessKey.__init__ = refuse_inactive
    main(["-H", "127.0.0.1", "-p", port])


def drive(endpoint: str) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={})
    clients = {}
    for line in sys.stdin:
        asked = json.loads(line)
        region, token = asked.get("region") or "us-east-1", asked.get("token")
        who = (asked["service"], asked["id"], asked["secret"], region)
        try:
            if who not in clients:
                clients[who] = boto3.client(
                    asked["service"],
                    endpoint_url=endpoint,
                    region_name=region,
                    aws_access_key_id=asked["id"],
                    aws_secret_access_key=asked["secret"],
                    aws_session_token=token,
                    config=config,
                )
            client = clients[who]
            if "bulk" in asked:
                # The same operation many times: a round trip each would take minutes.
                answer = [getattr(client, asked["operation"])(**arguments) for arguments in asked["bulk"]]
                answer = len(answer)
            elif "paginate" in asked:
                pages = client.get_paginator(asked["operation"]).paginate(**asked["arguments"])
                answer = [item for page in pages for item in page[asked["paginate"]]]
            else:
                answer = getattr(client, asked["operation"])(**asked["arguments"])
                answer.pop("ResponseMetadata", None)
            said = {"ok": answer}
        except (ClientError, BotoCoreError) as error:
            said = {"error": str(error)}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    {"serve": serve, "drive": drive}[sys.argv[1]](*sys.argv[2:])
