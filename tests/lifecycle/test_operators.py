"""The operators' commands, as programs of their own against a running installation."""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import make
from installation import Project, eventually, free_port

PATIENCE_S = 20.0


def environ(project: Project, **more: str) -> dict[str, str]:
    first = project.installation.first
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GUERDON_")}
    given = {
        "GUERDON_URL": project.installation.base_url,
        "GUERDON_MANAGEMENT_ID": first.management_id,
        "GUERDON_MANAGEMENT_TOKEN": first.management_token,
        "GUERDON_PROJECT_ID": project.id,
    }
    return {name: value for name, value in {**inherited, **given, **more}.items() if value}


def guerdon(project: Project, *arguments: str, status: int = 0, **more: str) -> str:
    """What a command prints, on either stream."""
    done = subprocess.run(
        [sys.executable, "-m", "guerdon", *arguments],
        env=environ(project, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == status, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


class Running:
    """A command that runs until it is told to end, and the lines that it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> str:
        return self._lines.get(timeout=PATIENCE_S)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@contextmanager
def running(project: Project, *arguments: str, **more: str) -> Iterator[Running]:
    process = subprocess.Popen(
        [sys.executable, "-m", "guerdon", *arguments],
        env=environ(project, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_deliveries_are_listed_shown_and_sent_again(project: Project) -> None:
    path = project.webhook("customer.created")
    project.receiver.answer(path, 500)
    make.customer(project)
    (waiting,) = eventually(lambda: project.deliveries(status="RETRYING"))
    listed = guerdon(project, "deliveries", "list", "--status", "RETRYING", "--type", "customer.created")
    assert re.search(
        rf"{waiting['id']} .+ RETRYING +1 +customer.created +{re.escape(project.receiver.url(path))}", listed
    )
    assert guerdon(project, "deliveries", "list", "--status", "SENT") == ""
    shown = json.loads(guerdon(project, "deliveries", "show", waiting["id"]))
    assert shown == project.management.get(f"{project.path}/deliveries/{waiting['id']}")
    project.receiver.answer(path, 200)
    assert waiting["id"] in guerdon(project, "deliveries", "retry", waiting["id"])
    eventually(lambda: project.deliveries(status="SENT"))
    assert len(project.receiver.at(path)) == 2


def test_a_range_is_sent_again(project: Project) -> None:
    path = project.webhook("customer.created", "customer.updated")
    make.customer(project)
    project.put("/v1/customers/ann", {"name": "Other"})
    eventually(lambda: len(project.deliveries(status="SENT")) == 2)
    window = ("--after", "2020-01-01", "--before", "2100-01-01")
    options = (*window, "--status", "SENT", "--types", "customer.created")
    action = guerdon(project, "deliveries", "replay", *options).strip()
    assert project.finished(action)["result"]["replayed_count"] == 1
    assert [sent.type for sent in project.receiver.wait(path, 3)][2] == "customer.created"
    assert "created_after" in guerdon(project, "deliveries", "replay", "--after", "x", "--before", "y", status=1)


def test_a_webhook_is_tried_out_and_its_secret_replaced(project: Project) -> None:
    path = f"/{project.id}/tried"
    body = {"target_url": project.receiver.url(path), "events": ["customer.created"]}
    webhook = project.management.post(f"{project.path}/webhooks", body)["id"]
    assert re.fullmatch(r"whs_\w+  200\n", guerdon(project, "webhooks", "test", webhook))
    secret = guerdon(project, "webhooks", "rotate", "--overlap-hours", "0").strip()
    assert project.receiver.at(path)[0].signed_with(project.secret)
    guerdon(project, "webhooks", "test", webhook)
    assert project.receiver.at(path)[1].signed_with(secret)
    project.receiver.answer(path, 503)
    assert guerdon(project, "webhooks", "test", webhook, status=1).endswith("  503\n")


def test_a_refusal_is_said_in_words(project: Project) -> None:
    for command in ("show", "retry"):
        refused = guerdon(project, "deliveries", command, "whs_none/../x", status=1)
        assert refused == "guerdon: Resource not found: Cannot find delivery with id whs_none/../x\n"
    assert (
        guerdon(project, "deliveries", "list", status=1, GUERDON_MANAGEMENT_TOKEN="wrong") == "guerdon: Unauthorized\n"
    )
    assert "no such event" in guerdon(project, "events", "tail", "--types", "x.y", status=1)
    away = guerdon(project, "deliveries", "list", status=1, GUERDON_URL=f"http://127.0.0.1:{free_port()}")
    assert "Cannot connect" in away


@pytest.mark.parametrize("name", ["GUERDON_URL", "GUERDON_MANAGEMENT_ID", "GUERDON_PROJECT_ID"])
def test_what_is_missing_is_named(project: Project, name: str) -> None:
    said = guerdon(project, "deliveries", "list", status=2, **{name: ""})
    option = {"GUERDON_PROJECT_ID": "--project"}.get(
        name, f"--{name.removeprefix('GUERDON_').lower().replace('_', '-')}"
    )
    assert f"guerdon: no access: {option} ({name}) missing" in said


def test_a_bootstrap_file_that_is_none_is_named(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("{")
    said = guerdon(project, "deliveries", "list", status=2, GUERDON_BOOTSTRAP_FILE=str(file))
    assert said.startswith(f"guerdon: no access: {file}: ")


def test_the_bootstrap_file_is_enough(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    first = project.installation.first
    keys = {
        "base_url": project.installation.base_url,
        "management_id": first.management_id,
        "management_token": first.management_token,
        "project_id": project.id,
        "app_id": "x",
    }
    file.write_text(json.dumps(keys))
    nothing = dict.fromkeys(
        ("GUERDON_URL", "GUERDON_MANAGEMENT_ID", "GUERDON_MANAGEMENT_TOKEN", "GUERDON_PROJECT_ID"), ""
    )
    assert guerdon(project, "deliveries", "--keys", str(file), "list", **nothing) == ""
    assert "No such file" in guerdon(project, "deliveries", "--keys", f"{file}x", "list", status=2, **nothing)


def test_events_are_printed_as_they_happen(project: Project) -> None:
    make.customer(project, "before")
    with running(project, "events", "tail", "--from-start", "--types", "customer.created") as tail:
        assert "customer.created" in tail.line()
        ann = make.customer(project, "ann")
        assert ann["id"] in tail.line()
        assert tail.interrupt() == 0


def test_events_are_printed_whole_as_json(project: Project) -> None:
    ann = make.customer(project, "ann", metadata={"10": 1.0})
    with running(project, "events", "tail", "--from-start", "--json") as tail:
        event = json.loads(tail.line())
        assert (event["type"], event["entity_id"]) == ("customer.created", ann["id"])
        assert event["data"]["customer"]["metadata"] == {"10": 1}


def test_listening_forwards_events_signed_and_shows_the_answers(project: Project) -> None:
    """Only those from now on, each once, also those that reach no webhook."""
    make.customer(project, "before")
    project.recorded("customer.created")
    path = f"/{project.id}/own-machine"
    project.receiver.answer(path, lambda sent: 200 if sent.type == "customer.created" else 500)
    with running(project, "listen", "--forward", project.receiver.url(path)) as listen:
        assert project.receiver.url(path) in listen.line()
        ann = make.customer(project, "ann", metadata={"10": 1.0, "9": "é"})
        (sent,) = project.receiver.wait(path)
        assert sent.signed_with(project.secret)
        envelope = sent.json
        assert list(envelope) == ["id", "project_id", "created_at", "type", "data", "source", "event"]
        (event,) = project.management.get(f"{project.path}/events", types="customer.created")["data"][1:]
        assert envelope["event"] == {
            name: event[name] for name in ("id", "type", "created_at", "entity_id", "group_id", "event_source")
        }
        assert (envelope["data"], envelope["project_id"]) == (event["data"], project.id)
        assert envelope["id"].removeprefix("whs_") == envelope["event"]["id"].removeprefix("evcus_")
        assert '"metadata":{"9":"é","10":1}'.encode() in sent.body
        assert re.fullmatch(rf"customer.created +{ann['id']}  200  \d+ ms\n", listen.line())
        project.delete("/v1/customers/ann")
        assert re.fullmatch(rf"customer.deleted +{ann['id']}  500  \d+ ms\n", listen.line())
        assert listen.interrupt() == 0
    assert len(project.receiver.at(path)) == 2
    assert project.deliveries() == []


def test_a_machine_that_does_not_answer_is_told_and_listening_goes_on(project: Project) -> None:
    with running(project, "listen", "--forward", "http://127.0.0.1:1/closed", "--types", "customer.created") as listen:
        listen.line()
        make.customer(project, "a")
        assert "cannot connect" in listen.line()
        make.customer(project, "b")
        assert "cannot connect" in listen.line()
        assert listen.interrupt() == 0


def test_listening_needs_a_url(project: Project) -> None:
    assert "must be an http or https URL" in guerdon(project, "listen", "--forward", "localhost:3000/hook", status=2)
