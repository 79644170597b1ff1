"""Withholding what was published: every kept version says it no longer, and nothing on the disk does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qingliu.core.errors import Damaged
from qingliu.lake import mask, redact
from qingliu.lake.iceberg import opened
from qingliu.lake.residence import Hit, register, search
from qingliu.lake.verify import verified
from tests.lake_write.world import Row, World, dataset, reading

SECRET = "臺東縣綠島鄉某營區九號"
OPEN = "臺東縣綠島鄉"
RECORD = dataset(partition="month")
KEYLESS = dataset(key=(), order=("time", "siteid"), mode="snapshot")


def places(world: World, record: object = RECORD, *, hours: int = 3) -> None:
    """Deliveries in two months; one station's county is what must not be shown, and changes hands over time."""
    for hour in range(hours):
        rows: list[Row] = [
            reading(1, f"2026-01-01 {hour:02d}:00", float(hour)),
            reading(2, f"2026-02-01 {hour:02d}:00", float(hour), county=SECRET),
        ]
        if getattr(record, "mode", "") == "snapshot":
            rows += [reading(3, "2026-01-01 00:00", 9.0, county=SECRET)]
        world.deliver(record, rows)  # type: ignore[arg-type]


def withhold(world: World, text: str = SECRET) -> Callable[[Path, Path], Path | None]:
    """The masking of the test: cells that hold ``text`` keep only what is open of it."""

    def masking(file: Path, scratch: Path) -> Path | None:
        with mask.opened([file], scratch, memory_limit="200MB", threads=1) as sheet:
            sheet.hit("county", [text])
            with mask.Changes(scratch / "changes.parquet") as changes:
                for batch in sheet.rows(("county",)):
                    for row, _ in batch:
                        changes.add(row, "county", OPEN)
        return changes.path if changes.count else None

    return masking


def apply(world: World, record: object = RECORD) -> redact.Redacted:
    done = redact.redact(
        world.lake, record, world.versions, tombstone="rule-7 2026-11-23", masking=withhold(world)  # type: ignore[arg-type]
    )  # fmt: skip
    if done.versions:
        world.versions[:] = done.versions
    return done


def holds(world: World, text: str) -> list[Hit]:
    """Where a text rests, the test's own deliveries aside."""
    places = register(world.paths, django_db=world.paths.home / "none")
    return search(places, [text], leave=world.paths.staging.glob("run*"))


def test_every_kept_version_shows_what_is_open_and_all_else_stays(world: World) -> None:
    places(world)
    before = [world.rows(v, 'siteid, time, county, "pm2.5", _since', "ORDER BY ALL") for v in world.versions]
    done = apply(world)
    assert done.files >= 3
    after = [world.rows(v, 'siteid, time, county, "pm2.5", _since', "ORDER BY ALL") for v in world.versions]
    assert after == [[(s, t, OPEN if c == SECRET else c, p, n) for s, t, c, p, n in rows] for rows in before]
    assert [r for r in world.rows(world.versions[-1], "_flags", "WHERE siteid = 2") if r != (";county=masked;",)] == []
    assert [r for r in world.rows(world.versions[-1], "_flags", "WHERE siteid = 1") if r != (None,)] == []


def test_versions_keep_their_numbers_and_change_their_identity_and_say_why(world: World) -> None:
    places(world)
    old = list(world.versions)
    apply(world)
    assert [v.number for v in world.versions] == [v.number for v in old]
    assert all(a.content_hash != b.content_hash for a, b in zip(old, world.versions, strict=True))
    assert all(dict(v.extra)[redact.TOMBSTONE] == "rule-7 2026-11-23" for v in world.versions)
    assert [v.rows for v in world.versions] == [v.rows for v in old]


def test_nothing_on_the_disk_holds_it_once_the_old_edition_is_destroyed(world: World) -> None:
    places(world)
    assert holds(world, SECRET)
    apply(world)
    assert redact.destroy(world.lake, RECORD.code, world.versions) == ()
    assert holds(world, SECRET) == []
    assert redact.pending(world.paths) == []


def test_iceberg_answers_every_replayed_version(world: World) -> None:
    places(world)
    apply(world)
    redact.destroy(world.lake, RECORD.code, world.versions)
    with opened(world.lake.storage) as tables:
        table = tables.load(RECORD.code)
        assert table is not None
        assert {s.snapshot_id for s in table.snapshots()} == {v.snapshot_id for v in world.versions}
        for version in world.versions:
            rows = table.scan(snapshot_id=version.snapshot_id).to_arrow().to_pylist()
            assert len(rows) == version.rows
            assert {r["county"] for r in rows} == {"臺北市", OPEN}
        assert tables.number(RECORD.code) == 3


def test_the_next_delivery_goes_on_from_the_new_edition(world: World) -> None:
    places(world)
    apply(world)
    redact.destroy(world.lake, RECORD.code, world.versions)
    done = world.deliver(RECORD, [reading(1, "2026-01-01 00:00", 7.5)])
    assert done.updated == 1
    assert verified(world.paths, world.versions) == ()


def test_a_column_of_the_order_is_sorted_anew(world: World) -> None:
    places(world, KEYLESS)
    apply(world, KEYLESS)
    for version in world.versions:
        rows = world.rows(version, "time, siteid, county")
        assert rows == sorted(rows)
    assert redact.destroy(world.lake, KEYLESS.code, world.versions) == ()
    assert holds(world, SECRET) == []
    places(world, KEYLESS, hours=1)


def test_versions_of_an_earlier_shape_are_masked_too(world: World) -> None:
    places(world, hours=1)
    columns = (
        ("siteid", "integer"),
        ("time", "datetime"),
        ("note", "string"),
        ("county", "string"),
        ("pm2.5", "number"),
    )
    wider = dataset(partition="month", columns=columns)
    world.deliver(wider, [reading(1, "2026-01-05 00:00", 1.0)])
    before = [world.rows(v, "siteid, county, _since", "ORDER BY ALL") for v in world.versions]
    apply(world, wider)
    assert redact.destroy(world.lake, wider.code, world.versions) == ()
    assert holds(world, SECRET) == []
    after = [world.rows(v, "siteid, county, _since", "ORDER BY ALL") for v in world.versions]
    assert after == [[(s, OPEN if c == SECRET else c, n) for s, c, n in rows] for rows in before]
    with opened(world.lake.storage) as tables:
        table = tables.load(wider.code)
        assert table is not None
        rows = table.scan().to_arrow().to_pylist()
    assert {(r["siteid"], r["county"]) for r in rows} == {(s, c) for s, c, _ in after[-1]}
    world.deliver(wider, [{**reading(1, "2026-01-06 00:00", 1.0), "note": "x"}])


def test_a_version_without_data_loses_the_texts_of_its_statistics(world: World) -> None:
    record = dataset(key=("county", "time"), order=("county", "time"))
    places(world, record)
    world.versions[0] = replace(world.versions[0], kept=False, nearest_kept=2)
    apply(world, record)
    redact.destroy(world.lake, record.code, world.versions)
    assert holds(world, SECRET) == []
    assert [v.kept for v in world.versions] == [False, True, True]


def test_nothing_to_withhold_changes_nothing(world: World) -> None:
    world.deliver(RECORD, [reading(1, "2026-01-01 00:00", 1.0)])
    old = list(world.versions)
    assert redact.redact(
        world.lake, RECORD, world.versions, tombstone="rule-7", masking=withhold(world)
    ) == redact.Redacted((), 0, 0)  # fmt: skip
    assert world.versions == old
    assert redact.pending(world.paths) == []
    assert verified(world.paths, world.versions) == ()


def test_a_damaged_file_is_told_and_nothing_is_switched(world: World) -> None:
    places(world)
    victim = world.paths.resolve(world.versions[-1].files[-1].path)
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-9] + b"x" + whole[-8:])
    with pytest.raises(Damaged):
        apply(world)
    victim.write_bytes(whole)
    assert verified(world.paths, world.versions) == ()
    assert redact.pending(world.paths) == []


@pytest.mark.parametrize("step", ["_version", "_switched", "manifest"])
def test_a_crash_leaves_the_old_edition_or_is_finished(
    step: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    places(world)
    old = list(world.versions)

    class Killed(BaseException):
        pass

    calls = []

    def stop(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if step == "manifest" and len(calls) == 1:
            return real(*args, **kwargs)  # type: ignore[operator]
        raise Killed

    target, name = (redact.manifest, "write") if step == "manifest" else (redact, step)
    real = getattr(target, name)
    with monkeypatch.context() as during:
        during.setattr(target, name, stop)
        during.setattr(redact, "_drop", lambda *a: None)  # a killed process tidies nothing
        with pytest.raises(Killed):
            apply(world)
    assert verified(world.paths, old) == ()  # what is served is whole still
    assert redact.pending(world.paths) == [RECORD.code]
    done = redact.resume(world.lake, RECORD)
    if step == "_version":
        assert done is None
        assert redact.pending(world.paths) == []
        done = apply(world)
    assert done is not None
    assert redact.destroy(world.lake, RECORD.code, done.versions) == ()
    assert holds(world, SECRET) == []
