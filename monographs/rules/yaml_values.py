"""YAML read safely: plain values only, bounded in size and depth, each with its line.

Aliases and tags are refused, so that a small text cannot grow into a large value or name a class.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml

from monographs.rules.problems import Problems, quoted

MOST_CHARACTERS = 64_000
DEEPEST_VALUE = 12
LONGEST_NUMBER = 40
_TEXT_TAG = "tag:yaml.org,2002:str"
_STEP = re.compile(r"\w+")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses aliases, tags, deep nesting and numbers of absurd length while it composes."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        self._check(event)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.ScalarNode) and node.tag != _TEXT_TAG and len(node.value) > LONGEST_NUMBER:
            raise _refusal("a number or date is far too long", node)
        return node

    def _check(self, event: yaml.Event) -> None:
        refused = {
            "an alias (*) is not allowed here": isinstance(event, yaml.AliasEvent),
            "a tag (!) is not allowed here": getattr(event, "tag", None) is not None,
            f"values are nested more than {DEEPEST_VALUE} deep": self._depth >= DEEPEST_VALUE,
        }
        for sentence, holds in refused.items():
            if holds:
                raise _refusal(sentence, event)


def _refusal(sentence: str, place: yaml.Node | yaml.Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=sentence, problem_mark=cast("yaml.Mark", place.start_mark))


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a mapping or list: the value, the line it begins on, and what is needed to find its parts."""

    value: Any
    line: int
    node: yaml.Node
    source: "Source"

    def items(self) -> tuple["Entry", ...]:
        """Return the entries of a list, in order; none when the value is not a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            return ()
        pairs = zip(self.value, self.node.value, strict=True)
        return tuple(Entry(value, self.source.line(node), node, self.source) for value, node in pairs)

    def line_of(self, path: str) -> int:
        """Return the line of the part named like "loading[2].mg" (from 1), or of the deepest part that exists."""
        node = self.node
        for step in _STEP.findall(path):
            found = _child(node, step)
            if found is None:
                break
            node = found
        return self.source.line(node)


@dataclass(frozen=True, slots=True)
class Source:
    """The YAML text and the line of the file on which it begins."""

    text: str
    first: int

    def line(self, place: yaml.Node | yaml.Mark) -> int:
        """Return the line of a node or mark in the file."""
        mark = place if isinstance(place, yaml.Mark) else place.start_mark
        return self.first + self.text.count("\n", 0, mark.index)


def mapping_in(text: str, first: int, problems: Problems) -> dict[str, Entry] | None:
    """Return the entries of the mapping in `text`; `first` is its first line in the file.

    A value that cannot be read goes to `problems` and the others are returned; None when nothing can be read.
    """
    if len(text) > MOST_CHARACTERS:
        problems.add(first, f"The front matter is longer than {MOST_CHARACTERS} characters; move text to the sections.")
        return None
    source = Source(text, first)
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.YAMLError as error:
        _report(error, source, problems)
        return None
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        problems.add(source.line(root), _unreadable("it is not a list of names and values"))
        return None
    for key, line, before in _repeated(root, source):
        problems.add(line, f"{quoted(key)} is given twice in the front matter (first on line {before}); keep one.")
    return dict(_entries(loader, root, source, problems))


def _entries(
    loader: _Loader, root: yaml.MappingNode, source: Source, problems: Problems
) -> Iterator[tuple[str, Entry]]:
    for key, node in root.value:
        line = source.line(key)
        try:
            yield str(key.value), Entry(loader.construct_document(node), line, node, source)
        except yaml.YAMLError as error:
            _report(error, source, problems)
        except (ValueError, OverflowError) as error:
            problems.add(
                line, _unreadable(f"{quoted(str(key.value))} has a value that is not possible: {quoted(str(error))}")
            )


def _repeated(node: yaml.Node, source: Source) -> Iterator[tuple[str, int, int]]:
    """Yield each key given twice in one mapping, at any depth, with both lines."""
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            yield from _repeated(child, source)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), source.line(key)
            if name in seen:
                yield name, line, seen[name]
            seen.setdefault(name, line)
            yield from _repeated(value, source)


def _child(node: yaml.Node, step: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and step.isdecimal() and 0 < int(step) <= len(node.value):
        return node.value[int(step) - 1]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    return None


def _report(error: yaml.YAMLError, source: Source, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None)
    line = source.line(mark) if mark else source.first
    problems.add(line, _unreadable(getattr(error, "problem", None) or "it has a character that YAML does not allow"))


def _unreadable(problem: str) -> str:
    advice = "write it as “name: value” lines, and put quotes around text that has a colon or a special sign"
    return f"The front matter cannot be read as YAML ({quoted(problem)}); {advice}."
