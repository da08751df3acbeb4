"""``python -m vigie_local``: the same as ``vigie``."""

from vigie_local.cli import main

if __name__ == "__main__":
    main()
