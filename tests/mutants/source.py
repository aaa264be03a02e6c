"""The changes of cargo-mutants in a source file, and the file with all of them."""

import re
from dataclasses import dataclass, field

# What has braces or quotes in it and is none, and braces.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(?P<hash>\#*)".*?"(?P=hash)|b?"(?:\\.|[^"\\])*"|b?'(?:\\.[^']*|[^'\\])'|[{}]""",
    re.DOTALL,
)


@dataclass
class Change:
    """One change: `replacement` in place of what is between `start` and `end`."""

    number: int
    file: str
    line: int
    what: str
    start: int
    end: int
    replacement: str
    # Whether it replaces the body of a function.
    is_body: bool
    verdict: str = ""


@dataclass
class Function:
    """A function with changes. `body` is what is between its braces."""

    start: int
    body: tuple[int, int]
    is_const: bool
    changes: list[Change] = field(default_factory=list)


@dataclass
class Region:
    """The lines of a change in the rewritten file, or of a whole function."""

    first: int
    last: int
    change: Change | None
    function: Function


class Source:
    """A file as it is, with the functions that have changes, and the changes outside of functions."""

    def __init__(self, file, text):
        self.file, self.text = file, text
        self.functions, self.outside = {}, []
        self.lines = [0]
        for line in text.split("\n"):
            self.lines.append(self.lines[-1] + len(line) + 1)

    def add(self, number, listed):
        """Takes in a change as cargo-mutants lists it."""
        start, end = (self.place(listed["span"][side]) for side in ("start", "end"))
        is_body = listed["genre"] == "FnValue"
        function = listed["function"]
        name = function["function_name"] if function else "a constant"
        what = f"{name} -> {listed['replacement']}"
        if not is_body:
            what = f"{self.text[start:end]} -> {listed['replacement'] or 'nothing'} in {name}"
        line = listed["span"]["start"]["line"]
        change = Change(number, self.file, line, what, start, end, listed["replacement"], is_body)
        if function:
            self.function(function["span"]).changes.append(change)
        else:
            self.outside.append(change)
        return change

    def place(self, position):
        return self.lines[position["line"] - 1] + position["column"] - 1

    def function(self, span):
        start, end = self.place(span["start"]), self.place(span["end"])
        if start not in self.functions:
            body = self.body(start, end)
            is_const = re.search(r"\bconst fn\b", self.text[start : body[0]]) is not None
            self.functions[start] = Function(start, body, is_const)
        return self.functions[start]

    def body(self, start, end):
        """The body of the function at this place: the last braces that stand in no others."""
        depth, opened, body = 0, 0, None
        for token in TOKEN.finditer(self.text, start, end):
            if token[0] == "{":
                depth += 1
                opened = token.end() if depth == 1 else opened
            elif token[0] == "}":
                depth -= 1
                body = (opened, token.start()) if depth == 0 else body
        return body

    def changed(self, change):
        """The file with one change."""
        return self.text[: change.start] + change.replacement + self.text[change.end :]

    def rewritten(self, is_in):
        """The file with a body for each change that `is_in`, and the regions of it.

        An environment variable says which body runs. A function that asks for it is not `const`.
        """
        pieces, regions, line, at = [], [], 1, 0

        def put(text):
            nonlocal line
            pieces.append(text)
            line += text.count("\n")

        for function in sorted(self.functions.values(), key=lambda function: function.start):
            changes = [change for change in function.changes if is_in(function, change)]
            # A function in another one: its changes are tried alone.
            if not changes or function.start < at:
                continue
            start, end = function.body
            put(self.text[at : function.start])
            head = self.text[function.start : start]
            put(re.sub(r"\bconst fn\b", "fn", head, count=1))
            first = line
            for change in changes:
                put(f"\nif crate::mutants::is({change.number}) {{")
                begun = line
                if change.is_body:
                    put(f" {change.replacement} ")
                else:
                    put(self.text[start : change.start] + change.replacement + self.text[change.end : end])
                put("\n} else")
                regions.append(Region(begun, line, change, function))
            put(" {" + self.text[start:end] + "}\n")
            regions.append(Region(first, line, None, function))
            at = end
        put(self.text[at:])
        return "".join(pieces), regions
