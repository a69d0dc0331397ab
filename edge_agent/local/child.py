"""The embedded server as a child process: started, restarted on the same port when it dies, stopped with its parent.

Law: processes and pipes; nothing of the protocol. The pipe to the child's standard input is its lifeline: when this
process ends, however it ends, the pipe closes and the child goes too.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from edge_agent.local.assistant.language import ENGLISH
from edge_agent.local.speech.engines import AUTO
from edge_agent.local.speech.voice import SpeechError

STOP_S = 3.0  # for a child to end in good order
POLL_S = 0.1  # how soon its death is noticed
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0  # before a restart: hardly any the first time, never a hot loop
HEALTHY_S = 60.0  # a child that lived this long begins with the first pause again

log = logging.getLogger(__name__)


class ServerChild:
    """Running from its construction until `stop`; `url` never changes. Raises SpeechError: it cannot start.

    model_delay_ms, reply_wav, recogniser, voice, language: the server's options of the same name.
    """

    def __init__(
        self,
        *,
        model_delay_ms: float = 0,
        reply_wav: Path | None = None,
        recogniser: str = AUTO,
        voice: str = AUTO,
        language: str = ENGLISH,
    ) -> None:
        self._options = ["--model-delay-ms", f"{model_delay_ms:g}", "--language", language]
        self._options += ["--recogniser", recogniser, "--voice", voice]
        if reply_wav is not None:
            self._options += ["--reply-wav", str(reply_wav)]
        self._ending = threading.Event()
        self._process, self.url = self._start(port=0)
        self._port = urlsplit(self.url).port or 0
        self._keeper = threading.Thread(target=self._keep, name="local-server", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int:
        """Of the child that runs now, or ran last."""
        return self._process.pid

    def kill(self) -> None:
        """The worst that can happen to it. It will be started again."""
        self._process.kill()

    def stop(self) -> None:
        """End it in good order. May be called twice."""
        self._ending.set()
        self._keeper.join()

    def _keep(self) -> None:
        """Wait for the child's death, start another, and so on until the end."""
        pause_s = FIRST_PAUSE_S
        while not self._ending.is_set():
            started = time.monotonic()
            while self._process.poll() is None and not self._ending.wait(POLL_S):
                pass
            if self._ending.is_set():
                break
            _end(self._process)
            log.warning("the local server ended (exit code %d); it is started again", self._process.returncode)
            pause_s = FIRST_PAUSE_S if time.monotonic() - started > HEALTHY_S else min(2 * pause_s, LONGEST_PAUSE_S)
            while not self._ending.wait(pause_s) and not self._restarted():
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        _end(self._process)

    def _restarted(self) -> bool:
        try:
            self._process, _ = self._start(self._port)
        except SpeechError as error:
            log.error("%s", error)
            return False
        return True

    def _start(self, port: int) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "edge_agent", "local-server", "--port", str(port), "--until-eof"]
        process = subprocess.Popen([*command, *self._options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        with process.stdout as output:
            word, _, url = output.readline().strip().partition(" ")
        if word != "listening":
            _end(process)
            raise SpeechError(f"the local server did not start (exit code {process.returncode}); its words are above")
        return process, url


def _end(process: subprocess.Popen[str]) -> None:
    """Wait for its death, help where needed, and let go of the pipe."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
