"""The tables. All of it is derived from ledger and journal: when they change here, the file is rebuilt, not migrated."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Integer, MetaData, String, Table

from edge_inspector.records.latency import STAGE_NAMES
from edge_inspector.records.measures import MEASURE_NAMES

SCHEMA_VERSION = 3  # PRAGMA user_version; a database of another version is dropped and rebuilt

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("boot_id", String),
    Column("incarnation", String),
    Column("station", String),
    Column("recipe", String),
    Column("started_ns", BigInteger),
    Column("at_utc", String),
    Column("recovered_lost", Integer),  # RunRecovered: parts of earlier runs that ended as `lost`
    Column("recovered_damaged", JSON),
    Column("ended_reason", String),  # RunEnded; NULL = still runs, or died
    Column("ended_ns", BigInteger),
    Column("ended_utc", String),
)

parts = Table(
    "parts",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("nonce", BigInteger),
    Column("recipe", String),
    # ArrivalRecord
    Column("trigger_ns", BigInteger),
    Column("verdict_by_ns", BigInteger),
    Column("at_utc", String),
    Column("flagged", String),
    Column("lot", String, index=True),  # empty: none was named
    # OutcomeRecord
    Column("outcome", String, index=True),
    Column("verdict", String, index=True),  # as applied
    Column("decided", String),  # as received by the line worker
    Column("reason", String),
    Column("outcome_ns", BigInteger),
    Column("outcome_utc", String),
    Column("length_mm", Float),  # by the sensor
    Column("verdict_at_ns", BigInteger),
    Column("commit_ns", BigInteger),
    Column("confirm_ns", BigInteger),
    Column("lane", String),  # the ejector that was opened for it; empty: none was
    # the worst VerdictRecord, and where the journal holds it
    Column("journal_verdict", String),
    Column("reasons", JSON),
    Column("arrival_ns", BigInteger),
    Column("decided_ns", BigInteger),
    Column("verdict_utc", String),
    *(Column(name, Float) for name in MEASURE_NAMES),
    Column("journal_segment", BigInteger),
    Column("journal_offset", BigInteger),
    *(Column(name, Float) for name in STAGE_NAMES),
)

findings = Table(
    "findings",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("engine", String),
    Column("defect", String),
    Column("score", Float),
    Column("area_mm2", Float),
    Column("length_mm", Float),
    Column("cameras", JSON),
    Column("x_px", Integer),
    Column("y_px", Integer),
    Column("width_px", Integer),
    Column("height_px", Integer),
    Column("rejects", Boolean),
    Column("width_mm", Float),
    Column("along_mm", Float),  # this and the three below: NULL where views are not put together on a surface
    Column("angle_deg", Float),
    Column("along_extent_mm", Float),
    Column("angle_extent_deg", Float),
)

judgements = Table(
    "judgements",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("camera", String),
    Column("engine", String),
    Column("score", Float),
    Column("not_judged", String),
    Column("region_count", Integer),
    Column("frame_number", BigInteger),
    Column("stamp_ns", BigInteger),
    Column("frame_ns", BigInteger),
    Column("skew_ms", Float),
    Column("chosen_ns", BigInteger),
    Column("view_sent_ns", BigInteger),
    Column("received_ns", BigInteger),
    Column("started_ns", BigInteger),
    Column("ended_ns", BigInteger),
    Column("judged_sent_ns", BigInteger),
    Column("arrived_ns", BigInteger),
)

missing_views = Table(
    "missing_views",
    metadata,
    Column("run", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("camera", String),
    Column("reason", String),
    Column("detail", String),
)

alarms = Table(
    "alarms",
    metadata,
    Column("segment", BigInteger, primary_key=True),  # of the ledger: the run
    Column("offset", BigInteger, primary_key=True),
    Column("code", String, index=True),
    Column("text", String),
    Column("raised", Boolean),
    Column("at_ns", BigInteger),
    Column("at_utc", String),
    Column("who", String),
)

tails = Table(
    "tails",
    metadata,
    Column("folder", String, primary_key=True),  # `ledger` or `journal`
    Column("segment", BigInteger, primary_key=True),
    Column("offset", BigInteger, nullable=False),  # everything before it is in the tables
    Column("is_finished", Boolean, nullable=False),  # a later segment exists and this one was read to its end
    Column("damage", String),  # where and why nothing more can be read from it
)
