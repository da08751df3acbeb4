"""``vigie register …``."""

import typer

from vigie_local.answers import DEFAULT_TOWN, Data, Json, Town, layout_of, respond, told_in_words
from vigie_local.service_client import ServiceClient

app = typer.Typer(no_args_is_help=True, help="Registre.")


@app.command()
def verify(*, town: Town = DEFAULT_TOWN, data: Data = None, as_json: Json = False) -> None:
    """Vérifie la chaîne du registre ; code de sortie 1 si elle est rompue."""
    with told_in_words(as_json=as_json):
        found = ServiceClient(layout_of(town, data)).get("/api/access/register/verification")
        intact = f"Registre intact : {found['entries']} lignes, empreinte {found['head_hash']}."
        broken = f"REGISTRE ALTÉRÉ à la ligne {found['first_bad_seq']} (sur {found['entries']})."
        respond(found, intact if found["valid"] else broken, as_json=as_json)
    if not found["valid"]:
        raise typer.Exit(1)
