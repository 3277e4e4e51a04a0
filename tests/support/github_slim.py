"""Cuts GitHub's own description of its API (npm @octokit/openapi) down to the paths that driftgate reads: the whole takes prism half
a minute to load. Usage: github_slim.py WHOLE.json SLIM.json"""

import json
import sys

PATHS = """
/app/installations/{installation_id}/access_tokens
/orgs/{org}/actions/secrets
/orgs/{org}/actions/secrets/{secret_name}/repositories
/orgs/{org}/codespaces/secrets
/orgs/{org}/codespaces/secrets/{secret_name}/repositories
/orgs/{org}/credential-authorizations
/orgs/{org}/dependabot/secrets
/orgs/{org}/dependabot/secrets/{secret_name}/repositories
/orgs/{org}/installation
/orgs/{org}/installations
/orgs/{org}/personal-access-tokens
/orgs/{org}/personal-access-tokens/{pat_id}/repositories
/orgs/{org}/repos
/repos/{owner}/{repo}
/repos/{owner}/{repo}/actions/organization-secrets
/repos/{owner}/{repo}/actions/secrets
/repos/{owner}/{repo}/codespaces/secrets
/repos/{owner}/{repo}/dependabot/secrets
/repos/{owner}/{repo}/environments
/repos/{owner}/{repo}/environments/{environment_name}/secrets
/repos/{owner}/{repo}/installation
/repos/{owner}/{repo}/issues
/repos/{owner}/{repo}/issues/comments
/repos/{owner}/{repo}/issues/events
/repos/{owner}/{repo}/issues/{issue_number}
/repos/{owner}/{repo}/issues/{issue_number}/comments
/repos/{owner}/{repo}/issues/{issue_number}/events
/repos/{owner}/{repo}/keys
/user
/user/repos
/users/{username}/installation
/users/{username}/repos
""".split()

# What GitHub answers anywhere, though the single paths do not all say so (GitHub docs, "Troubleshooting the REST API", "Best
# practices for using the REST API").
ANYWHERE = {"301": "Moved", "304": "Not modified", "401": "Bad credentials", "403": "Forbidden", "404": "Not found", "410": "Gone",
            "429": "Limited"}


def main():
    whole_name, slim_name = sys.argv[1:3]
    with open(whole_name, encoding="utf-8") as file:
        whole = json.load(file)
    slim = {key: whole[key] for key in ("openapi", "info", "servers")}
    slim["paths"] = {}
    for path in PATHS:
        # Tests change issues through GitHub's own call.
        wanted = ("get", "post", "patch") if path.endswith("{issue_number}") else ("get", "post")
        methods = {method: what for method, what in whole["paths"][path].items() if method in wanted}
        for what in methods.values():
            for status, description in ANYWHERE.items():
                what["responses"].setdefault(status, {"description": description})
        slim["paths"][path] = methods
    slim["components"] = {}
    todo = [slim["paths"]]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo.extend(node)
        elif isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference.startswith("#/components/"):
                _, _, kind, name = reference.split("/", 3)
                known = slim["components"].setdefault(kind, {})
                if name not in known:
                    known[name] = whole["components"][kind][name]
                    todo.append(known[name])
            todo.extend(node.values())
    with open(slim_name, "w", encoding="utf-8") as file:
        json.dump(slim, file)


main()
