"""What the ledger is told to expect: every camera that the law and the registry want recorded, and no other."""

from datetime import datetime

from common.clock import Clock
from common.database import Database
from stream_gateway.recording.demand import Demand
from stream_gateway.repository.ledger import end_expected, set_expected


class Expectation:
    """Keeps the ledger's expected time at what this node knows, as long as it knows it."""

    def __init__(self, demand: Demand, database: Database, clock: Clock) -> None:
        self._demand = demand
        self._database = database
        self._clock = clock
        self._until: dict[str, datetime] = {}

    async def note(self) -> None:
        """Write what is expected now; the right of a camera that dropped out may have ended while nobody looked.

        A node that has not read the register of cameras, or no longer hears of it, says nothing: it would end the
        time that all others expect, and a second that nobody expects is one that nobody misses.
        """
        if not self._demand.certain:
            return
        now = self._clock.now()
        wanted = self._demand.at(now)
        ends = {camera_id: until for camera_id, until in self._until.items() if camera_id not in wanted and until < now}
        async with self._database.transaction() as connection:
            await end_expected(connection, ends)
            communes = {one: terms.insee for one, (_, terms) in wanted.items()}
            revisions = {one: camera.revision for one, (camera, _) in wanted.items()}
            await set_expected(connection, communes, at=now, revisions=revisions)
        self._until = {
            camera_id: authorisation.valid_until
            for camera_id, (camera, _) in wanted.items()
            if (authorisation := camera.authorisation_at(now)) is not None
        }
