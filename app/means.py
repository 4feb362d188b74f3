"""What the doors and the workers act with: a database, keys, settings and a clock, chosen once at the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.compliance.facts import Limits as PromiseLimits
from app.detection.rule import Limits as RuleLimits
from app.detection.terms import Terms
from app.kit import clock
from app.kit.db import Database
from app.kit.secrets import Keys
from app.notices import timing
from app.notices.audiences import Hours
from app.notices.reminders import Limits as ReminderLimits
from app.remediation.brakes import Brakes, Common
from app.remediation.hours import Hours as OpenHours
from app.remediation.policy import Caps
from app.review.trust import Limits as ReviewLimits
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Means:
    """Passed whole to the edges; they hand its parts inwards as plain arguments."""

    database: Database
    keys: Keys
    settings: Settings
    clock: Callable[[], datetime] = clock.now


def settings_shown(settings: Settings) -> dict[str, str]:
    """The settings that judgements rest on, as text, for the cover of evidence. No address and no secret is among them."""
    hidden = {
        "home", "database_url", "key", "key_file", "former_keys", "host", "port", "base_url", "log_level", "oidc_issuer",
        "oidc_client_id", "oidc_client_secret", "trusted_proxies",
    }  # fmt: skip
    return {name: str(getattr(settings, name)) for name in Settings.model_fields if name not in hidden}


def sign_ins_kept(settings: Settings) -> timedelta:
    """For how long sign-ins are kept here."""
    return timedelta(days=settings.login_retention_days)


def rule_limits(settings: Settings) -> RuleLimits:
    """The numbers that rules judge by, from the settings."""
    return RuleLimits(
        inactive_days=settings.inactive_days,
        inactive_days_privileged=settings.inactive_days_privileged,
        never_used_days=settings.never_used_days,
        dormant_credential_days=settings.dormant_credential_days,
        leaver_grace_hours=settings.leaver_grace_hours,
        roster_max_age_days=settings.roster_max_age_days,
    )


def finding_terms(settings: Settings) -> Terms:
    """How long findings may stay, from the settings."""
    return Terms(
        sla_days=settings.finding_sla_days,
        baseline_days=settings.baseline_sla_days,
        waiver_most_days=settings.waiver_most_days,
        escalate_hours=settings.finding_escalate_hours,
        security_owner=settings.security_owner,
    )


def review_limits(settings: Settings) -> ReviewLimits:
    """What readings must be like for a review to rest on them, from the settings."""
    return ReviewLimits(
        reading_max_age=timedelta(hours=settings.snapshot_max_age_hours),
        roster_max_age=timedelta(days=settings.roster_max_age_days),
        roster_max_shrink_percent=settings.roster_max_shrink_percent,
        most_answers=settings.campaign_most_answers,
        security_owner=settings.security_owner,
        control_owner=settings.control_owner,
        owned=settings.control_owner_required,
    )


def promise_limits(settings: Settings) -> PromiseLimits:
    """How often, how fresh and how long the organisation asks for, from the settings."""
    return PromiseLimits(
        review_every=timedelta(days=settings.review_every_days),
        judged_within=timedelta(hours=settings.judged_within_hours),
        alerts_tested_within=timedelta(days=settings.channel_test_days),
        training_good_for=timedelta(days=settings.training_days),
        screening_good_for=timedelta(days=settings.screening_days),
        register_good_for=timedelta(days=settings.register_max_age_days),
    )


def reminder_limits(settings: Settings) -> ReminderLimits:
    """When people are reminded, from the settings."""
    return ReminderLimits(
        remind_days=settings.remind_days,
        escalate_days=settings.escalate_days,
        removal_sla_days=settings.removal_sla_days,
        roster_max_age_days=settings.roster_max_age_days,
    )


def quiet_hours(settings: Settings) -> Hours:
    """When people are not spoken to unless they chose otherwise, from the settings."""
    begins, ends = timing.minutes(settings.quiet_from), timing.minutes(settings.quiet_until)
    return Hours(timing.Quiet(settings.time_zone, begins, ends), settings.digest_hour)


def removal_brakes(settings: Settings) -> Brakes:
    """What holds removals in a system that has nothing of its own, from the settings."""
    return Brakes(
        Caps(settings.max_removals_per_run, settings.max_removals_percent, settings.max_removals_percent_from),
        settings.release_above,
        OpenHours(settings.removal_hours, settings.time_zone, settings.removal_left_out),
    )


def stopped_outside(settings: Settings) -> bool:
    """Whether an operator stopped removals by the setting or by the file, which need no database."""
    return settings.stop_removals or (settings.home / "STOP").exists()


def removals_common(settings: Settings) -> Common:
    """What the settings say of removals in every system, and whether an operator stopped them."""
    return Common(removal_brakes(settings), stopped_outside(settings))
