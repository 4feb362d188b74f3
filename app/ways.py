"""Ways out that each door has, and calls otherwise.

A refusal that leads to one names it (`Refusal.way`); the API, the command line and the console each have words for all of
them, and say their own. What is kept and read at every door, such as what a system's removals wait for, names none: its
words are written once, for all of them.
"""

from __future__ import annotations

from enum import StrEnum


class Way(StrEnum):
    """What to do about it, by name."""

    # opening a review
    NAME_FALLBACK = "name_fallback"
    NAME_APPROVER = "name_approver"
    NAME_CONTROL_OWNER = "name_control_owner"
    ASK_APPROVER = "ask_approver"
    ASK_CONTROL_OWNER = "ask_control_owner"
    ASK_STANDING_WORD = "ask_standing_word"
    SAY_WHY_SO_MANY = "say_why_so_many"
    MAKE_SCHEDULE = "make_schedule"
    # during one
    BEGIN_ROUND = "begin_round"
    DECIDE_DRIFT = "decide_drift"
    SAY_WHAT_SILENCE_MEANS = "say_what_silence_means"
    LET_SILENCE_REMOVE = "let_silence_remove"
    # looking at what there is
    ACTORS = "actors"
    CHANNELS = "channels"
    CONTROLS = "controls"
    LIMITS = "limits"
    MESSAGES = "messages"
    REMOVALS = "removals"
    REVIEWS = "reviews"
    SYSTEMS = "systems"
    # having one read
    READ_AGAIN = "read_again"
    # being told, and having something taken away
    BE_ONESELF = "be_oneself"
    TELL_REVIEWERS = "tell_reviewers"
