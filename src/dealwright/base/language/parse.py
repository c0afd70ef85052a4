"""A Pratt parser: from text to tree, in one pass, with the place of every fault.

Precedence from loose to tight: ``or``, ``and``, ``not``, comparisons and ``in``, ``+ -``,
``*``, unary ``-``. Comparisons do not chain.
"""

from __future__ import annotations

from typing import NoReturn, cast

from dealwright.base.language.errors import LanguageError
from dealwright.base.language.functions import FUNCTIONS
from dealwright.base.language.tokens import Token, read_tokens
from dealwright.base.language.tree import (
    Call,
    Comparison,
    Connection,
    Listing,
    Literal,
    Membership,
    Name,
    Negation,
    Negative,
    Node,
    Operator,
    Product,
    Sum,
    Term,
    parts_of,
)

MAX_DEPTH = 30
MAX_NODES = 400

_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN = range(1, 8)
_POWERS = {
    "or": _OR,
    "and": _AND,
    "in": _COMPARE,
    "not": _COMPARE,  # as in "x not in (…)"
    **dict.fromkeys(("=", "==", "!=", "<>", "<", "<=", ">", ">="), _COMPARE),
    "+": _SUM,
    "-": _SUM,
    "*": _PRODUCT,
}
_KEYWORDS = ("and", "or", "not", "in", "true", "false")


def parse(text: str) -> Node:
    """The expression as a tree; raises LanguageError.

    At most 2,000 characters, 30 levels and 400 nodes: longer or deeper ones are refused
    before any work is done on them.
    """
    parser = _Parser(read_tokens(text))
    tree = parser.expression(0)
    if parser.token.kind != "end":
        parser.refuse()
    _measure(tree)
    return tree


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def take(self) -> Token:
        token = self.token
        self.index += 1
        return token

    def expect(self, sign: str) -> None:
        if not self.sees(sign):
            self.refuse(f"“{sign}” is expected here")
        self.take()

    def sees(self, sign: str) -> bool:
        return self.token.kind == "sign" and self.token.value == sign

    def refuse(self, sentence: str = "") -> NoReturn:
        token = self.token
        if token.kind == "end":
            what = sentence or "The expression ends too early"
        else:
            shown = f"“{str(token.value)[:40]}”"
            what = f"{sentence}, not {shown}" if sentence else f"{shown} cannot stand here"
        raise LanguageError(f"{what}.", token.at)

    def expression(self, power: int) -> Node:
        self.depth += 1
        # The parser goes down a few steps per level of the tree, so this only guards the stack.
        if self.depth > 4 * MAX_DEPTH:
            raise LanguageError(_too_deep(), self.token.at)
        left = self.prefix()
        while True:
            word = str(self.token.value) if self.token.kind in ("sign", "word") else ""
            binding = _POWERS.get(word, 0)
            if binding <= power:
                break
            left = self.infix(left, word, binding)
        self.depth -= 1
        return left

    def prefix(self) -> Node:
        token = self.take()
        match token.kind:
            case "number" | "date" | "text":
                return Literal(token.value, token.at)
            case "word":
                return self.word(token)
            case "sign" if token.value == "-":
                return Negative(self.expression(_SIGN), token.at)
            case "sign" if token.value == "(":
                inner = self.expression(0)
                self.expect(")")
                return inner
        self.index -= 1
        self.refuse()

    def word(self, token: Token) -> Node:
        name = str(token.value)
        if name in ("true", "false"):
            return Literal(name == "true", token.at)
        if name == "not":
            return Negation(self.expression(_NOT), token.at)
        if name in _KEYWORDS:
            self.index -= 1
            self.refuse()
        if not self.sees("("):
            return Name(name, token.at)
        return self.call(name, token.at)

    def call(self, name: str, at: int) -> Node:
        function = FUNCTIONS.get(name)
        if function is None:
            raise LanguageError(
                f"There is no function “{name[:40]}”. There are: {', '.join(FUNCTIONS)}.", at
            )
        self.take()
        arguments: list[Node] = []
        if not self.sees(")"):
            arguments.append(self.expression(0))
            while self.sees(","):
                self.take()
                arguments.append(self.expression(0))
        self.expect(")")
        if not function.least <= len(arguments) <= function.most:
            raise LanguageError(f"{name} is used as {function.usage}.", at)
        return Call(name, tuple(arguments), at)

    def infix(self, left: Node, word: str, binding: int) -> Node:
        token = self.take()
        if binding == _COMPARE:
            node = self.comparison(left, token, word)
            following = self.token
            if _POWERS.get(str(following.value)) == _COMPARE and following.kind != "text":
                raise LanguageError("Comparisons do not chain: join them by “and”.", following.at)
            return node
        right = self.expression(binding)
        if word in ("and", "or"):
            parts = left.parts if isinstance(left, Connection) and left.word == word else (left,)
            return Connection("and" if word == "and" else "or", (*parts, right), token.at)
        if word == "*":
            factors = left.factors if isinstance(left, Product) else (left,)
            return Product((*factors, right), token.at)
        terms = left.terms if isinstance(left, Sum) else (Term(left, False),)
        return Sum((*terms, Term(right, word == "-")), token.at)

    def comparison(self, left: Node, token: Token, word: str) -> Node:
        if word in ("in", "not"):
            if word == "not":
                if not (self.token.kind == "word" and self.token.value == "in"):
                    self.refuse("“in” is expected after “not”")
                self.take()
            return Membership(left, self.listing(), word == "not", token.at)
        operator = cast(Operator, {"==": "=", "<>": "!="}.get(word, word))
        return Comparison(operator, left, self.expression(_COMPARE), token.at)

    def listing(self) -> Listing | Name:
        token = self.take()
        if token.kind == "word" and token.value not in _KEYWORDS and not self.sees("("):
            return Name(str(token.value), token.at)
        if not (token.kind == "sign" and token.value == "("):
            self.index -= 1
            self.refuse("“in” is followed by values in brackets or by the name of a list")
        items = [self.expression(0)]
        while self.sees(","):
            self.take()
            items.append(self.expression(0))
        self.expect(")")
        return Listing(tuple(items), token.at)


def _measure(tree: Node) -> None:
    level: list[Node] = [tree]
    depth = count = 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH:
            raise LanguageError(_too_deep(), level[0].at)
        if count > MAX_NODES:
            raise LanguageError(f"An expression may have at most {MAX_NODES} parts.")
        level = [part for node in level for part in parts_of(node)]


def _too_deep() -> str:
    return f"An expression may nest at most {MAX_DEPTH} levels deep."
