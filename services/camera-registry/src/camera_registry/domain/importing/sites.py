"""The points d'implantation of an import: those that are known, and those that the file brings."""

import hashlib
from collections.abc import Iterable

from camera_registry.domain.camera import Camera
from camera_registry.domain.commune import Site
from camera_registry.domain.importing.lines import CameraLine
from camera_registry.domain.importing.words import plain
from camera_registry.domain.position import Position

_MOST_LETTERS = 48


class SiteBook:
    """Sites by id and by commune and label; ``new`` are those that the lines made."""

    def __init__(self, known: Iterable[Site]) -> None:
        self._by_id = {site.site_id: site for site in known}
        self._by_label = {(site.insee, plain(site.label)): site for site in self._by_id.values()}
        self.new: list[Site] = []

    def of(self, line: CameraLine, position: Position, before: Camera | None) -> str:
        """Return the id of the site that the line names, or keeps, or makes."""
        insee = line.commune.insee
        if line.site is None:
            if before is not None:
                return before.site_id
            base = line.site_base or line.code
            return self._named(f"{base}-S", line.label or base, line, position)
        if line.site in self._by_id and self._by_id[line.site].insee == insee:
            return line.site
        words = plain(line.site)
        known = self._by_label.get((insee, words))
        if known is not None:
            return known.site_id
        slug = words.replace(" ", "-")
        if not slug or len(slug) > _MOST_LETTERS:
            digest = hashlib.sha256(line.site.encode()).hexdigest()[:6]
            slug = f"{slug[: _MOST_LETTERS - 7]}-{digest}".lstrip("-")
        return self._named(f"{insee}-{slug}", line.site, line, position)

    def _named(self, site_id: str, label: str, line: CameraLine, position: Position) -> str:
        known = self._by_id.get(site_id)
        if known is not None and known.insee != line.commune.insee:
            site_id = f"{line.commune.insee}-{site_id}"
            known = self._by_id.get(site_id)
        if known is None:
            site = Site(site_id, line.commune.insee, label, position, address=line.address or "")
            self._by_id[site_id] = site
            self._by_label.setdefault((site.insee, plain(label)), site)
            self.new.append(site)
        return site_id
