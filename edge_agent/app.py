"""COMPOSITION ROOT: configuration in, collaborators out. Reading this file is reading the architecture.

Law: it constructs and connects; nothing is computed or decided here. Only this file and `simulation.py`, which puts
the twins in the place of the machine's edges, know the adapters.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from edge_agent import __version__
from edge_agent.audio import alsa_config
from edge_agent.audio.card_format import CardSettings
from edge_agent.audio.device import AudioDevice
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.playback import Playback
from edge_agent.audio.portaudio import PortAudioDevice
from edge_agent.audio.wire import PCM16_24K, UplinkEncoder
from edge_agent.board.board import Board
from edge_agent.board.gpio import GpioBoard
from edge_agent.board.nothing import NoBoard
from edge_agent.board.profile import AudioFacts, Profile
from edge_agent.board.profile import load as load_profile
from edge_agent.config import Settings
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Agent
from edge_agent.ear import Ear
from edge_agent.hearing.barge_in import BargeIn
from edge_agent.hearing.echo import EchoEngine
from edge_agent.hearing.echo_kalman import KalmanEcho
from edge_agent.hearing.echo_off import OffEcho
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.listener import Listener
from edge_agent.hearing.onset import SpeechOnset
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from edge_agent.interpreter import Interpreter
from edge_agent.local.child import ServerChild
from edge_agent.mouth import Mouth
from edge_agent.runtime import Daemon
from edge_agent.session.client import WebSocketLink
from edge_agent.session.conversation import Conversation
from edge_agent.session.link import Link
from edge_agent.session.openai_realtime import OpenAIRealtime
from edge_agent.session.tools import Toolbox, device_tools
from edge_agent.session.traffic import TrafficLog
from edge_agent.system.credentials import CredentialError, Secret
from edge_agent.system.health import Health
from edge_agent.system.journal_timeline import JournalTimeline
from edge_agent.system.mute_memory import MuteMemory
from edge_agent.system.systemd import Notifier
from edge_agent.timeline import AudioClock, Recorder

RunTool = Callable[[ef.RunTool], None]
NO_BOARD = "none"  # [board] profile


@dataclass(frozen=True)
class Stages:
    """What both wirings share. Everything in it is synchronous."""

    clock: AudioClock
    recorder: Recorder
    listener: Listener
    playback: Playback
    ear: Ear
    mouth: Mouth
    toolbox: Toolbox


def stages(settings: Settings) -> Stages:
    """Raises ModelError."""
    clock = AudioClock()
    recorder = Recorder(lambda: clock.ms)
    playback = Playback(volume=settings.audio.volume, earcons=settings.audio.earcons)
    turn = settings.turn
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
        vad=SileroVad(),
        endpointer=Endpointer(threshold=turn.speech_threshold, silence_ms=turn.silence_ms),
        onset=SpeechOnset(threshold=turn.speech_threshold),
        barge_in=BargeIn(interruption_ms=turn.interruption_ms, enabled=turn.interruption),
        pre_roll=PreRoll(seconds=turn.pre_roll_s),
        duck=playback.duck,
    )
    return Stages(
        clock,
        recorder,
        listener,
        playback,
        Ear(listener, UplinkEncoder(PCM16_24K), recorder),
        Mouth(playback, PCM16_24K, recorder),
        _toolbox(playback),
    )


def echo_engine(settings: Settings) -> EchoEngine:
    if settings.echo.engine == "off":
        return OffEcho()
    return KalmanEcho(tail_ms=settings.echo.tail_ms, max_delay_ms=settings.echo.max_delay_ms)


def provider(settings: Settings, url: str, key: Secret | None, toolbox: Toolbox) -> OpenAIRealtime:
    session = settings.session
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
    return Interpreter(
        Agent(_policy(settings), muted=muted),
        listener=parts.listener,
        playback=parts.playback,
        conversation=talk,
        board=board,
        run_tool=run_tool,
        timeline=parts.recorder,
        clock=clock,
    )


def daemon(settings: Settings, key: Secret | None, notifier: Notifier, *, wait_for_card: bool = False) -> Daemon:
    """`edge-agent run`: the real card, board and network.

    Raises CredentialError, ModelError, BoardError, DeviceError.
    """
    if settings.session.provider == "openai" and key is None and not settings.session.url:
        raise CredentialError(
            'session.provider: found "openai" and no key; put it into the systemd credential openai-api-key, or into '
            'OPENAI_API_KEY, or let the device answer by itself: provider = "local"'
        )
    parts = stages(settings)
    parts.recorder.listen(JournalTimeline())
    memory = MuteMemory(os.environ)
    parts.recorder.listen(memory.hear)
    profile = None if settings.board.profile == NO_BOARD else load_profile(settings.board.profile)
    device = _card(settings, profile)
    offline = _answers_locally(settings, key)
    server = ServerChild() if offline and not settings.session.url else None  # an address: it runs by itself
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
        monotonic,
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
        health=Health(monotonic),
        notifier=notifier,
        services=services,
        finished=finished,
        wait_for_card=wait_for_card,
    )
    return life


def _answers_locally(settings: Settings, key: Secret | None) -> bool:
    session = settings.session
    return session.provider == "local" or (session.provider == "auto" and key is None and not session.url)


def _card(settings: Settings, profile: Profile | None) -> PortAudioDevice:
    """The cards that the configuration names, else those of the board, else the system's default."""
    audio, facts = settings.audio, profile.audio if profile else AudioFacts()
    asked = CardSettings(
        input_card=audio.input_card or facts.input_card,
        output_card=audio.output_card or facts.output_card,
        rate=audio.rate,
        channels=audio.channels,
        reference_channel=audio.reference_channel,
        buffer_ms=audio.buffer_ms,
        gain_db=audio.gain_db,
        keep_awake=audio.keep_awake,
        clocks=audio.clocks,
    )
    return PortAudioDevice(asked, directory=alsa_config.directory(os.environ))


def _board(settings: Settings, profile: Profile | None) -> Board:
    if profile is None:
        return NoBoard()
    return GpioBoard(profile, pin_factory=settings.board.pin_factory, brightness=settings.board.brightness)


def _policy(settings: Settings) -> Policy:
    turn, session = settings.turn, settings.session
    return Policy(
        follow_up_s=turn.follow_up_s,
        no_speech_s=turn.no_speech_s,
        max_speech_s=turn.max_speech_s,
        reply_s=turn.reply_s,
        stall_s=turn.stall_s,
        renew_s=session.max_minutes * 60,
        greeting=session.greeting,
        provider_detects=turn.detection != "local",
    )


def _toolbox(playback: Playback) -> Toolbox:
    def set_volume(percent: int) -> None:
        playback.volume = percent

    def status() -> dict[str, object]:
        return {"version": __version__, "volume_percent": playback.volume, "underruns": playback.underruns}

    return Toolbox(device_tools(lambda: playback.volume, set_volume, status))
