"""A pass over the accounts that a reading touched says of each what the pass over all says."""

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.detection import detect
from app.detection.judgement import Judgement
from app.detection.limits import Limits
from app.kit.db import Base
from tests.app.detection import planted
from tests.make import NOW


def test_a_narrowed_pass_says_of_its_accounts_what_the_whole_pass_says() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        company = planted.company(session)
        system = company.systems[0].id
        whole = _told(session, system, None)
        accounts = sorted({int(subject.partition(":")[2]) for _, subject in whole if subject.startswith("account:")})
        some = set(accounts[::5])
        narrowed = _told(session, system, some)
    assert len(some) > 20
    mine = {f"account:{number}" for number in some}
    assert {key: why for key, why in narrowed.items() if key[1].startswith("account:")} == {
        key: why for key, why in whole.items() if key[1] in mine
    }
    others = {key for key in narrowed if key[1].partition(":")[0] not in ("account", "credential")}
    assert others == {key for key in whole if key[1].partition(":")[0] not in ("account", "credential", "entitlement")}


def _told(session: Session, system: int, only: set[int] | None) -> dict[tuple[str, str], str]:
    told = detect.judgements(session, system, Limits(), at=NOW, only=only)
    return {(j.rule, j.subject): getattr(j.answer, "because", "") for j in told if isinstance(j, Judgement)}
