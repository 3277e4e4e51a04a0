"""What hvac, an independent client, reads of a server, as JSON: secrets with their versions, accessors, secret-ids.

Usage: hvac_read.py URL [NAMESPACE...]   (the token is in VAULT_TOKEN)
"""
import json
import os
import sys

import hvac
from hvac.exceptions import InvalidPath


def listed(call):
    try:
        return call()["data"]["keys"]
    except InvalidPath:
        return []


def walk_v2(client, mount, folder=""):
    for name in listed(lambda: client.secrets.kv.v2.list_secrets(path=folder, mount_point=mount)):
        if name.endswith("/"):
            yield from walk_v2(client, mount, folder + name)
        else:
            data = client.secrets.kv.v2.read_secret_metadata(path=folder + name, mount_point=mount)["data"]
            versions = {number: [v["created_time"], v["deletion_time"], v["destroyed"]] for number, v in data["versions"].items()}
            yield f"{mount}/{folder}{name}", {"versions": versions, "custom": data["custom_metadata"]}


def walk_v1(client, mount, folder=""):
    for name in listed(lambda: client.secrets.kv.v1.list_secrets(path=folder, mount_point=mount)):
        if name.endswith("/"):
            yield from walk_v1(client, mount, folder + name)
        else:
            yield f"{mount}/{folder}{name}", {"versions": {}, "custom": None}


def read(url, namespace):
    client = hvac.Client(url=url, token=os.environ["VAULT_TOKEN"], namespace=namespace)
    out = {"secrets": {}, "accessors": [], "secret_ids": []}
    for path, mount in client.sys.list_mounted_secrets_engines()["data"].items():
        if mount["type"] == "kv":
            walk = walk_v2 if (mount["options"] or {}).get("version") == "2" else walk_v1
            out["secrets"].update(walk(client, path.rstrip("/")))
    out["accessors"] = sorted(listed(lambda: client.list("auth/token/accessors")))
    for path, mount in client.sys.list_auth_methods()["data"].items():
        if mount["type"] == "approle":
            for role in listed(lambda: client.auth.approle.list_roles(mount_point=path.rstrip("/"))):
                for accessor in listed(lambda: client.auth.approle.list_secret_id_accessors(role, mount_point=path.rstrip("/"))):
                    out["secret_ids"].append(f"{role}:{accessor}")
    return out


# hvac's `list` gives None where there is nothing.
hvac_list = hvac.Client.list
hvac.Client.list = lambda self, path: hvac_list(self, path) or {"data": {"keys": []}}
print(json.dumps({name: read(sys.argv[1], name or None) for name in sys.argv[2:] or [""]}))
