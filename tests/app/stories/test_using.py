"""How many accounts were used when: the set-wise answer is the one that `advice.use` gives of each."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta

from app.kit.db import Database
from app.review import advice
from app.review.advice import Use
from app.stories import using
from tests import make

AGO = (None, 29, 30, 90, 91)


def test_each_account_is_counted_in_the_band_of_its_last_use(database: Database) -> None:
    told: Counter[Use] = Counter()
    with database.transaction() as session:
        system = make.system(session)
        for days in itertools.product(AGO, repeat=3):
            last, since, created = (None if each is None else make.NOW - timedelta(days=each) for each in days)
            make.account(session, system, last_login=last, logins_known_since=since, created=created)
            told[advice.use(last, since, created, make.NOW)] += 1
        make.account(session, system, active=False)
        make.account(session, system, ended=make.NOW)
        make.account(session, make.system(session, name="Another"))
        assert using.bands(session, system.id, by=make.ADMIN, at=make.NOW) == told
    assert all(told[use] for use in Use)


def test_every_band_is_there_where_nobody_is(database: Database) -> None:
    with database.transaction() as session:
        system = make.system(session)
        assert using.bands(session, system.id, by=make.ADMIN, at=make.NOW) == dict.fromkeys(Use, 0)
