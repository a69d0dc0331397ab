"""COMPOSITION ROOT: configuration in, collaborators out. Reading this file is reading the architecture.

Law: it constructs and connects; nothing is computed or decided here. Only this file and `simulation.py`, which puts
the twins in the place of the machine's edges, know the adapters.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.abilities import Abilities
from edge_agent.audio import alsa_config
from edge_agent.audio.device import AudioDevice
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.playback import Playback
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.audio.wire import PCM16_24K, UplinkEncoder
from edge_agent.board.board import Board
from edge_agent.board.chosen import chosen
from edge_agent.board.facts import Profile
from edge_agent.board.gpio import GpioBoard
from edge_agent.board.mixer import Mixer
from edge_agent.board.nothing import NoBoard
from edge_agent.card_settings import card_settings
from edge_agent.config import ConfigError, Settings
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.state import Agent
from edge_agent.ear import Ear
from edge_agent.hearing.barge_in import BargeIn
from edge_agent.hearing.echo import engines
from edge_agent.hearing.echo.engine import EchoEngine
from edge_agent.hearing.listener import Listener
from edge_agent.hearing.onset import SpeechOnset
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from edge_agent.interpreter import Interpreter
from edge_agent.local.child import ServerChild
from edge_agent.mouth import Mouth
from edge_agent.patience import ending, patience
from edge_agent.phrase_voice import learn_phrases
from edge_agent.runtime import Daemon
from edge_agent.session.client import WebSocketLink
from edge_agent.session.conversation import Conversation
from edge_agent.session.link import Link
from edge_agent.session.openai_realtime import OpenAIRealtime
from edge_agent.session.servers import OPENAI, server_of
from edge_agent.session.tools import Toolbox
from edge_agent.session.traffic import TrafficLog
from edge_agent.system.credentials import CredentialError, Secret
from edge_agent.system.health import Health
from edge_agent.system.journal import fields
from edge_agent.system.journal_timeline import JournalTimeline
from edge_agent.system.mute_memory import MuteMemory
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import AudioClock, Recorder

RunTool = Callable[[ef.RunTool], None]

log = logging.getLogger("edge_agent")


@dataclass(frozen=True)
class Stages:
    """What both wirings share. Everything in it is synchronous."""

    clock: AudioClock
    recorder: Recorder
    listener: Listener
    playback: Playback
    ear: Ear
    mouth: Mouth
    abilities: Abilities

    @property
    def toolbox(self) -> Toolbox:
        return self.abilities.toolbox


def stages(settings: Settings, *, env: Mapping[str, str] | None = None, epoch: float | None = None) -> Stages:
    """env: names where state is kept between runs.  epoch: the wall time of block 0 where blocks are the only clock
    (lock step). Raises ModelError.
    """
    clock = AudioClock()
    recorder = Recorder(lambda: clock.ms)
    audio, turn = settings.audio, settings.turn
    playback = Playback(volume=audio.volume, alarm_volume=audio.alarm_volume, earcons=audio.earcons)
    vad = SileroVad()
    listener = Listener(
        echo=echo_engine(settings),
        wake=OpenWakeWord(
            settings.wake.words,
            threshold=settings.wake.threshold or None,
            thresholds=settings.wake.thresholds,
            stop_words=settings.wake.stop_words,
            patience=settings.wake.patience,
            refractory_s=settings.wake.refractory_s,
        ),
        vad=vad,
        endpointer=ending(settings, vad),
        onset=SpeechOnset(threshold=turn.speech_threshold),
        barge_in=BargeIn(interruption_ms=turn.interruption_ms, backchannel_ms=turn.backchannel_ms),
        pre_roll=PreRoll(seconds=turn.pre_roll_s),
        duck=playback.duck,
        pause=playback.pause,
    )
    return Stages(
        clock,
        recorder,
        listener,
        playback,
        Ear(listener, UplinkEncoder(PCM16_24K), recorder),
        Mouth(playback, PCM16_24K, recorder),
        Abilities(
            playback,
            recorder,
            now=time.monotonic if epoch is None else lambda: clock.ms / 1000,
            wall=time.time if epoch is None else lambda: epoch + clock.ms / 1000,
            env=env or {},
        ),
    )


def learn_words(settings: Settings, parts: Stages) -> None:
    """Give the device's own sentences their sound. It may take seconds."""
    if settings.audio.words:
        learn_phrases(settings.system.language, parts.playback.cues.learn)


def echo_engine(settings: Settings) -> EchoEngine:
    echo = settings.echo
    return engines.make(echo.engine, tail_ms=echo.tail_ms, max_delay_ms=echo.max_delay_ms)


def provider(settings: Settings, url: str, key: Secret | None, toolbox: Toolbox) -> OpenAIRealtime:
    session, server = settings.session, server_of(settings.session.provider)
    if wrong := server.wrong_with(settings.turn.detection):
        raise ConfigError(f"turn.detection: {wrong}")
    return OpenAIRealtime(
        url=url,
        model=session.model,
        key=key.reveal() if key else "",
        voice=session.voice,
        instructions=session.instructions,
        detection=settings.turn.detection,
        transcription=session.transcription,
        max_output_tokens=session.max_output_tokens,
        tools=toolbox.schemas(),
        server=server,
    )


def conversation(
    settings: Settings,
    parts: Stages,
    link: Link,
    answers: OpenAIRealtime,
    tell: Callable[[ev.Event], None],
    caption: Callable[[int, str, str], None] = lambda turn, role, text: None,
) -> Conversation:
    return Conversation(
        answers,
        link,
        tell=tell,
        play=parts.mouth.say,
        timeline=parts.recorder,
        caption=caption,
        resume=settings.session.resume,
    )


def interpreter(
    settings: Settings,
    parts: Stages,
    talk: Conversation,
    board: Board,
    run_tool: RunTool,
    clock: Callable[[], float],
    *,
    muted: bool = False,
) -> Interpreter:
    mind = Interpreter(
        Agent(patience(settings), muted=muted),
        listener=parts.listener,
        playback=parts.playback,
        conversation=talk,
        board=board,
        clockwork=parts.abilities.clockwork,
        run_tool=run_tool,
        timeline=parts.recorder,
        clock=clock,
    )
    parts.abilities.status.agent = lambda: mind.agent
    return mind


def daemon(settings: Settings, key: Secret | None, notifier: Notifier, *, wait_for_card: bool = False) -> Daemon:
    """`edge-agent run`: the real card, board and network.

    Raises CredentialError, ModelError, BoardError, DeviceError.
    """
    if settings.session.provider == "openai" and key is None and not settings.session.url:
        raise CredentialError(
            'session.provider: found "openai" and no key; put it into the systemd credential openai-api-key, or into '
            'OPENAI_API_KEY, or let the device answer by itself: provider = "local"'
        )
    parts = stages(settings, env=os.environ)
    parts.recorder.listen(JournalTimeline())
    memory = MuteMemory(os.environ)
    parts.recorder.listen(memory.hear)
    profile = chosen(settings.board.profile)
    asked = card_settings(settings, profile)
    if profile and settings.board.mixer:
        parts.recorder.listen(Mixer(profile, input_card=asked.input_card, output_card=asked.output_card).hear)
    device = PortAudioDevice(asked, directory=alsa_config.directory(os.environ))
    offline = _answers_locally(settings, key)
    _tell_provider(settings, None if offline else key, offline=offline)
    server = _server(settings) if offline and not settings.session.url else None  # an address: it runs by itself
    return wire(
        settings,
        parts,
        device=device,
        board=_board(settings, profile),
        url=server.url if server else settings.session.url,
        key=None if offline else key,
        notifier=notifier,
        services=(server,) if server else (),
        muted=memory.muted,
        wait_for_card=wait_for_card,
    )


def wire(
    settings: Settings,
    parts: Stages,
    *,
    device: AudioDevice,
    board: Board,
    url: str,
    key: Secret | None,
    notifier: Notifier,
    services: tuple[Any, ...] = (),
    muted: bool = False,
    wait_for_card: bool = False,
    finished: Callable[[], bool] = lambda: False,
    caption: Callable[[int, str, str], None] = lambda turn, role, text: None,
) -> Daemon:
    """The threaded wiring, whatever its edges are."""
    socket = WebSocketLink()
    link: WebSocketLink | TrafficLog = socket
    if settings.session.traffic_log:
        link = socket.user = TrafficLog(settings.session.traffic_log, lambda: parts.clock.ms, link=socket)
    answers = provider(settings, url, key, parts.toolbox)
    talk = conversation(settings, parts, link, answers, lambda event: mind.tell(event), caption)
    link.user = talk
    mind = interpreter(
        settings,
        parts,
        talk,
        board,
        lambda request: life.run_tool(request, parts.toolbox.call),
        time.monotonic,
        muted=muted,
    )
    life = Daemon(
        device=device,
        duplex=Duplex(device, parts.playback),
        ear=parts.ear,
        mouth=parts.mouth,
        interpreter=mind,
        conversation=talk,
        board=board,
        clock=parts.clock,
        timeline=parts.recorder,
        health=Health(time.monotonic),
        notifier=notifier,
        services=services,
        finished=finished,
        wait_for_card=wait_for_card,
    )
    threading.Thread(target=learn_words, args=(settings, parts), name="words", daemon=True).start()
    return life


def _server(settings: Settings) -> ServerChild:
    """Raises SpeechError."""
    session = settings.session
    return ServerChild(
        recogniser=session.local_recogniser, voice=session.local_voice, language=settings.system.language
    )


def _tell_provider(settings: Settings, key: Secret | None, *, offline: bool) -> None:
    """Who will answer, and where its key is from; a key's origin is no secret."""
    named = settings.session.provider
    name = named if named != "auto" else "local" if offline else OPENAI
    told = f"its key from {key.origin}" if key else "without a key"
    log.info("provider %s, %s", name, told, extra=fields(provider=name, key_from=key.origin if key else None))


def _answers_locally(settings: Settings, key: Secret | None) -> bool:
    session = settings.session
    return session.provider == "local" or (session.provider == "auto" and key is None and not session.url)


def _board(settings: Settings, profile: Profile | None) -> Board:
    if profile is None or not profile.has_panel:
        return NoBoard()
    return GpioBoard(profile, pin_factory=settings.board.pin_factory, brightness=settings.board.brightness)
