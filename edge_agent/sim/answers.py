"""Who answers in lock step, where the embedded server is a protocol without its processes: its mind, and its ears.

Law: it chooses by the scenario's `[provider]`; what is answered and how it sounds is others' affair.
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.local.assistant.assistant import Brain
from edge_agent.local.assistant.fixed_reply import FixedReply
from edge_agent.local.assistant.recital import Recital
from edge_agent.local.realtime.mind import Mind
from edge_agent.local.speech import speech
from edge_agent.local.speech.work import Recognised, Result, Work
from edge_agent.sim.passages import spoken
from edge_agent.sim.scenario_provider import ProviderSettings


def mind_of(provision: ProviderSettings, language: str) -> Mind:
    """Raises SpeechError, VoiceError, WavError."""
    speech.switch(language)
    if provision.passages:
        return Recital([(text, spoken(text, provision.voice)) for text in provision.passages])
    return FixedReply(provision.reply_wav) if provision.reply_wav else Brain(language=language)


def ears_of(provision: ProviderSettings) -> Callable[[Work], Result]:
    """Does the server's work. To recognise what was said is the dearest of it: passages are said whatever it was."""
    return _hardly_listen if provision.passages else speech.perform


def _hardly_listen(work: Work) -> Result:
    return speech.perform(work) if work.kind == "speak" else Recognised("go on")
