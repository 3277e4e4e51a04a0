"""Reads a report as the programs read that show it, and says what in it is more than text. Called by tests/hostile.rs.

    inert.py FORMAT FILE      prints what is wrong, a line each; nothing where all is inert
"""

import json
import sys
import xml.etree.ElementTree
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

# What our own Markdown becomes, and nothing else.
MARKDOWN_TAGS = {"h1", "h2", "h3", "p", "ul", "ol", "li", "code", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "br"}
JUNIT_TAGS = {"testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out", "system-err", "properties", "property"}
LOADING = {"img", "iframe", "object", "embed", "base", "link", "video", "audio", "source"}
# An empty picture, so that browsers ask for none.
NO_ICON = {"rel": "icon", "href": "data:,"}

wrong = []


class Elements(HTMLParser):
    """All elements with their attributes, and the text of scripts."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.all, self.scripts, self.inside = [], [], False

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))
        self.inside = tag == "script"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts.append(data)


def elements(text):
    reader = Elements()
    reader.feed(text)
    reader.close()
    return reader


def markdown(text, where):
    """By GitHub's own reader of Markdown, with HTML let through."""
    extensions = ["table", "autolink", "strikethrough", "tasklist"]
    page = cmarkgfm.cmark.markdown_to_html_with_extensions(text, Options.CMARK_OPT_UNSAFE, extensions=extensions)
    for tag, attributes in elements(page).all:
        if tag not in MARKDOWN_TAGS or set(attributes) - {"align"}:
            wrong.append(f"{where}: <{tag}> with {attributes}")


def html(text):
    page = elements(text)
    for tag, attributes in page.all:
        if tag == "link" and attributes == NO_ICON:
            continue
        if tag in LOADING or "action" in attributes or "formaction" in attributes:
            wrong.append(f"<{tag}> with {attributes}")
        for name, value in attributes.items():
            address = (value or "").strip().lower()
            if name.startswith("on") or address.startswith(("javascript:", "data:", "vbscript:")):
                wrong.append(f"<{tag}> with {name}={value}")
    for script in page.scripts:
        if script.strip().startswith("alert("):
            wrong.append(f"a script: {script[:80]}")


def junit(text):
    for element in xml.etree.ElementTree.fromstring(text).iter():
        if element.tag not in JUNIT_TAGS:
            wrong.append(f"<{element.tag}>")


def sarif(text):
    for result in json.loads(text)["runs"][0]["results"]:
        markdown(result["message"]["markdown"], result["ruleId"])


def gitlab_security(text):
    """GitLab shows a description as Markdown, and the rest as text."""
    for finding in json.loads(text)["vulnerabilities"]:
        markdown(finding["description"], finding["id"])


def github(text):
    """As the runner reads a line: `::name key=value,…::data`, the first `::` after the name ends the properties."""
    for line in text.split("\n"):
        if not line:
            continue
        if not line.startswith("::"):
            wrong.append(f"no command: {line[:80]}")
            continue
        head, _ = line[2:].split("::", 1)
        name, _, properties = head.partition(" ")
        keys = [pair.split("=", 1)[0] for pair in properties.split(",")]
        if name not in ("error", "warning", "notice") or set(keys) - {"file", "line", "col", "title"} or len(keys) > 4:
            wrong.append(f"{name} with {keys}")


def plain(text):
    """For people, in a terminal or a log: nothing to be read but text, which the caller looks through."""


# Every format that a program shows has its reader here; JSON in all its kinds is data, whose readers do the escaping.
READERS = {
    "text": plain,
    "json": json.loads,
    "gitlab": json.loads,
    "gitlab-security": gitlab_security,
    "sarif": sarif,
    "markdown": lambda text: markdown(text, "the report"),
    "junit": junit,
    "github": github,
    "html": html,
}

name, path = sys.argv[1:]
with open(path, encoding="utf-8", newline="") as file:
    content = file.read()
if name not in READERS:
    wrong.append(f"nothing here reads {name}: add how it is shown")
else:
    READERS[name](content)
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
