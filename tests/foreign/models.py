"""Ears, wits and a voice for a foreign server: the three OpenAI-compatible HTTP endpoints that it can be pointed at.

Law: a stand-in for models that only a hub carries, and nothing of a conversation's order: who speaks when is the
foreign server's. The ears are pocketsphinx, the voice is espeak-ng (both this project's own), the wits are a list.
"""

from __future__ import annotations

import email.parser
import io
import json
import threading
import wave
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from edge_agent.local.speech.speech import perform
from edge_agent.local.speech.work import Recognised, Spoken, Work

TIME = "It is half past twelve."
STORY = (
    "Once upon a time there was a little radio that wanted to see the sea. Every evening it listened to the waves on "
    "the short wave band, and every morning it told the kettle about them. One day the fisherman took it along. The "
    "radio was so happy that it forgot the news, and hummed all the way home, and nobody in the boat complained."
)
LOUDER = 85

Message = Mapping[str, Any]


def answer(messages: list[Message]) -> tuple[str, tuple[str, str] | None]:
    """What is said to the last message, and which function is called (name, arguments) instead of saying it."""
    last = messages[-1]
    if last["role"] == "tool":
        return f"The device says {_digits(str(last['content']))} percent.", None
    asked = str(last.get("content") or "").lower()
    if "volume" in asked:
        return "", ("set_volume", json.dumps({"percent": LOUDER}))
    if "story" in asked:
        return STORY, None
    return (TIME if "time" in asked else "I did not understand."), None


def _digits(text: str) -> str:
    return "".join(character if character.isdigit() else " " for character in text).strip()


class Models:
    """Listening on loopback until `stop`. url: what a client calls base_url. heard: every transcript, oldest first;
    asked: the messages of every request for an answer."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.asked: list[list[Message]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def transcribe(self, wav: bytes) -> dict[str, Any]:
        with wave.open(io.BytesIO(wav)) as sound:
            pcm, rate = sound.readframes(sound.getnframes()), sound.getframerate()
        heard = perform(Work("ears", "recognise", pcm, rate))
        assert isinstance(heard, Recognised), heard
        self.heard.append(heard.text)
        return {"text": heard.text, "language": "en"}

    def complete(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The chunks of a streamed answer; a client that wants it whole joins them."""
        self.asked.append(list(request["messages"]))
        text, call = answer(request["messages"])
        delta: dict[str, Any] = {"role": "assistant", "content": text}
        if call is not None:
            function = {"name": call[0], "arguments": call[1]}
            delta["tool_calls"] = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
        ending = "tool_calls" if call is not None else "stop"
        return [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": ending}]},
        ]

    def speak(self, request: Mapping[str, Any]) -> bytes:
        spoken = perform(Work("voice", "speak", str(request["input"])))
        assert isinstance(spoken, Spoken), spoken
        return spoken.pcm

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        models = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                match self.path.removeprefix("/v1"):
                    case "/audio/transcriptions":
                        wav = _file_of(self.headers["Content-Type"], body)
                        self._give("application/json", json.dumps(models.transcribe(wav)).encode())
                    case "/chat/completions":
                        self._complete(json.loads(body))
                    case "/audio/speech":
                        self._give("audio/pcm", models.speak(json.loads(body)))
                    case _:
                        self.send_error(404)

            def _complete(self, request: Mapping[str, Any]) -> None:
                head = {"id": "chat_1", "created": 0, "model": request["model"]}
                chunks = models.complete(request)
                if request.get("stream"):
                    lines = _streamed(head | {"object": "chat.completion.chunk"}, chunks)
                    self._give("text/event-stream", "".join(lines).encode())
                    return
                message = chunks[0]["choices"][0]["delta"]
                choice = {"index": 0, "message": message, "finish_reason": chunks[1]["choices"][0]["finish_reason"]}
                whole = head | {"object": "chat.completion", "choices": [choice]}
                self._give("application/json", json.dumps(whole).encode())

            def _give(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: a request is no news."""

        return Handler


def _streamed(head: Mapping[str, Any], chunks: list[dict[str, Any]]) -> Iterator[str]:
    for chunk in chunks:
        yield f"data: {json.dumps({**head, **chunk})}\n\n"
    yield "data: [DONE]\n\n"


def _file_of(kind: str, body: bytes) -> bytes:
    """The uploaded file of a multipart form."""
    form = email.parser.BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    for part in form.walk():
        if part.get_filename():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content
    raise ValueError("the form holds no file")
