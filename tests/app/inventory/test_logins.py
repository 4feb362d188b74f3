"""Sign-ins are kept for a time only."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.inventory import logins
from app.inventory.tables import AccountRow, LoginRow
from app.kit.db import Database
from app.ledger.kinds import Kind
from app.ledger.tables import EntryRow
from tests import make


def test_old_sign_ins_go_and_the_last_use_stays(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        system = make.system(session)
        bo = make.account(session, system, last_login=at - timedelta(days=400))
        make.login(session, bo, at=at - timedelta(days=400))
        make.login(session, bo, at=at - timedelta(days=3))
        assert logins.forget(session, before=at - timedelta(days=365), by=make.ADMIN, at=at) == 1
        assert logins.forget(session, before=at - timedelta(days=365), by=make.ADMIN, at=at) == 0
        assert session.scalar(select(func.count()).select_from(LoginRow)) == 1
        assert session.get_one(AccountRow, bo.id).last_login == at - timedelta(days=400)
        kinds = session.scalars(select(EntryRow.kind)).all()
    assert kinds == [Kind.LOGINS_FORGOTTEN]
