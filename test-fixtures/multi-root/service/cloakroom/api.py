"""Routes of the service; the app's ``apiClient.ts`` is the only caller."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timezone

from cloakroom.racks import CloakroomFull, Racks
from cloakroom.tickets import new_ticket


@dataclass(frozen=True)
class Deposit:
    ticket: str
    hanger: int
    description: str
    depositedAt: str


class Api:
    def __init__(self, racks: Racks) -> None:
        self._racks = racks
        self._deposits: dict[str, Deposit] = {}

    def post_deposit(self, body: dict[str, str]) -> tuple[int, dict[str, object]]:
        try:
            hanger = self._racks.take_nearest()
        except CloakroomFull as error:
            return 507, {"error": str(error)}
        deposit = Deposit(new_ticket(), hanger, body["description"], datetime.now(timezone.utc).isoformat())
        self._deposits[deposit.ticket] = deposit
        return 201, asdict(deposit)

    def delete_deposit(self, ticket: str) -> tuple[int, dict[str, object]]:
        """Hands a coat out. A ticket works once: the second person with the same number gets a 410."""
        deposit = self._deposits.pop(ticket, None)
        if deposit is None:
            return 410, {"error": "this ticket has already been used or never existed"}
        self._racks.give_back(deposit.hanger)
        return 200, asdict(deposit)
