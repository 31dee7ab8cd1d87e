"""Decides on which hanger a coat goes."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field


class CloakroomFull(RuntimeError):
    def __init__(self) -> None:
        super().__init__("all hangers are taken; open the overflow rack in the foyer")


@dataclass
class Racks:
    """Free hangers ordered by the way the attendant has to walk."""

    _free: list[tuple[float, int]] = field(default_factory=list)
    _distance: dict[int, float] = field(default_factory=dict)

    def add(self, hanger: int, distance_m: float) -> None:
        self._distance[hanger] = distance_m
        heapq.heappush(self._free, (distance_m, hanger))

    def take_nearest(self) -> int:
        if not self._free:
            raise CloakroomFull
        return heapq.heappop(self._free)[1]

    def give_back(self, hanger: int) -> None:
        heapq.heappush(self._free, (self._distance[hanger], hanger))
