"""What a test lets a camera report beside motion: tampering, a crossed line, a contact."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

KEPT = 500


class ReportKind(StrEnum):
    """What is reported."""

    TAMPER = "tamper"
    LINE = "line"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Report:
    """One report at an instant of the event loop's clock; `active` None where a report has no duration."""

    number: int
    at: float
    kind: ReportKind
    active: bool | None


class Reports:
    """The reports of one camera, in their order; who waits for the next one is woken."""

    def __init__(self) -> None:
        self._kept: list[Report] = []
        self._count = 0
        self._news = asyncio.Event()

    @property
    def count(self) -> int:
        """How many there have ever been."""
        return self._count

    def add(self, kind: ReportKind, at: float, *, active: bool | None) -> None:
        """Report something now."""
        self._count += 1
        self._kept = [*self._kept[1 - KEPT :], Report(self._count, at, kind, active)]
        self._news.set()
        self._news = asyncio.Event()

    def after(self, number: int) -> list[Report]:
        """Reports that came after one."""
        return [report for report in self._kept if report.number > number]

    async def wait(self, seconds: float) -> None:
        """Wait for the next report, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
