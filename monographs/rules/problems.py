"""What is wrong with a document, said by line, all of it at once."""

from dataclasses import dataclass

MOST_PROBLEMS = 100
LONGEST_QUOTE = 80


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to put right: its 1-based line in the file, and a sentence saying what, where and what to do."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


class InvalidDocument(ValueError):
    """The text is not a monograph. `problems` holds every Problem found, in the order of their lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Problems:
    """Collects problems while a document is read, so that its author sees all of them together."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()

    def add(self, line: int, message: str) -> None:
        """Keep one problem; the same one on the same line is kept once."""
        self._found.add(Problem(line, message))

    def refuse(self) -> None:
        """Raise InvalidDocument when anything was found; beyond MOST_PROBLEMS only their number is said."""
        if not self._found:
            return
        problems = sorted(self._found)
        shown, rest = problems[:MOST_PROBLEMS], problems[MOST_PROBLEMS:]
        if rest:
            shown.append(Problem(rest[0].line, f"There are {len(rest)} more problems from here on; mend these first."))
        raise InvalidDocument(tuple(shown))


def quoted(text: str) -> str:
    """Return text of the document in quotation marks, short enough for a sentence."""
    words = " ".join(text.split())
    return f"“{words}”" if len(words) <= LONGEST_QUOTE else f"“{words[:LONGEST_QUOTE]}…”"
