"""How the fake of Jira Cloud finds issues: a JQL of the clauses that clients send, and a text index as Jira documents it.

The words of the index follow Lucene's ClassicTokenizer (words are parted at every sign, but a word with a digit beside keeps the signs
`_ - . / ,`; hosts and e-mail addresses stay whole), the parts of dotted and comma-separated words beside the whole (in the index, not in
queries), English stop words and stems. "Search syntax for text fields": a phrase in quotes, `word*`, and no leading wildcard.
What it cannot read it refuses, as Jira does, with 400.
"""

import datetime
import functools
import re

WORD = r"[^\W_]+"
DIGIT = r"[^\W_]*\d[^\W_]*"
SIGN = r"[_\-/.,]"
FORMS = [
    ("WORD", WORD),
    ("APOSTROPHE", rf"{WORD}(?:'{WORD})+"),
    ("EMAIL", rf"{WORD}(?:[.\-_]{WORD})*@{WORD}(?:[.\-]{WORD})+"),
    ("HOST", rf"{WORD}(?:\.{WORD})+"),
    ("NUM", rf"{WORD}{SIGN}{DIGIT}"),
    ("NUM", rf"{DIGIT}{SIGN}{WORD}"),
    ("NUM", rf"{WORD}(?:{SIGN}{DIGIT}{SIGN}{WORD})+"),
    ("NUM", rf"{DIGIT}(?:{SIGN}{WORD}{SIGN}{DIGIT})+"),
    ("NUM", rf"{WORD}{SIGN}{DIGIT}(?:{SIGN}{WORD}{SIGN}{DIGIT})+"),
    ("NUM", rf"{DIGIT}{SIGN}{WORD}(?:{SIGN}{DIGIT}{SIGN}{WORD})+"),
]
FORMS = [(kind, re.compile(form)) for kind, form in FORMS]
STOP = set(
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will "
    "with".split()
)


class Unreadable(Exception):
    """A query that Jira refuses."""


def stem(word):
    """The commonest English endings; the same word always has the same stem, which is all that a search needs."""
    for ending, least in (("ing", 3), ("edly", 3), ("ed", 3), ("ies", 2), ("es", 3), ("s", 3)):
        if word.isascii() and word.isalpha() and word.endswith(ending) and len(word) - len(ending) >= least:
            return word[: -len(ending)]
    return word


def words(text, index):
    """Pairs of a place and a word."""
    at, place = 0, 0
    while at < len(text):
        best, kind = None, None
        for name, form in FORMS:
            match = form.match(text, at)
            if match and (best is None or match.end() > best.end()):
                best, kind = match, name
        if best is None:
            at += 1
            continue
        at = best.end()
        whole = best.group().lower()
        if kind == "APOSTROPHE" and whole.endswith("'s"):
            whole = whole[:-2]
        parts = [whole]
        if index and kind in ("HOST", "WORD") and "." in whole:
            parts += whole.split(".")
        if index and kind == "NUM" and "," in whole:
            parts += whole.split(",")
        for part in parts:
            if part and part not in STOP:
                yield place, stem(part)
        place += 1


@functools.lru_cache(maxsize=10_000)
def asked_for(text):
    """The words of a query, where a dotted word has no parts."""
    return tuple(words(text, False))


def adf(node):
    if isinstance(node, str):
        return node
    if not isinstance(node, dict):
        return ""
    inner = "".join(adf(child) for child in node.get("content", []))
    text = node.get("text", "") + inner + node.get("attrs", {}).get("text", "")
    return text + ("\n" if node.get("type") in ("paragraph", "heading", "codeBlock", "listItem", "tableCell", "hardBreak") else "")


def texts(issue):
    """Every text of an issue: what `text ~` looks at."""
    fields = issue["fields"]
    for name, value in fields.items():
        if name in ("summary", "description", "environment") or (name.startswith("customfield_") and isinstance(value, str)):
            yield adf(value)
    for comment in (fields.get("comment") or {}).get("comments", []):
        yield adf(comment["body"])


class Index:
    def __init__(self):
        self.known = {}

    def of(self, issue):
        key = (issue["key"], issue["fields"]["updated"])
        if key not in self.known:
            texts_of = []
            for text in texts(issue):
                at = {}
                for place, word in words(text, True):
                    at.setdefault(word, set()).add(place)
                texts_of.append(at)
            self.known[key] = texts_of
        return self.known[key]

    def has(self, issue, asked):
        asked = asked.strip()
        if asked.startswith(("*", "?")):
            raise Unreadable("a leading wildcard")
        if asked.startswith('"') and asked.endswith('"') and len(asked) > 1:
            return self.phrase(issue, asked[1:-1])
        if re.search(r"[+\-&|!(){}\[\]^~?:\\/\"]", asked):
            raise Unreadable("a sign that has a meaning")
        return all(
            any(word.startswith(one[:-1].lower()) for at in self.of(issue) for word in at)
            if one.endswith("*")
            else self.phrase(issue, one)
            for one in asked.split()
        )

    def phrase(self, issue, text):
        asked = asked_for(text)
        if not asked:
            return False
        first, word = asked[0]
        return any(
            all(place + (at - first) in index.get(other, ()) for at, other in asked)
            for index in self.of(issue)
            for place in index.get(word, ())
        )


TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|>=|<=|!=|[=<>~(),]|cf\[\d+\]|[^\s"\'=<>~!(),]+)')


class Query:
    """A JQL query over issues, in the order of keys."""

    def __init__(self, jql, keys, index):
        self.keys, self.index, self.at = keys, index, 0
        self.tokens, end = [], 0
        jql = jql.strip()
        while end < len(jql):
            match = TOKEN.match(jql, end)
            if not match:
                raise Unreadable(jql[end:])
            self.tokens.append(match.group(1))
            end = match.end()
        if not self.tokens or self.peek() == "order":
            raise Unreadable("unbounded")
        self.test = self.either()
        if self.peek() == "order":
            self.take("order"), self.take("by"), self.next()
            if self.peek() in ("asc", "desc"):
                self.next()
        if self.at != len(self.tokens):
            raise Unreadable(self.tokens[self.at])

    def peek(self):
        return self.tokens[self.at].lower() if self.at < len(self.tokens) else None

    def next(self):
        if self.at >= len(self.tokens):
            raise Unreadable("the end")
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, word):
        if self.next().lower() != word:
            raise Unreadable(word)

    def either(self):
        some = [self.both()]
        while self.peek() == "or":
            self.next()
            some.append(self.both())
        return lambda issue: any(one(issue) for one in some)

    def both(self):
        some = [self.one()]
        while self.peek() == "and":
            self.next()
            some.append(self.one())
        return lambda issue: all(one(issue) for one in some)

    def value(self):
        token = self.next()
        if token[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        return token

    def values(self):
        self.take("(")
        out = [self.value()]
        while self.peek() == ",":
            self.next()
            out.append(self.value())
        self.take(")")
        return out

    def one(self):
        if self.peek() == "(":
            self.next()
            inner = self.either()
            self.take(")")
            return inner
        field, how = self.next().lower(), self.next().lower()
        if how == "is":
            not_ = self.peek() == "not"
            if not_:
                self.next()
            self.take("empty")
            if field.startswith("cf["):
                field = f"customfield_{field[3:-1]}"
            return lambda issue: bool(issue["fields"].get(field)) == not_
        if how == "in":
            asked = [value.lower() for value in self.values()]
        else:
            value = self.value()
            asked = [value.lower()]
        if field == "text" and how == "~":
            self.index.has({"key": "", "fields": {"updated": "", "summary": ""}}, value)
            return lambda issue: self.index.has(issue, value)
        if field in ("project", "key") and how in ("=", "in"):
            if field == "key" and any(one not in self.keys for one in asked):
                raise Unreadable("a key that is not there")
            name = (lambda issue: issue["key"]) if field == "key" else (lambda issue: issue["fields"]["project"]["key"])
            return lambda issue: name(issue).lower() in asked
        if field == "statuscategory" and how in ("=", "!="):
            return lambda issue: (issue["fields"]["status"]["statusCategory"]["key"] == asked[0]) == (how == "=")
        if field in ("updated", "created") and how == ">=":
            since = self.since(value)
            return lambda issue: moment(issue["fields"][field]) >= since
        raise Unreadable(f"{field} {how}")

    @staticmethod
    def since(value):
        match = re.fullmatch(r"-(\d+)([mhdw])", value)
        if not match:
            raise Unreadable(value)
        unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[match.group(2)]
        return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**{unit: int(match.group(1))})


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def number(key):
    project, digits = key.rsplit("-", 1)
    return project, int(digits)


def search(issues, jql, index):
    query = Query(jql, {key.lower() for key in issues}, index)
    return sorted((key for key, issue in issues.items() if query.test(issue)), key=number)
