import io
import json

from benchmarks.runs.event_log import EventLog
from benchmarks.schema.result import CellResult


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_is_a_line_of_json(make_spec):
    stream = io.StringIO()
    good, bad = make_spec(seed=1), make_spec(seed=2)
    with EventLog(stream, [good, bad]) as log:
        log.step(good, 0, 0)
        log.step(good, 1, 9)
        log.ended(good, "accuracy 90 %", CellResult(spec=good, status="ok", metrics={"accuracy": 0.9}))
        log.step(bad, 0, 0)
        log.again(bad, "crashed")
        log.say("a file was set aside")
        log.ended(bad, "failed: no", CellResult(spec=bad, status="failed", reason="no"))
    events = lines(stream)
    assert [(e["level"], e["event"]) for e in events] == [
        ("info", "run_started"),
        ("info", "cell_started"),
        ("info", "cell_ended"),
        ("info", "cell_started"),
        ("warning", "cell_retried"),
        ("warning", "message"),
        ("error", "cell_ended"),
        ("info", "run_ended"),
    ]
    assert events[0]["cells"] == 2
    assert (events[2]["cell"], events[2]["status"], events[2]["metrics"]) == (good.id, "ok", {"accuracy": 0.9})
    assert events[1]["model"] == "tfidf_logreg"
    assert all("T" in e["time"] for e in events)


def test_a_line_break_in_a_reason_breaks_no_line(make_spec):
    stream = io.StringIO()
    log = EventLog(stream, [make_spec()])
    log.say("first\nsecond")
    assert lines(stream)[0]["message"] == "first\nsecond"
