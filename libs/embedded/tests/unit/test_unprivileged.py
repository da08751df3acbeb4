"""Stand-in folders: made only where needed, removed with what led to them. As root only; else there are none."""

import os
from pathlib import Path

from embedded.unprivileged import reachable_folder, remove_folder, unprivileged_account


def test_a_folder_is_the_accounts_own_and_can_be_removed(tmp_path: Path) -> None:
    account = unprivileged_account()
    wanted = tmp_path / "hidden" / "cluster"
    wanted.parent.mkdir(mode=0o700)
    place = reachable_folder(wanted, account, durable=True)
    assert place.stat().st_mode & 0o777 == 0o700
    assert place.stat().st_uid == (account.uid if account else os.getuid())
    assert wanted.resolve() == place
    (place / "PG_VERSION").write_text("18")
    assert reachable_folder(wanted, account, durable=True) == place

    remove_folder(wanted)
    assert not place.exists()
    assert not wanted.is_symlink()


def test_what_a_killed_program_left_is_swept_by_the_next(tmp_path: Path) -> None:
    account = unprivileged_account()
    left, kept = tmp_path / "left" / "cluster", tmp_path / "kept" / "cluster"
    for wanted in (left, kept):
        wanted.parent.mkdir(mode=0o700)
    left_place = reachable_folder(left, account, durable=True)
    kept_place = reachable_folder(kept, account, durable=True)
    if account is None:
        left_place.rmdir()
    else:
        left.unlink()  # its folder was removed, the stand-in was forgotten

    next_one = tmp_path / "next" / "cluster"
    next_one.parent.mkdir(mode=0o700)
    reachable_folder(next_one, account, durable=True)

    assert not left_place.exists()
    assert kept_place.exists()
    for wanted in (kept, next_one):
        remove_folder(wanted)
