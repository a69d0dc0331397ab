"""What survives a broken connection: a reply that was heard breaks off, a question without an answer is asked again.

Law: two functions, as sans-IO as `conversation.py`, which they are a part of. Speech is sent again as the sound it was,
in its own place among what is replayed as text: a transcript is not what the model heard.
"""

from __future__ import annotations

from edge_agent.dialogue.events import ResponseFinished
from edge_agent.session.item_log import ItemLog
from edge_agent.session.outbox import Outbox
from edge_agent.session.provider import Provider
from edge_agent.session.replies import Replies
from edge_agent.session.response_slot import GHOST
from edge_agent.timeline import Timeline

RESENDS = 3  # speech that more connections than this did not survive is given up: it may be the cause


def break_off(replies: Replies, log: ItemLog, reason: str, *, was_ready: bool, fatal: bool) -> ResponseFinished | None:
    """The connection is gone. Returns what became of the reply, if it has ended by that.

    was_ready: the session had been in use. fatal: there will be no other soon; dialogue gives up a turn that waits
    without being told, and so must we: an answer an hour later would be a voice from nowhere.
    """
    reply, turn = replies.disconnected(), replies.turn
    if turn is None or not turn.owed:
        if reply is None or reply.turn == GHOST:
            return None
        return ResponseFinished(reply.turn, "cancelled", reason)
    turn.resends += was_ready
    if turn.heard or turn.resends > RESENDS:
        turn.answered_in_full()
        return ResponseFinished(turn.number, "lost", reason)
    if fatal:
        turn.over()
    elif reply is not None and reply.turn == turn.number:
        for item_id in reply.items:
            log.forget(item_id)  # the words of a reply nobody heard; another will come
    return None


def take_up(provider: Provider, outbox: Outbox, log: ItemLog, replies: Replies, timeline: Timeline) -> None:
    """The new session is configured: tell it what the old one knew, then say again what has not been answered."""
    outbox.ready = True
    turn = replies.turn if replies.turn is not None and (replies.turn.open or replies.turn.owed) else None
    pieces = list(turn.speech.pieces()) if turn is not None else []
    around = turn.item_id if turn is not None and pieces else ""
    awaited = [call_id for call_id, answered in turn.calls.items() if not answered] if turn is not None else []
    before, after = log.renew(around, awaited)
    for item in before:
        outbox.send(provider.item(item))
    if turn is not None:
        turn.item_id = ""
        for piece in pieces:
            outbox.append(turn.number, piece)
        if pieces and turn.committed:
            outbox.commit(turn.number)
    for item in after:
        outbox.send(provider.item(item))
    if before or after or pieces:
        audio_ms = sum(map(len, pieces)) // provider.bytes_per_ms
        timeline.note("resume", turn.number if turn else 0, items=len(before) + len(after), audio_ms=audio_ms)
    timeline.note("ready")
    if turn is not None and turn.owed and turn.answered():
        instructions = None if turn.calls else turn.asked
        turn.calls.clear()
        replies.slot.ask(turn.number, instructions, spare=turn.committed and provider.detects_turns)
