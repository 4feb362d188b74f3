"""Steps that several rules ask for, by kind of CRM: what a person clicks there, in order."""

from __future__ import annotations

from collections.abc import Mapping

TAKE_AWAY: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Open Setup, Users, and the account.",
        "Under Permission Set Assignments and Permission Set Group Assignments, delete what it should not hold.",
        "Where the profile itself allows it, choose another profile.",
    ),
    "hubspot": (
        "Open Settings, Users & Teams, and the user.",
        "Under Access, choose a permission set that allows less, or take super admin away.",
    ),
}
DEACTIVATE: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Open Setup, Users, and the account; press Freeze, so that nobody signs in meanwhile.",
        "Look at what would break: records that it owns, flows that run as it, programs that it let in.",
        "Press Edit, clear Active, and save. Or start the removal from this finding.",
    ),
    "hubspot": (
        "Open Settings, Users & Teams, and the user.",
        "Hand its records to somebody else, where it owns any.",
        "Under Actions, deactivate the user. Or start the removal from this finding.",
    ),
}
ENTER: Mapping[str, tuple[str, ...]] = {
    "": (
        "Find out in the house whose it is and what for: the manager of the department, or who made the account.",
        "Enter it where the roster comes from, and hand the roster in again: `rolecall system roster`.",
        "If nobody wants it, start the removal from this finding.",
    ),
}
RENEW: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Make the new key or token where the program's own page has it, and enter it in the program.",
        "Open Setup, Connected Apps OAuth Usage, and the app; see that the new one is used.",
        "Revoke the old one there, or start its removal from this finding.",
    ),
    "hubspot": (
        "Open Settings, and search it for the kind of key that the finding names; rotate it there.",
        "Enter the new one in the program, and see that it works.",
        "Let the old one expire, or revoke it at once.",
    ),
}
REVOKE: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Open Setup, Connected Apps OAuth Usage, and the app.",
        "Under Users, revoke the token of the account that the finding names. Or start the removal from this finding.",
    ),
    "hubspot": (
        "Open Settings, Integrations, Connected Apps, and the app; for a key search Settings for its kind.",
        "Disconnect the app or delete the key; whoever needs it lets it in anew.",
    ),
}
WHO_DID_IT: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Open Setup, View Setup Audit Trail, and look for the day and the account that the finding names.",
        "Ask that person what it was for, by another way than the CRM.",
        "Undo what nobody can explain, and change that account's password.",
    ),
    "hubspot": (
        "Open Settings, Account Management, Audit Logs, and look for the day and the user that the finding names.",
        "Ask that person what it was for, by another way than the CRM.",
        "Undo what nobody can explain, and sign that user out of every session.",
    ),
}
READ_AGAIN: Mapping[str, tuple[str, ...]] = {
    "": (
        "Run `rolecall doctor`: it says of each right and each stream what is missing and how to give it.",
        "Give the reading account what is named there, in the CRM.",
        "Run `rolecall sync` for the system; the finding closes with a reading that is complete.",
    ),
}
LET_IN_ANEW: Mapping[str, tuple[str, ...]] = {
    "salesforce": (
        "Make an account of its own for the program, with the API alone and a permission set of what it needs.",
        "Let the program in by that account.",
        "Open Setup, Connected Apps OAuth Usage, the app, and revoke the tokens that it had before.",
    ),
    "hubspot": (
        "Open Settings, Integrations, Connected Apps, and the app; note which scopes it has and which it needs.",
        "Disconnect it, and connect it anew by an account that has no more than those.",
    ),
}
