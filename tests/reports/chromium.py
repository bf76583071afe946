"""A Chromium without a window, driven through the pipe of its DevTools protocol."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PATIENCE = 60.0
"""Seconds."""


class Browser:
    """One page of a browser.

    Attributes:
        errors: what its pages logged, threw or were forbidden.
    """

    def __init__(self, write, read):
        self._write, self._read = write, read
        self._buffer, self._numbers, self._session = b"", itertools.count(1), None
        self.errors = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        """The result of a command."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def open(self, path, *, width=1280, height=800, dark=False, media="screen"):
        """Show a file on a screen of that size, in CSS pixels."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.call("Page.navigate", url=path.as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def resize(self, width, height):
        """Another size of the screen."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def value(self, expression):
        """What a JavaScript expression is, as plain types."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, *keys):
        """Press keys as a user does: names such as "Tab", or characters."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowUp": 38}
        for key in keys:
            text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
            code = codes.get(key, 0)
            down = {"text": text} if text else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **down)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self, path):
        """Write the screen as PNG."""
        found = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def _receive(self):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            assert ready, "the browser does not answer"
            part = os.read(self._read, 1 << 20)
            assert part, "the browser has ended"
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        message = json.loads(line)
        if message.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
            self.errors.append(message["params"])
        return message


@contextmanager
def browser(profile):
    """A browser that keeps its files in the folder `profile`."""
    read_commands, write_commands = os.pipe()
    read_answers, write_answers = os.pipe()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    given = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 100) for end in (read_commands, write_answers)]
    process = os.posix_spawn(
        CHROMIUM,
        [CHROMIUM, *options, "--remote-debugging-pipe", f"--user-data-dir={profile}"],
        os.environ,
        file_actions=[
            *((os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_RDWR, 0) for stream in range(3)),
            *((os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(given, start=3)),  # as Chromium has it
        ],
    )
    for end in (*given, read_commands, write_answers):
        os.close(end)
    try:
        yield Browser(write_commands, read_answers)
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(write_commands)
        os.close(read_answers)
