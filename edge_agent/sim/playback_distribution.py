"""What a survey of playback is drawn from: a device that talks and talks, and what goes on around it meanwhile.

Law: data. Rooms and machines are those of `distribution.py`, wider where the echo's path is concerned; what is drawn
for a scene, and what for each of the things that happen in it, are two lists. Nothing was chosen by how the device
fares. SER: a person's voice over the device's own at the microphone, dB, each in its active parts.
"""

from __future__ import annotations

from edge_agent.sim.chance import Choice, LogNormal, LogUniform, Normal, Uniform, Value
from edge_agent.sim.distribution import FACTORS as ALL
from edge_agent.sim.distribution import VOICES, Factor
from edge_agent.sim.playback_texts import BACKCHANNELS, CALLS, INTERRUPTIONS, OPENERS
from edge_agent.sim.scenario_provider import OWN_VOICE

SCENE_S = 120.0
PASSAGES = 8  # replies after which the first comes again
HAPPENINGS = 12  # more than fit: the last ones never come
SER_DB = (-10.0, 15.0)
INTERRUPTS, CALLS_IT, AGREES = "interrupts", "calls", "agrees"
NOISY = {"coughs": "cough", "claps": "clap", "shuts a door": "door", "clatters": "dishes"}  # what they do: its sound

_SHARED = (
    *("length_m", "width_m", "height_m", "mic_x_m", "mic_y", "mic_z_m", "noise_db", "voice", "mic_noise_db"),
    *("clipping", "excursion", "clocks", "slips_per_min", "model_ms"),
)
_own: dict[Value, float] = {OWN_VOICE: 8, **VOICES}
_says: dict[Value, float] = dict.fromkeys(INTERRUPTIONS, 1)

SCENE = (
    *(factor for factor in ALL if factor.name in _SHARED),
    Factor("rt60_s", "reverberation time, s", LogNormal(0.36, 1.5, 0.15, 0.7), "furnished rooms, to kitchens"),
    Factor("talker_m", "the person's distance, m", LogUniform(0.5, 3.5), "assumption: at the table to across the room"),
    Factor("speaker_m", "the loudspeaker's distance, m", LogUniform(0.1, 0.4), "in one case, or beside it"),
    Factor("speaker_db", "its amplifier, dB off a desk speaker", Normal(0.0, 4.0, -8.0, 8.0), "assumption"),
    Factor("volume", "the volume set, 0 to 100", Uniform(65.0, 100.0), "47 to 58 dB SPL at 1 m: heard across a room"),
    Factor("drift_ppm", "two clocks apart, ppm", Uniform(-300.0, 300.0), "crystals of the cheapest USB devices"),
    Factor("delay_ms", "the sound card's loop, ms", LogUniform(15.0, 200.0), "a hat with short buffers, to USB hubs"),
    Factor(
        "moved", "somebody moves the device", Choice({"no": 85, "yes": 15}), "assumption: more often than it should"
    ),
    Factor("moved_s", "when, s", Uniform(15.0, 100.0), "assumption"),
    Factor(
        "background",
        "what else sounds",
        Choice({"none": 60, "tv": 16, "music": 14, "fan": 6, "hum": 4}),
        "assumption: a person who wants to hear a reply mostly turns the rest down",
    ),
    Factor("background_db", "its level at the device, dB SPL", Uniform(40.0, 58.0), "a quiet radio, to a film"),
    Factor("background_m", "its distance, m", Uniform(1.2, 4.0), "assumption"),
    Factor("reply_voice", "whose voice the replies have", Choice(_own), "the embedded server's own, or another"),
    Factor("names_itself", "a reply holds the wake word", Choice({"no": 85, "yes": 15}), "greetings and help texts do"),
    Factor("company", "somebody is there", Choice({"yes": 75, "no": 25}), "a quarter of the scenes: nobody is"),
    Factor("opener", "what the replies answer", Choice(dict.fromkeys(OPENERS, 1)), "of no importance"),
    Factor("around_m", "the distance of coughs and dishes, m", Uniform(0.6, 3.0), "assumption"),
)
EACH = (
    Factor(
        "what",
        "somebody",
        Choice({INTERRUPTS: 46, CALLS_IT: 6, AGREES: 18, "coughs": 10, "claps": 5, "shuts a door": 6, "clatters": 9}),
        "assumption: real interruptions most often, as they are the hard part",
    ),
    Factor("after_s", "so long into the reply, s", Uniform(0.3, 8.0), "assumption"),
    Factor("later_s", "or after what left the reply alone, s", Uniform(2.5, 6.0), "assumption"),
    Factor(
        "ser_db", "its level over the reply's, dB", Uniform(*SER_DB), "a murmur across the room, to a call beside it"
    ),
    Factor("says", "an interruption", Choice(_says), "assumption: none is shorter than three words"),
    Factor("call", "a call", Choice(dict.fromkeys(CALLS, 1)), "the wake word over the reply"),
    Factor("agreement", "a backchannel", Choice(dict.fromkeys(BACKCHANNELS, 1)), "the commonest"),
)
