"""A small ServiceNow instance with a state: tables under the Table API, basic and OAuth logins, access rules, journals, audit.

Usage: servicenow_fake.py serve PORT            (plain HTTP on PORT; TLS on the port that GET /__tls names, with its root;
                                                 POST /__control and GET /__log are the tests' own)
       servicenow_fake.py drive ENDPOINT CA     (pysnc, ServiceNow's own client, over TLS: reads calls from standard input, one JSON
                                                 object a line, and answers each with a line: {"ok": ...} or {"error": ...})

Answers, headers, encoded queries and errors follow the pages "Table API", "Encoded query strings" and "OAuth 2.0" of ServiceNow's
documentation. An encoded query that it does not understand is refused, where an instance would ignore the condition.
"""

import base64
import datetime
import json
import re
import ssl
import sys
import threading
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIXES = {"sc_req_item": "RITM", "sc_task": "SCTASK", "incident": "INC", "change_request": "CHG", "u_access": "ACC"}
STATES = {
    "sc_req_item": {"1": "Open", "2": "Work in Progress", "3": "Closed Complete", "4": "Closed Incomplete", "7": "Closed Skipped"},
    "sc_task": {"1": "Open", "2": "Work in Progress", "3": "Closed Complete", "4": "Closed Incomplete", "7": "Closed Skipped"},
    "incident": {"1": "New", "2": "In Progress", "6": "Resolved", "7": "Closed", "8": "Canceled"},
    "change_request": {"-5": "New", "-1": "Implement", "3": "Closed", "4": "Canceled"},
    "u_access": {"1": "Open", "3": "Closed Complete"},
}
CLOSED = {"3", "4", "6", "7", "8"}
REFERENCES = {
    "opened_by": "sys_user", "assigned_to": "sys_user", "closed_by": "sys_user", "requested_for": "sys_user", "approver": "sys_user",
    "u_person": "sys_user", "request_item": "sc_req_item", "sysapproval": "*", "sc_item_option": "sc_item_option",
    "item_option_new": "item_option_new", "question": "item_option_new",
}
TIMES = {"opened_at", "closed_at", "due_date", "sys_created_on", "sys_updated_on"}
AUDITED = {"state", "approval", "due_date", "short_description", "description", "close_code", "assigned_to", "active"}
OPERATORS = ["ISNOTEMPTY", "ISEMPTY", "STARTSWITH", "NOT IN", "LIKE", "IN", ">=", "<=", "!=", "=", ">", "<"]


class Refused(Exception):
    def __init__(self, status, message, detail=None):
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail


class State:
    def __init__(self):
        self.lock = threading.RLock()
        self.tables, self.numbers, self.log = {}, {}, []
        self.passwords, self.clients, self.tokens = {}, {}, {}
        self.rules = {}  # user -> table -> 403, empty, hidden, half
        self.clock, self.life, self.limit, self.asleep, self.cut = None, 1800, 0, False, None
        self.ahead = datetime.timedelta(hours=2)  # the users' time zone
        for table, states in STATES.items():
            for value, label in states.items():
                self.put("sys_choice", {"name": table, "element": "state", "value": value, "label": label, "language": "en"})
        self.user("admin", "admin")

    def now(self):
        return self.clock or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")

    def user(self, name, password, email=None):
        self.passwords[name] = password
        shown = name.capitalize() + " Example"
        return self.put("sys_user", {"user_name": name, "name": shown, "email": email or f"{name}@example.com"})

    def put(self, table, row):
        row.setdefault("sys_id", uuid.uuid4().hex)
        self.tables.setdefault(table, {})[row["sys_id"]] = row
        return row

    def find(self, table, sys_id):
        tables = self.tables if table == "*" else [table]
        for name in tables:
            row = self.tables.get(name, {}).get(sys_id)
            if row is not None:
                return row
        return None

    def sys_id_of(self, user):
        return next(row["sys_id"] for row in self.tables["sys_user"].values() if row["user_name"] == user)

    def walk(self, row, path):
        first, _, rest = path.partition(".")
        if not rest:
            return row.get(first), row, first
        if first not in REFERENCES or not row.get(first):
            return None, None, first
        target = self.find(REFERENCES[first], row[first])
        return self.walk(target, rest) if target else (None, None, first)

    def insert(self, table, fields, user):
        now = self.now()
        own = {"sys_created_on": now, "sys_created_by": user, "sys_updated_on": now}
        if table in PREFIXES:
            self.numbers[table] = self.numbers.get(table, 0) + 1
            own |= {"number": f"{PREFIXES[table]}{self.numbers[table]:07}", "opened_at": now, "opened_by": self.sys_id_of(user), "active": "true", "state": "1", "approval": "not requested", "sys_class_name": table, "closed_at": "", "due_date": "", "description": "", "short_description": ""}
        journals = {key: fields.pop(key) for key in ("comments", "work_notes") if fields.get(key)}
        row = self.put(table, own | fields)
        self.entries(table, row, journals, user)
        return row

    def update(self, table, row, fields, user):
        now = self.now()
        journals = {key: fields.pop(key) for key in ("comments", "work_notes") if fields.get(key)}
        if table in PREFIXES and fields.get("state", row["state"]) != row["state"]:
            closed = fields["state"] in CLOSED
            fields |= {"active": "false" if closed else "true", "closed_at": now if closed else "", "closed_by": self.sys_id_of(user) if closed else ""}
        for key, value in fields.items():
            if key in AUDITED and table in PREFIXES and row.get(key, "") != value:
                self.put("sys_audit", {"tablename": table, "documentkey": row["sys_id"], "fieldname": key, "oldvalue": row.get(key, ""), "newvalue": value, "user": user, "sys_created_on": now})
        row.update(fields)
        # A comment on its own leaves the ticket's own time as it is: instances differ in that, and this is the harder case.
        if fields:
            row["sys_updated_on"] = now
        self.entries(table, row, journals, user)
        return row

    def entries(self, table, row, journals, user):
        for element, text in journals.items():
            self.put("sys_journal_field", {"name": table, "element": element, "element_id": row["sys_id"], "value": text, "sys_created_by": user, "sys_created_on": self.now()})

    def matches(self, row, query):
        for part in query.split("^NQ"):
            groups = []
            for condition in filter(None, part.split("^")):
                if condition.startswith(("ORDERBY", "EQ")):
                    continue
                if condition.startswith("OR"):
                    groups[-1].append(condition[2:])
                else:
                    groups.append([condition])
            if all(any(self.holds(row, one) for one in group) for group in groups):
                return True
        return False

    def holds(self, row, condition):
        found = re.match(r"([a-z0-9_.]+)(" + "|".join(OPERATORS) + ")(.*)$", condition, re.S)
        if not found:
            raise Refused(400, "Invalid query detected, please check logs for details", condition)
        path, operator, wanted = found.groups()
        have = self.walk(row, path)[0] or ""
        return {
            "ISEMPTY": lambda: have == "", "ISNOTEMPTY": lambda: have != "", "STARTSWITH": lambda: have.startswith(wanted),
            "LIKE": lambda: wanted.lower() in have.lower(), "IN": lambda: have in wanted.split(","), "NOT IN": lambda: have not in wanted.split(","),
            ">=": lambda: have != "" and have >= wanted, "<=": lambda: have != "" and have <= wanted, "!=": lambda: have != wanted,
            "=": lambda: have == wanted, ">": lambda: have > wanted, "<": lambda: have != "" and have < wanted,
        }[operator]()

    def shown(self, row, field):
        value = row.get(field) or ""
        if field == "state" and row.get("sys_class_name") in STATES:
            return STATES[row["sys_class_name"]].get(value, value)
        if field in TIMES and value:
            return str(datetime.datetime.strptime(value, "%Y-%m-%d %H:%M:%S") + self.ahead)
        if field in REFERENCES and value:
            target = self.find(REFERENCES[field], value) or {}
            return target.get("number") or target.get("name") or value
        return value

    def journal(self, row, element):
        lines = []
        for entry in self.tables.get("sys_journal_field", {}).values():
            if entry["element_id"] == row["sys_id"] and entry["element"] == element:
                author = next((u["name"] for u in self.tables["sys_user"].values() if u["user_name"] == entry["sys_created_by"]), entry["sys_created_by"])
                at = datetime.datetime.strptime(entry["sys_created_on"], "%Y-%m-%d %H:%M:%S") + self.ahead
                kind = "Additional comments" if element == "comments" else "Work notes"
                lines.append((entry["sys_created_on"], f"{at} - {author} ({kind})\n{entry['value']}\n\n"))
        return "".join(text for _, text in sorted(lines, reverse=True))

    def show(self, row, fields, mode, link):
        out = {}
        for path in fields or [*row, *(["comments", "work_notes"] if "number" in row else [])]:
            value, holder, field = self.walk(row, path)
            if path in ("comments", "work_notes"):
                both = {"display_value": self.journal(row, path), "value": ""}
            elif holder is None or (value is None and field not in ("sys_id",)):
                # Unknown fields are left out; what a reference lacks is empty.
                if "." not in path:
                    continue
                both = {"display_value": "", "value": ""}
            else:
                both = {"display_value": self.shown(holder, field), "value": value}
                if field in REFERENCES and value and link:
                    both["link"] = f"http://instance/api/now/table/{REFERENCES[field]}/{value}"
            out[path] = both if mode == "all" else both["display_value" if mode == "true" else "value"]
        return out


STATE = State()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece: two would wait for each other.
    wbufsize, disable_nagle_algorithm = 1 << 16, True

    def log_message(self, *arguments):
        pass

    def date_time_string(self, timestamp=None):
        at = datetime.datetime.strptime(STATE.now(), "%Y-%m-%d %H:%M:%S")
        return at.strftime("%a, %d %b %Y %H:%M:%S GMT")

    def answer(self, status, body=None, headers=(), kind="application/json;charset=UTF-8"):
        data = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.send_header("set-cookie", "JSESSIONID=canary-of-a-session; Path=/; HttpOnly")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        with STATE.lock:
            try:
                if url.path.startswith("/__"):
                    return self.own(url.path, json.loads(body or b"{}"))
                STATE.log.append({"method": self.command, "path": url.path, "query": query, "cookie": self.headers.get("cookie")})
                if STATE.limit > 0:
                    STATE.limit -= 1
                    return self.answer(429, {"error": {"message": "Rate limit exceeded", "detail": None}, "status": "failure"}, [("retry-after", "1"), ("x-ratelimit-limit", "1")])
                if STATE.asleep:
                    return self.answer(200, "<html><head><title>Instance Hibernating page</title></head></html>", kind="text/html;charset=UTF-8")
                if url.path == "/oauth_token.do":
                    return self.token(dict(urllib.parse.parse_qsl(body.decode())))
                found = re.fullmatch(r"/api/now/table/([a-z0-9_]+)(?:/([0-9a-z]+))?", url.path)
                if not found:
                    raise Refused(400, "Requested URI does not represent any resource")
                self.table(found[1], found[2], query, json.loads(body or b"{}"))
            except Refused as refused:
                self.answer(refused.status, {"error": {"message": refused.message, "detail": refused.detail}, "status": "failure"})

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any

    def own(self, path, body):
        if path == "/__log":
            log, STATE.log = STATE.log, []
            return self.answer(200, log)
        if path == "/__tls":
            return self.answer(200, {"port": TLS.port, "ca": TLS.ca})
        if path == "/__control":
            for name, password in body.get("users", {}).items():
                STATE.user(name, password)
            STATE.clients |= body.get("clients", {})
            STATE.rules |= body.get("rules", {})
            if body.get("revoke"):
                STATE.tokens.clear()
            for key in ("clock", "life", "limit", "asleep", "cut"):
                if key in body:
                    setattr(STATE, key, body[key])
            return self.answer(200, {})
        raise Refused(404, "no such control")

    def token(self, form):
        secret, user = STATE.clients.get(form.get("client_id"), (None, None))
        if secret is None or secret != form.get("client_secret"):
            return self.answer(401, {"error_description": "access_denied", "error": "server_error"})
        if form.get("grant_type") == "password":
            user = form.get("username")
            if STATE.passwords.get(user) != form.get("password"):
                return self.answer(401, {"error_description": "access_denied", "error": "server_error"})
        elif form.get("grant_type") != "client_credentials" or user is None:
            return self.answer(400, {"error": "unsupported_grant_type"})
        token = "tok-" + uuid.uuid4().hex
        STATE.tokens[token] = user
        self.answer(200, {"access_token": token, "refresh_token": "r", "scope": "useraccount", "token_type": "Bearer", "expires_in": STATE.life})

    def who(self):
        kind, _, word = (self.headers.get("authorization") or "").partition(" ")
        if kind == "Basic":
            name, _, password = base64.b64decode(word).decode().partition(":")
            if STATE.passwords.get(name) == password:
                return name
        elif kind == "Bearer" and word in STATE.tokens:
            return STATE.tokens[word]
        raise Refused(401, "User Not Authenticated", "Required to provide Auth information")

    def table(self, table, sys_id, query, body):
        user = self.who()
        rule = STATE.rules.get(user, {}).get(table)
        if table not in STATE.tables and self.command == "GET" and table not in PREFIXES and not table.startswith(("s", "question")):
            raise Refused(400, f"Invalid table {table}")
        if rule == "403":
            raise Refused(403, "Operation Failed", "ACL Exception Query failed for User due to security constraints")
        mode = query.get("sysparm_display_value", "false")
        fields = [field for field in query.get("sysparm_fields", "").split(",") if field]
        link = query.get("sysparm_exclude_reference_link", "false") == "false"
        if self.command == "POST":
            row = STATE.insert(table, body, user)
            return self.answer(201, {"result": STATE.show(row, fields, mode, link)})
        if sys_id:
            row = STATE.find(table, sys_id)
            if row is None:
                raise Refused(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
            if self.command == "DELETE":
                del STATE.tables[table][sys_id]
                return self.answer(204)
            if self.command == "PATCH":
                STATE.update(table, row, body, user)
            return self.answer(200, {"result": STATE.show(row, fields, mode, link)})
        encoded = query.get("sysparm_query", "")
        rows = [row for row in STATE.tables.get(table, {}).values() if STATE.matches(row, encoded)]
        order = re.search(r"(?:^|\^)ORDERBY(DESC)?([a-z0-9_]+)", encoded)
        if order:
            rows.sort(key=lambda row: row.get(order[2]) or "", reverse=bool(order[1]))
        if rule == "empty":
            rows = []
        limit, offset = int(query.get("sysparm_limit", "10000")), int(query.get("sysparm_offset", "0"))
        total, some = len(rows), rows[offset : offset + limit]
        # Access rules are looked at after the rows of a page are found and counted.
        if rule == "hidden":
            some = []
        if isinstance(rule, list):  # these fields alone are hidden
            fields = [field for field in fields if field not in rule]
        if rule == "half":
            some = [row for row in some if int(row["sys_id"][-1], 16) % 2 == 0]
        headers = [("x-total-count", str(total))]
        if query.get("sysparm_suppress_pagination_header") != "true":
            def at(place):
                rest = urllib.parse.urlencode({**query, "sysparm_offset": place})
                return f"<http://{self.headers.get('host')}/api/now/table/{table}?{rest}>"
            links = [f'{at(0)};rel="first"']
            if offset + limit < total:
                links.append(f'{at(offset + limit)};rel="next"')
            headers.append(("link", ",".join(links)))
        result = {"result": [STATE.show(row, fields, mode, link) for row in some]}
        if STATE.cut == table:
            result |= {"error": {"message": "Transaction cancelled: maximum execution time exceeded", "detail": "Check logs"}, "status": "failure"}
        self.answer(200, result, headers)


class Tls:
    """A root and a server's certificate of it, for 127.0.0.1: pysnc speaks TLS alone."""

    def __init__(self, folder):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        import ipaddress

        now = datetime.datetime.now(datetime.timezone.utc)
        def make(name, issuer, issuer_key, key, extensions):
            builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
            builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
            for extension, critical in extensions:
                builder = builder.add_extension(extension, critical)
            return builder.sign(issuer_key, hashes.SHA256())

        def called(text):
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        root = make(called("fake root"), called("fake root"), root_key, root_key, [(x509.BasicConstraints(True, None), True), (usage, True), (x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), False)])
        own = make(called("127.0.0.1"), called("fake root"), root_key, key, [(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False), (x509.BasicConstraints(False, None), True), (x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)])
        pem = serialization.Encoding.PEM
        plain = serialization.NoEncryption()
        self.ca = root.public_bytes(pem).decode()
        path = folder + "/own.pem"
        with open(path, "wb") as file:
            file.write(own.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def serve(port):
    import tempfile

    global TLS
    with tempfile.TemporaryDirectory() as folder:
        TLS = Tls(folder)
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        server.serve_forever()


def drive(endpoint, ca):
    from pysnc import ServiceNowClient

    clients = {}
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            user = ask.get("user", "admin")
            if user not in clients:
                clients[user] = ServiceNowClient(endpoint, (user, ask.get("password", user)), verify=ca)
            record = clients[user].GlideRecord(ask["table"])
            if ask["call"] == "insert":
                record.initialize()
            elif ask["call"] in ("update", "delete") and not record.get(ask["sys_id"]):
                raise LookupError("there is no such record")
            for field, value in ask.get("fields", {}).items():
                record.set_value(field, value)
            if ask["call"] == "insert":
                record.insert()
            elif ask["call"] == "update":
                record.update()
            elif ask["call"] == "delete":
                record.delete()
            if ask["call"] == "list":
                record.add_encoded_query(ask.get("query", ""))
                record.fields = ask["fields_wanted"]
                record.query()
                ok = [{field: {"value": row.get_value(field), "shown": row.get_display_value(field)} for field in ask["fields_wanted"]} for row in record]
            else:
                ok = {"sys_id": str(record.sys_id)} | ({"number": str(record.number)} if "number" in record else {})
            said = {"ok": ok}
        except Exception as error:  # every failure is the test's to judge
            said = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        drive(sys.argv[2], sys.argv[3])
