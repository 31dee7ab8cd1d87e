"""Makes the codes that are printed on paper tickets."""

from __future__ import annotations

import secrets
from collections.abc import Callable

# Without 0, O, 1, I and L, which nobody can tell apart at night. The app has the same list.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_ticket(choose: Callable[[str], str] = secrets.choice) -> str:
    """Five random characters that cannot be guessed from the ticket before, and one to check them by."""
    body = "".join(choose(ALPHABET) for _ in range(5))
    return body + check_character(body)


def check_character(body: str) -> str:
    total = sum(ALPHABET.index(char) * weight for weight, char in enumerate(body, start=2))
    return ALPHABET[total % len(ALPHABET)]
