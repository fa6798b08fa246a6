"""The worker's side of a tunescope queue folder: claim, mark as done. No packages."""
import json
import os
import socket


class Queue:
    def __init__(self, path):
        self.path = path

    def claim(self):
        """The configuration that was accepted first, as its queue entry; None where nothing waits."""
        pending = os.path.join(self.path, "pending")
        names = os.listdir(pending) if os.path.isdir(pending) else []
        for name in sorted(n for n in names if n.endswith(".json")):
            mine = os.path.join(self.path, "claimed", f"{name}.{socket.gethostname()}.{os.getpid()}")
            try:
                os.rename(os.path.join(pending, name), mine)
            except FileNotFoundError:
                continue  # another worker was faster, or it was withdrawn
            with open(mine, encoding="utf-8") as file:
                return {**json.load(file), "file": mine, "name": name}
        return None

    def done(self, entry):
        os.rename(entry["file"], os.path.join(self.path, "done", entry["name"]))
