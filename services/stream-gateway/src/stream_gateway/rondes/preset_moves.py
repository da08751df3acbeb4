"""Sends cameras to the presets of a ronde or of a wall, in an agent's name: ``rondes.ports.PresetMover``."""

from common.clock import Clock
from common.database import Database
from common.problems import Problem
from guard import Guard
from policy import Action
from stream_gateway.domain.ptz.lock import Change, Claimant, PtzHeld, rank_of, take
from stream_gateway.domain.ptz.orders import GoToPreset, Order
from stream_gateway.domain.ptz.presets import order_for
from stream_gateway.domain.ronde_runs import PresetOutcome
from stream_gateway.ports import CameraSources, PtzFailed, SourceUnavailable
from stream_gateway.ptz.heads import PtzHeads
from stream_gateway.registry_client import revision_of
from stream_gateway.registry_mountings import MountingUnavailable, RegistryMountings
from stream_gateway.repository import ptz
from stream_gateway.rondes.ports import Holder
from stream_gateway.use_cases.asking import Asked, check_right
from stream_gateway.use_cases.ptz import keep_taken


class RondeMoves:
    """Takes the motors in the rank of the holder's role, yields to every person, and tells in words what came of it."""

    def __init__(
        self,
        *,
        database: Database,
        guard: Guard,
        clock: Clock,
        heads: PtzHeads,
        sources: CameraSources,
        mountings: RegistryMountings,
    ) -> None:
        self._database = database
        self._guard = guard
        self._clock = clock
        self._heads = heads
        self._sources = sources
        self._mountings = mountings

    async def go(self, asked: Asked, camera_id: str, preset: str, holder: Holder) -> tuple[PresetOutcome, str]:
        """Go to a preset (the registry's number, or the camera's token); never raises for what anybody says."""
        try:
            order = await self._order(camera_id, preset)
            if order is None:
                return PresetOutcome.ECHEC, "Cette préposition n'existe pas ou n'a pas de position."
            fence = await self._taken(asked, camera_id, holder)
            source = await self._sources.get(camera_id, revision_of(self._guard, camera_id))
            await self._heads.order(camera_id, source, fence, order)
        except PtzHeld as held:
            return PresetOutcome.PRISE_EN_MAIN, f"{held.holder_name} commande cette caméra."
        except Problem as refusal:
            return PresetOutcome.REFUSEE, refusal.detail
        except (PtzFailed, SourceUnavailable, MountingUnavailable) as failure:
            return PresetOutcome.ECHEC, str(failure)
        return PresetOutcome.ATTEINTE, ""

    async def _taken(self, asked: Asked, camera_id: str, holder: Holder) -> int:
        """Take the motors, with a register row before they move; return the fence."""
        agent = self._guard.agent(asked.principal)
        claimant = Claimant(holder.holder_id, holder.name, rank_of(holder.role))
        async with self._database.transaction() as connection:
            lock = await ptz.lock_ptz(connection, camera_id)
            camera, decision = self._guard.decide(agent, Action.PTZ, camera_id, asked.context, asked.at)
            if not decision.allowed or camera is None:
                await check_right(connection, self._guard, asked, Action.PTZ, camera_id)
            insee = camera.insee if camera else ""
            taken, change = take(lock, claimant, camera_id=camera_id, insee=insee, at=self._clock.now())
            if change is not Change.RENEWED:
                await check_right(connection, self._guard, asked, Action.PTZ, camera_id)
            await keep_taken(connection, lock, taken, change)
        return taken.fence

    async def _order(self, camera_id: str, preset: str) -> Order | None:
        mounting = await self._mountings.get(camera_id)
        known = mounting.preset(int(preset)) if preset.isdecimal() else None
        return order_for(known) if known is not None else GoToPreset(preset)
