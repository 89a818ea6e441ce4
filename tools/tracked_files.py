"""The files that belong to the project: what git tracks, or where there is no git, what lies there."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked_files():
    """Paths relative to ROOT; those that are deleted but not committed are left out."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached"],
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return sorted(pathlib.Path(name) for name in names if name and (ROOT / name).is_file())
    outside = ("build", ".git", "__pycache__")
    files = (file.relative_to(ROOT) for file in ROOT.rglob("*") if file.is_file())
    return sorted(file for file in files if not file.parts[0].startswith(outside))
