"""Write docs/access-matrix.md from the policy, or check that it is up to date (``--check``)."""

import argparse
from pathlib import Path

from policy import RULES, matrix_markdown
from policy.citations import citation

PAGE = Path(__file__).parent.parent / "docs" / "access-matrix.md"
HEAD = """# Qui peut demander quoi

Page générée par `tools/access_matrix.py` à partir de `libs/policy` : ne pas la modifier à la main.

Le rôle n'est que le premier filtre. Une case non vide dit que le rôle peut *demander* l'action ; toutes les règles
de la seconde table doivent ensuite être satisfaites, et la première qui refuse est nommée dans le registre.

"""


def page() -> str:
    """Return the whole page."""
    rules = "".join(f"| `{rule.name}` | {rule.explanation} | {citation(rule.citation)} |\n" for rule in RULES)
    return f"{HEAD}{matrix_markdown()}\n## Règles, dans l'ordre\n\n| règle | énoncé | source |\n|---|---|---|\n{rules}"


def main() -> int:
    """Write or check the page; returns 1 when the page on disk is not the one of the policy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when the page is out of date")
    wanted = page()
    if not parser.parse_args().check:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{PAGE.name} is out of date: run tools/access_matrix.py")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
