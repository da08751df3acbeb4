"""``python -m camera_registry api|worker|relay|migrate|all``, and the commands of an administrator.

``seed --town …``, ``new-credential-key FILE``, ``rotate-credential-key``, ``retire-credential-keys``.
"""

import sys
from pathlib import Path

from camera_registry.app import build
from camera_registry.credential_vault import AesGcmVault
from camera_registry.key_rotation_command import run_retirement, run_rotation
from camera_registry.seed_command import run_seed
from camera_registry.settings import Settings
from common.service import run_service


def main(argv: list[str]) -> int:
    """Run a command; returns the exit status."""
    match argv:
        case ["new-credential-key", path]:
            AesGcmVault.write_new_key(Path(path))
            return 0
        case ["rotate-credential-key", *options]:
            return run_rotation(Settings.model_validate({}), options)
        case ["retire-credential-keys", *options]:
            return run_retirement(Settings.model_validate({}), options)
        case ["seed", *options]:
            return run_seed(Settings.model_validate({}), options)
        case _:
            settings = Settings.model_validate({})
            return run_service("camera-registry", "camera_registry", settings, lambda: build(settings), argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
