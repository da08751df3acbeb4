"""The account of a camera, which all its streams use: too many wrong passwords lock it, whichever stream tried."""

from stream_gateway.domain.backoff import BackOff, Failure


class CameraAccount:
    """Refusals of one camera's credentials, counted over its streams. Instants are monotonic seconds.

    After a refusal one stream at a time tries, until one of them gets a picture.
    """

    def __init__(self) -> None:
        self._back_off = BackOff()
        self._trying: object | None = None

    @property
    def reason(self) -> str:
        """Why it may not be tried now and when it will be; French."""
        return self._back_off.reason

    def may_try(self, stream: object, at: float) -> bool:
        """Tell whether a stream may log in now; it says ``tried`` when that has come to something."""
        if not self._back_off.may_try(at):
            return False
        if self._back_off.refusals == 0:
            return True
        if self._trying is None:
            self._trying = stream
        return self._trying is stream

    def tried(self, stream: object) -> None:
        """Let another stream try."""
        if self._trying is stream:
            self._trying = None

    def refused(self, *, at: float, draw: float, cause: str) -> BackOff:
        """Count a refusal; returns when and why to try again."""
        self._back_off = self._back_off.failed(Failure.REFUSED, at=at, draw=draw, cause=cause)
        return self._back_off

    def proven(self) -> None:
        """Note that the credentials are right, or others than before."""
        self._back_off, self._trying = BackOff(), None
