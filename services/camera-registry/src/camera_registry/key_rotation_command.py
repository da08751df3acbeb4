"""``python -m camera_registry rotate-credential-key`` and ``retire-credential-keys``: passwords under a new key.

Rotating puts a fresh key at the head of the ring and seals every password anew, batch by batch, while the services
go on. Interrupted, it takes up where it was: as long as a password is sealed by an older key, the next run adds no
other one. Retiring takes the older keys out of the file, and refuses while any password still needs one.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from camera_registry.button_proof import sealing_name
from camera_registry.credential_vault import AesGcmVault
from camera_registry.repository.buttons import buttons_sealed_otherwise, put_button_seals
from camera_registry.repository.cameras import lock_register
from camera_registry.repository.sealed import put_sealed, sealed_by_others, sealed_otherwise
from camera_registry.settings import Settings
from common.database import Database

BATCH = 500


class KeysInUse(RuntimeError):
    """Passwords are still sealed by an older key; ``passwords`` tells how many."""

    def __init__(self, passwords: int) -> None:
        super().__init__(f"{passwords} passwords under an older key")
        self.passwords = passwords


def run_rotation(settings: Settings, argv: Sequence[str]) -> int:
    """Add a key unless a rotation is unfinished, and seal everything with the first one. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m camera_registry rotate-credential-key",
        description="Change la clé des mots de passe des caméras, sans arrêt.",
    )
    parser.add_argument("--reseal-only", action="store_true", help="la clé est déjà dans le fichier : ne rien ajouter")
    options = parser.parse_args(argv)
    vault = AesGcmVault.from_file(settings.credential_key_file)
    url = settings.database_url.get_secret_value()
    try:
        added, resealed = asyncio.run(_rotate(url, vault, adding=not options.reseal_only))
    except OSError as error:  # a ring mounted read-only, as from a Kubernetes secret
        sys.stderr.write(
            f"Le fichier des clés ne peut pas être écrit ({error.strerror}) : mettez-y une nouvelle clé en première "
            "ligne, puis lancez « rotate-credential-key --reseal-only ».\n"
        )
        return 1
    key = vault.keys[0].key_id
    what = f"Clé {key} ajoutée" if added else f"Reprise sous la clé {key}"
    sys.stdout.write(f"{what} : {resealed} mot(s) de passe scellé(s) à nouveau. Sauvegardez le fichier des clés.\n")
    return 0


def run_retirement(settings: Settings, argv: Sequence[str]) -> int:
    """Drop every key but the one that seals. Returns the exit status: 1 while a password needs an older one."""
    argparse.ArgumentParser(
        prog="python -m camera_registry retire-credential-keys",
        description="Retire du fichier les clés qui ne scellent plus aucun mot de passe.",
    ).parse_args(argv)
    vault = AesGcmVault.from_file(settings.credential_key_file)
    try:
        retired = asyncio.run(_retire(settings.database_url.get_secret_value(), vault))
    except KeysInUse as error:
        sys.stderr.write(
            f"{error.passwords} mot(s) de passe ont encore besoin d'une clé plus ancienne : lancez d'abord "
            "« python -m camera_registry rotate-credential-key ».\n"
        )
        return 1
    names = ", ".join(retired) or "aucune"
    sys.stdout.write(f"Clés retirées : {names}. Gardez-en une copie hors ligne tant que vous gardez des sauvegardes.\n")
    return 0


async def rotate(
    *, database: Database, vault: AesGcmVault, adding: bool = True, batch: int = BATCH
) -> tuple[bool, int]:
    """Seal every password with the ring's first key; return whether a key was added, and how many were sealed."""
    async with database.transaction() as conn:
        await lock_register(conn)
        mark = vault.keys[0].mark
        unfinished = await sealed_otherwise(conn, mark) + len(await buttons_sealed_otherwise(conn, mark))
        first = len(vault.keys) == 1
        added = adding and (first or not unfinished)
        if added:
            vault.add_key()
    resealed, after = 0, ""
    while True:
        async with database.transaction() as conn:
            await lock_register(conn)  # nobody saves a camera meanwhile, so no value is replaced by an older one
            found = await sealed_by_others(conn, vault.keys[0].mark, after=after, limit=batch)
            renewed = {
                one.camera_id: vault.seal(one.camera_id, vault.unseal(one.camera_id, one.sealed)) for one in found
            }
            await put_sealed(conn, renewed)
            if not found:
                buttons = await buttons_sealed_otherwise(conn, vault.keys[0].mark)
                names = {button: sealing_name(button) for button in buttons}
                await put_button_seals(
                    conn, {one: vault.seal(names[one], vault.unseal(names[one], buttons[one])) for one in buttons}
                )
                return added, resealed + len(buttons)
        resealed, after = resealed + len(found), found[-1].camera_id


async def retire(*, database: Database, vault: AesGcmVault) -> tuple[str, ...]:
    """Drop every key but the first from the file; return their ids. Raises KeysInUse.

    The register stays locked from the count until the file is written: whoever seals next reads the new file.
    """
    async with database.transaction() as conn:
        await lock_register(conn)
        first, *older = vault.keys
        waiting = await sealed_otherwise(conn, first.mark) + len(await buttons_sealed_otherwise(conn, first.mark))
        if waiting:
            raise KeysInUse(waiting)
        for key in older:
            vault.drop_key(key)
    return tuple(key.key_id for key in older)


async def _rotate(url: str, vault: AesGcmVault, *, adding: bool) -> tuple[bool, int]:
    database = Database(url)
    try:
        return await rotate(database=database, vault=vault, adding=adding)
    finally:
        await database.dispose()


async def _retire(url: str, vault: AesGcmVault) -> tuple[str, ...]:
    database = Database(url)
    try:
        return await retire(database=database, vault=vault)
    finally:
        await database.dispose()
