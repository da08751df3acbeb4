"""Vérifie un export du registre Vigie, sans Vigie.

    python3 verifier_registre.py EXPORT [--cle CLE]… [--json]
    python3 verifier_registre.py --preuve preuve.json [--cle CLE]…
    python3 verifier_registre.py --coherence coherence.json [--cle CLE]…

EXPORT est le fichier ZIP reçu, ou le dossier où il a été ouvert. CLE est la clé publique du registre telle que le
centre l'a publiée (GET /api/access/register/key, champ « verifier ») ; sans elle, la clé jointe à l'export est crue sur
parole, et un avertissement le dit. Il faut Python 3.9 et le paquet « cryptography ».

Code de sortie : 0 intact, 1 altéré, 2 inutilisable (fichier absent, ce n'est pas un export).

Formats : notes signées C2SP (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), arbre de Merkle RFC 6962 (SHA-256).
"""

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

INTACT, ALTERED, UNUSABLE = 0, 1, 2
MANIFEST, CHECKPOINT, ROWS, NODES = "manifeste.note", "point-de-controle.note", "preuves.jsonl", "noeuds.jsonl"
KEYS, SERVICE_KEYS = "cles.txt", "cles-services.json"
EXPORT_HEADER = "vigie-register-export-v1"
SEAL_CONTEXT = b"vigie-register-row-v1\n"
COLUMNS = (
    "seq", "at", "actor_id", "actor_name", "actor_role", "habilitation_id", "organisation", "action", "camera_id",
    "camera_label", "insee", "authorisation_id", "motive_code", "motive_text", "context", "station", "window_from",
    "window_until", "recipient", "result", "rule", "citation", "entry_id",
)  # fmt: skip
_SIGNATURE = re.compile(r"— (\S+) ([A-Za-z0-9+/=]+)")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class Altered(Exception):
    """Something is not what was signed; the text says what, in French."""


class Unusable(Exception):
    """This is no export that can be verified."""


def leaf_hash(content: bytes) -> bytes:
    """RFC 6962: a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962: a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def csv_line(cells: Iterable[object]) -> str:
    """Return one line of the CSV: « ; », and no cell that a spreadsheet would take for a formula."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def csv_row(row: dict[str, Any]) -> str:
    """Return a row of the register as the CSV writes it."""
    return csv_line(row.get(name) for name in COLUMNS)


def json_row(row: dict[str, Any]) -> str:
    """Return a row of the register as the JSON file writes it, on one line."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True)


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell).replace("\x00", "")
    return "'" + text if text.startswith(_RISKY) else text


class Key:
    """A public key as published: ``name+hash+Base64``."""

    def __init__(self, verifier: str) -> None:
        try:
            self.name, self.hash, encoded = verifier.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            self.public = Ed25519PublicKey.from_public_bytes(raw[1:])
        except ValueError:
            raise Unusable(f"clé illisible : {verifier[:80]}") from None
        told = hashlib.sha256(self.name.encode() + b"\n" + raw).hexdigest()[:8]
        if raw[:1] != b"\x01" or told != self.hash:
            raise Unusable(f"clé incohérente : {verifier[:80]}")

    def signed(self, name: str, signature: bytes, text: str) -> bool:
        """Tell whether the signature over a note's text is this key's."""
        if name != self.name or signature[:4].hex() != self.hash:
            return False
        return bears(self.public, signature[4:], text.encode())


def bears(public: Ed25519PublicKey, signature: bytes, content: bytes) -> bool:
    """Tell whether a signature holds."""
    try:
        public.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def open_note(note: str, keys: Sequence[Key], what: str) -> str:
    """Return the text of a note that one of the keys signed; raises Altered."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = [_SIGNATURE.fullmatch(line) for line in signatures.splitlines()]
    if not separator or not signatures.endswith("\n") or not all(lines):
        raise Altered(f"{what} : ce n'est pas une note signée")
    for line in lines:
        try:
            if line and any(key.signed(line[1], base64.b64decode(line[2], validate=True), text + "\n") for key in keys):
                return text + "\n"
        except ValueError:
            continue
    raise Altered(f"{what} : la signature ne correspond à aucune clé connue")


class Checkpoint:
    """What a signed checkpoint says: number of rows, root of their tree, end of their chain."""

    def __init__(self, note: str, keys: Sequence[Key], what: str = "point de contrôle") -> None:
        lines = open_note(note, keys, what).split("\n")
        try:
            self.size, self.root = int(lines[1]), base64.b64decode(lines[2], validate=True)
            extensions = dict(line.split(" ", 1) for line in lines[3:] if line)
            self.chain, self.at = bytes.fromhex(extensions["chain"]), extensions["time"]
        except (ValueError, KeyError, IndexError):
            raise Altered(f"{what} : contenu illisible") from None


class Folder:
    """An export, as a ZIP or opened into a folder."""

    def __init__(self, path: Path) -> None:
        self._zip = None if path.is_dir() else _opened_zip(path)
        self._path = path

    def names(self) -> set[str]:
        """Return the names of the files there."""
        if self._zip is not None:
            names = self._zip.namelist()
            if len(set(names)) != len(names):
                raise Altered("l'archive contient deux fichiers du même nom")
            return set(names)
        return {file.name for file in self._path.iterdir()}

    def stream(self, name: str) -> BinaryIO:
        """Open a file; raises Altered when it is missing."""
        try:
            return self._zip.open(name) if self._zip is not None else (self._path / name).open("rb")  # type: ignore[return-value]
        except (KeyError, OSError):
            raise Altered(f"fichier manquant : {name}") from None

    def text(self, name: str) -> str:
        """Read a small file."""
        try:
            with self.stream(name) as file:
                return file.read().decode()
        except UnicodeDecodeError:
            raise Altered(f"fichier illisible : {name}") from None


def _opened_zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise Unusable(f"{path} : ni un dossier ni une archive ZIP ({error})") from None


def verify_export(path: Path, pinned: Sequence[Key]) -> dict[str, Any]:
    """Verify an export wholly; returns what was found. Raises Altered or Unusable."""
    export = Folder(path)
    if MANIFEST not in export.names():
        raise Unusable(f"{path} : {MANIFEST} manque, ce n'est pas un export du registre")
    keys = list(pinned) or [Key(line) for line in export.text(KEYS).splitlines() if line]
    manifest = _manifest(export, keys)
    _check_files(export, manifest["files"])
    head = Checkpoint(export.text(CHECKPOINT), keys)
    if head.size != manifest["size"]:
        raise Altered("le manifeste et le point de contrôle ne parlent pas du même registre")
    reading = _reading_lines(export, manifest["format"])
    seals = Seals(json.loads(export.text(SERVICE_KEYS)))
    found = verify_rows(_proved_rows(export), reading, seals, head, complete=manifest["complete"], nodes=_nodes(export))
    if found["rows"] != manifest["rows"]:
        raise Altered(f"{found['rows']} lignes au lieu de {manifest['rows']}")
    return {
        **found, "complete": manifest["complete"], "size": head.size, "root": head.root.hex(), "signed_at": head.at,
        "filters": manifest["filters"], "key_pinned": bool(pinned), "keys": [f"{key.name}+{key.hash}" for key in keys],
    }  # fmt: skip


def _manifest(export: Folder, keys: Sequence[Key]) -> dict[str, Any]:
    text = open_note(export.text(MANIFEST), keys, MANIFEST)
    header, _, body = text.partition("\n")
    if header != EXPORT_HEADER:
        raise Altered(f"{MANIFEST} : ce n'est pas un manifeste d'export")
    manifest: dict[str, Any] = json.loads(body)
    return manifest


def _check_files(export: Folder, files: dict[str, str]) -> None:
    strangers = export.names() - files.keys() - {MANIFEST}
    if strangers:
        raise Altered(f"fichier ajouté : {', '.join(sorted(strangers))}")
    for name, expected in files.items():
        digest = hashlib.sha256()
        try:
            with export.stream(name) as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise Altered(f"{name} : {error}") from None
        if digest.hexdigest() != expected:
            raise Altered(f"{name} : le contenu n'est pas celui du manifeste signé")


def _lines(export: Folder, name: str, newline: str = "\n", encoding: str = "utf-8") -> Iterator[str]:
    with io.TextIOWrapper(export.stream(name), encoding=encoding, newline=newline) as file:
        yield from file


def _proved_rows(export: Folder) -> Iterator[dict[str, Any]]:
    for line in _lines(export, ROWS):
        yield json.loads(line)


def _nodes(export: Folder) -> dict[tuple[int, int], bytes]:
    nodes: dict[tuple[int, int], bytes] = {}
    for line in _lines(export, NODES):
        node = json.loads(line)
        nodes[node["level"], node["place"]] = bytes.fromhex(node["hash"])
    return nodes


def _reading_lines(export: Folder, form: str) -> Iterator[dict[str, str]]:
    """Yield the rows as the file that people read shows them; the last item says that it ends there."""
    if form == "csv":
        cells = csv.reader(_lines(export, "registre.csv", newline="\r\n", encoding="utf-8-sig"), delimiter=";")
        next(cells, None)
        for row in cells:
            yield {"line": csv_line_again(row)}
    else:
        for line in _lines(export, "registre.json"):
            bare = line.strip().rstrip(",")
            if bare not in {"[", "]"}:
                yield {"line": bare}


def csv_line_again(cells: Sequence[str]) -> str:
    """Return cells as read, written again the same way (they are harmless already)."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(cells)
    return out.getvalue()


class Seals:
    """The acting services' signatures over their rows, as far as their public keys came with the export."""

    def __init__(self, keys: dict[str, str]) -> None:
        self._keys = {
            name: Ed25519PublicKey.from_public_bytes(base64.b64decode(public)) for name, public in keys.items()
        }
        self.verified = self.unsealed = self.unknown = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many seals were verified, made with a key that did not come along, missing."""
        return {"seals_verified": self.verified, "seals_unknown": self.unknown, "unsealed": self.unsealed}

    def check(self, row: dict[str, Any]) -> bool:
        """Count a row's seal; False when it is not over this row."""
        seal = row.get("seal")
        if seal is None:
            self.unsealed += 1
            return True
        signer, _, encoded = str(seal).partition(":")
        public = self._keys.get(signer)
        if public is None:
            self.unknown += 1
            return True
        fields = {name: value for name, value in row.items() if name not in {"seq", "seal"}}
        content = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        self.verified += 1
        return bears(public, base64.b64decode(encoded), SEAL_CONTEXT + content)


def verify_rows(
    rows: Iterable[dict[str, Any]],
    reading: Iterator[dict[str, str]],
    seals: Seals,
    head: Checkpoint,
    *,
    complete: bool,
    nodes: dict[tuple[int, int], bytes],
) -> dict[str, Any]:
    """Verify rows one by one, then their tree against the checkpoint. Raises Altered."""
    leaves: dict[int, bytes] = {}
    previous, last = bytes(32), 0
    for item in rows:
        canonical, seq = item["row"].encode(), int(item["seq"])
        row = json.loads(canonical)
        before, now = bytes.fromhex(item["prev"]), bytes.fromhex(item["hash"])
        if row["seq"] != seq or seq <= last or (complete and seq != last + 1):
            raise Altered(f"ligne {seq} : elle n'est pas à sa place (après la ligne {last})")
        if hashlib.sha256(before + canonical).digest() != now or (seq == last + 1 and before != previous):
            raise Altered(f"ligne {seq} : l'empreinte ne suit pas celle de la ligne précédente")
        if not seals.check(row):
            raise Altered(f"ligne {seq} : le sceau du service n'est pas celui de cette ligne")
        shown = next(reading, {"line": ""})["line"]
        if not _same(shown, row):
            raise Altered(f"ligne {seq} : le fichier de lecture montre autre chose que la ligne scellée")
        leaves[seq - 1] = leaf_hash(canonical)
        previous, last = now, seq
    if next(reading, None) is not None:
        raise Altered("le fichier de lecture montre des lignes qui ne sont pas prouvées")
    if last > head.size or (complete and (last != head.size or (last and previous != head.chain))):
        raise Altered(f"la dernière ligne est la {last}, le point de contrôle en a signé {head.size}")
    if leaves and multiproof_root(leaves, head.size, nodes) != head.root:
        raise Altered("les lignes ne sont pas celles de l'arbre signé")
    return {"rows": len(leaves), **seals.counts}


def _same(shown: str, row: dict[str, Any]) -> bool:
    if shown.startswith("{"):
        try:
            return bool(json.loads(shown) == row)
        except ValueError:
            return False
    return shown == csv_row(row)


def multiproof_root(leaves: dict[int, bytes], size: int, nodes: dict[tuple[int, int], bytes]) -> bytes:
    """Return the root that some leaves and the nodes beside their ways make; empty when a node is missing."""
    level, last, known = 0, size - 1, dict(leaves)
    while last:
        above: dict[int, bytes] = {}
        for place, found in known.items():
            beside = place ^ 1
            if place >> 1 in above:
                continue
            if beside > last:
                above[place >> 1] = found
                continue
            other = known[beside] if beside in known else nodes.get((level, beside))
            if other is None:
                return b""
            above[place >> 1] = node_hash(other, found) if place & 1 else node_hash(found, other)
        known, last, level = above, last >> 1, level + 1
    return known.get(0, b"")


def verify_proof(document: dict[str, Any], pinned: Sequence[Key]) -> dict[str, Any]:
    """Verify the proof of one row, as GET …/register/entries/{seq}/proof answers it."""
    keys = _keys_for(document, pinned)
    head = Checkpoint(document["checkpoint"], keys)
    place, last, found = int(document["seq"]) - 1, head.size - 1, leaf_hash(document["row"].encode())
    row = json.loads(document["row"])
    path = iter([bytes.fromhex(step) for step in document["path"]])
    while last:
        if place ^ 1 <= last:
            beside = next(path, b"")
            found = node_hash(beside, found) if place & 1 else node_hash(found, beside)
        place, last = place >> 1, last >> 1
    if place or next(path, None) is not None or found != head.root or row["seq"] != int(document["seq"]):
        raise Altered(f"ligne {document['seq']} : la preuve ne mène pas à la racine signée")
    return {"seq": row["seq"], "row": row, "size": head.size, "signed_at": head.at, "key_pinned": bool(pinned)}


def verify_consistency(document: dict[str, Any], pinned: Sequence[Key]) -> dict[str, Any]:
    """Verify that one checkpoint's register begins with another's (RFC 9162 §2.1.4.2)."""
    keys = _keys_for(document, pinned)
    old = Checkpoint(document["from_checkpoint"], keys, "ancien point de contrôle")
    new = Checkpoint(document["to_checkpoint"], keys, "nouveau point de contrôle")
    path = [bytes.fromhex(step) for step in document["path"]]
    if not consistent(old.size, new.size, old.root, new.root, path):
        raise Altered(f"le registre de {new.size} lignes ne commence pas par celui de {old.size} lignes")
    return {"from": old.size, "to": new.size, "key_pinned": bool(pinned)}


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 §2.1.4.2, and an empty register begins any other."""
    if old == 0 or old > new:
        return old == 0 and not path
    if old == new:
        return not path and old_root == new_root
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_found = new_found = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_found, new_found = node_hash(beside, old_found), node_hash(beside, new_found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_found = node_hash(new_found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and old_found == old_root and new_found == new_root


def _keys_for(document: dict[str, Any], pinned: Sequence[Key]) -> list[Key]:
    return list(pinned) or [Key(verifier) for verifier in document.get("keys", [])]


def _in_words(found: dict[str, Any]) -> str:
    if "from" in found:
        return f"INTACT : le registre de {found['to']} lignes commence par celui de {found['from']} lignes."
    if "seq" in found:
        whole = f"le registre de {found['size']} lignes signé le {found['signed_at']}"
        return f"INTACT : la ligne {found['seq']} est dans {whole}."
    kind = "registre complet" if found["complete"] else "sélection"
    return (
        f"INTACT : {found['rows']} lignes ({kind}), dans le registre de {found['size']} lignes signé le"
        f" {found['signed_at']}.\nRacine : {found['root']}\nSceaux vérifiés : {found['seals_verified']},"
        f" de clé inconnue : {found['seals_unknown']}, lignes sans sceau : {found['unsealed']}."
    )


def main(argv: Sequence[str]) -> int:
    """Verify what was asked; returns the exit status."""
    parser = argparse.ArgumentParser(description="Vérifie un export du registre Vigie, sans Vigie.")
    parser.add_argument("export", nargs="?", type=Path, help="archive ZIP ou dossier de l'export")
    parser.add_argument("--preuve", type=Path, help="preuve d'une ligne (JSON de l'API)")
    parser.add_argument("--coherence", type=Path, help="cohérence de deux points de contrôle (JSON de l'API)")
    parser.add_argument("--cle", action="append", default=[], help="clé publique du registre, telle que publiée")
    parser.add_argument("--json", action="store_true", help="réponse pour un programme")
    asked = parser.parse_args(argv)
    try:
        pinned = [Key(text) for text in asked.cle]
        found = {"valid": True, **_verify(asked, pinned)}
        status, text = INTACT, _in_words(found)
    except (Altered, KeyError, TypeError, ValueError, zipfile.BadZipFile, EOFError) as error:
        reason = str(error) if isinstance(error, Altered) else f"contenu illisible ({type(error).__name__})"
        status, found, text = ALTERED, {"valid": False, "reason": reason}, f"ALTÉRÉ : {reason}."
    except (Unusable, OSError) as error:
        status, found, text = UNUSABLE, {"valid": None, "reason": str(error)}, f"INUTILISABLE : {error}."
    if found.get("key_pinned") is False:
        text += "\nATTENTION : clé jointe à l'export, non comparée ; donnez --cle avec la clé publiée par le centre."
    sys.stdout.write((json.dumps(found, ensure_ascii=False) if asked.json else text) + "\n")
    return status


def _verify(asked: argparse.Namespace, pinned: Sequence[Key]) -> dict[str, Any]:
    if asked.preuve:
        return verify_proof(json.loads(asked.preuve.read_text()), pinned)
    if asked.coherence:
        return verify_consistency(json.loads(asked.coherence.read_text()), pinned)
    if asked.export is None:
        raise Unusable("donnez un export, --preuve ou --coherence")
    return verify_export(asked.export, pinned)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
