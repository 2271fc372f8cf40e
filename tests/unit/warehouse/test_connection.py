"""Where BI is sent."""

from pathlib import Path

import pytest

from mangnon import warehouse


def test_bi_is_sent_to_the_published_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bi_reader.password").write_text("p")
    monkeypatch.setenv("MANGNON_HOME", str(tmp_path))
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://mangnon@warehouse:5432/warehouse")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@warehouse:5432/warehouse"
    monkeypatch.setenv("MANGNON_BI_ADDRESS", "10.0.0.5:15432")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@10.0.0.5:15432/warehouse"
    # One that has moved to a server of its own is published by nobody.
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://mangnon:q@db.example.org:5432/warehouse")
    assert warehouse.reader_url() == "postgresql://bi_reader:p@db.example.org:5432/warehouse"
