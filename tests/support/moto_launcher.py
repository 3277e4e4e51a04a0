"""moto as a test needs it: it refuses inactive access keys, as AWS does, and moto by itself does not.

Usage: moto_launcher.py serve PORT
       moto_launcher.py call ENDPOINT SERVICE OPERATION JSON   (an operation through boto3, with the credentials of the environment)
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


def call(endpoint: str, service: str, operation: str, arguments: str) -> None:
    import boto3
    from botocore.config import Config

    config = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={})
    client = boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", config=config)
    answer = getattr(client, operation)(**json.loads(arguments))
    answer.pop("ResponseMetadata", None)
    json.dump(answer, sys.stdout, default=str)


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
