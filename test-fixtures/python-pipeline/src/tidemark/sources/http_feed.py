"""Pulls readings from the web services of port authorities."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Protocol

from tidemark.readings import Reading
from tidemark.retry import with_backoff


class HttpGet(Protocol):
    def __call__(self, url: str, *, params: dict[str, str], timeout: float) -> Any: ...


class HttpFeed:
    """A JSON service that hands out its data in pages, each naming the next by a cursor."""

    def __init__(self, base_url: str, station: str, get: HttpGet) -> None:
        self._base_url = base_url.rstrip("/")
        self._station = station
        self._get = get

    def fetch_since(self, since: datetime) -> Iterator[Reading]:
        """All readings after ``since``, following the pages until the service names no more."""
        cursor = ""
        while True:
            page = self._fetch_page(since, cursor)
            for item in page["observations"]:
                yield Reading(
                    station=self._station,
                    taken_at=datetime.fromtimestamp(item["epoch"], tz=timezone.utc),
                    level_m=item["level_cm"] / 100,
                    source="http",
                )
            cursor = page.get("next_cursor", "")
            if not cursor:
                return

    @with_backoff(attempts=4)
    def _fetch_page(self, since: datetime, cursor: str) -> dict[str, Any]:
        params = {"since": since.isoformat(), "limit": "500"}
        if cursor:
            params["cursor"] = cursor
        response = self._get(f"{self._base_url}/observations/{self._station}", params=params, timeout=20.0)
        if response.status_code in (429, 502, 503, 504):
            raise ConnectionError(f"{self._station}: upstream answered {response.status_code}")
        response.raise_for_status()
        return response.json()
